//! `wardgate usage`: what was used, by team, key, model, provider or day; by attempt; by request.

mod export;

use super::{arguments, open, read};
use crate::client::{Encoded, Query};
use crate::connection::Scope;
use crate::failure::Failure;
use crate::output::{self, Column, Format};
use crate::resource::{ACCESS_KEY, Filter, Takes};
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const SINCE: &str = "From then on: a time ago (24h, 7d) or an instant";
const UNTIL: &str = "Until then, as --since [default: now]";

const FILTERS: [Filter; 3] = [
    Filter::new("since", "startTime", Takes::Past, SINCE),
    Filter::new("until", "endTime", Takes::Past, UNTIL),
    Filter::new("access-key", "accessKeyId", Takes::Ref(&ACCESS_KEY), "Of this access key, by name or id"),
];

const COLUMNS: [Column; 9] = [
    Column::new("TIME", "eventTime"),
    Column::new("REQUEST", "requestId"),
    Column::new("KEY", "accessKeyId"),
    Column::new("PROVIDER", "provider"),
    Column::new("MODEL", "model"),
    Column::new("STATUS", "statusCode"),
    Column::new("IN", "inputTokens"),
    Column::new("OUT", "outputTokens"),
    Column::new("USD", "totalCost"),
];

/// What `--by` takes, and what the API calls that: the group and the interval.
const BY: [(&str, &str, &str); 7] = [
    ("provider", "provider", "all"),
    ("model", "model", "all"),
    ("team", "team", "all"),
    ("key", "accessKey", "all"),
    ("day", "none", "day"),
    ("hour", "none", "hour"),
    ("total", "none", "all"),
];

const SUMS: [Column; 9] = [
    Column::new("GROUP", "group"),
    Column::new("REQUESTS", "requests"),
    Column::new("ERRORS", "errors"),
    Column::new("ATTEMPTS", "attempts"),
    Column::new("IN", "inputTokens"),
    Column::new("CACHED", "cacheReadTokens"),
    Column::new("OUT", "outputTokens"),
    Column::new("USD", "cost"),
    Column::new("UNPRICED", "costUnknown"),
];

/// What is exported of an event: all that the books need, in an order that stays.
const EXPORTED: [Column; 30] = [
    Column::new("", "id"),
    Column::new("", "eventTime"),
    Column::new("", "requestId"),
    Column::new("", "attemptNumber"),
    Column::new("", "isFinalAttempt"),
    Column::new("", "teamId"),
    Column::new("", "accessKeyId"),
    Column::new("", "provider"),
    Column::new("", "model"),
    Column::new("", "virtualModel"),
    Column::new("", "keySource"),
    Column::new("", "providerKeyId"),
    Column::new("", "statusCode"),
    Column::new("", "completion"),
    Column::new("", "isError"),
    Column::new("", "isStreaming"),
    Column::new("", "stopReason"),
    Column::new("", "inputTokens"),
    Column::new("", "cacheReadTokens"),
    Column::new("", "cacheWriteTokens"),
    Column::new("", "cacheWrite5mTokens"),
    Column::new("", "cacheWrite1hTokens"),
    Column::new("", "outputTokens"),
    Column::new("", "reasoningTokens"),
    Column::new("", "inputTokensEstimate"),
    Column::new("", "outputTokensEstimate"),
    Column::new("", "totalCost"),
    Column::new("", "costUnknown"),
    Column::new("", "durationMs"),
    Column::new("", "timeToFirstTokenMs"),
];

const BUCKETS: [Column; 7] = [
    Column::new("DAY", "bucketStart"),
    Column::new("GROUP", "groupKey"),
    Column::new("REQUESTS", "requests"),
    Column::new("ERRORS", "errors"),
    Column::new("IN", "inputTokens"),
    Column::new("OUT", "outputTokens"),
    Column::new("USD", "cost"),
];

const ATTEMPTS: [Column; 7] = [
    Column::new("ATTEMPT", "event.attemptNumber"),
    Column::new("PROVIDER", "event.provider"),
    Column::new("MODEL", "event.model"),
    Column::new("STATUS", "event.statusCode"),
    Column::new("COMPLETION", "completion"),
    Column::new("SERVED", "served"),
    Column::new("MS", "requestDurationMs"),
];

pub(super) fn command() -> Command {
    let list = Command::new("list")
        .about("List requests, newest first")
        .after_help(
            "Examples:\n  wardgate usage list --since 1h\n  wardgate usage list --access-key ci --include-retries --output json",
        )
        .arg(include_retries());
    let export = Command::new("export")
        .about("Every event of a time, newest first: lines of JSON, or CSV with --output csv")
        .after_help(
            "Examples:\n  wardgate usage export --since 2026-11-01 --until 2026-12-01 --output csv --file november.csv\n  \
             wardgate usage export --since 7d --include-retries > week.jsonl",
        )
        .arg(include_retries())
        .arg(
            Arg::new("file")
                .long("file")
                .value_name("PATH")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Where to write it [default: standard output]"),
        );
    let overview = Command::new("overview")
        .about("Requests, errors and cost by day")
        .after_help(
            "Examples:\n  wardgate usage overview --since 30d\n  wardgate usage overview --since 7d --group-by access-key",
        )
        .arg(
            Arg::new("group-by")
                .long("group-by")
                .value_parser(["provider", "access-key", "team", "model"])
                .default_value("provider")
                .help("What a line is about"),
        );
    let request = Command::new("request")
        .about("The attempts of one request")
        .after_help("Examples:\n  wardgate usage request rq_…    the id is in the answer's header x-wardgate-request-id")
        .arg(Arg::new("request").value_name("REQUEST").required(true).help("The request's id"));
    let command = Command::new("usage")
        .about("What was used and what it cost")
        .after_help(
            "Examples:\n  wardgate usage --since 7d\n  wardgate usage --since 30d --by team\n  \
             wardgate usage --since 2026-11-01 --until 2026-12-01 --by day --output csv",
        )
        .args_conflicts_with_subcommands(true)
        .arg(
            Arg::new("by")
                .long("by")
                .value_parser(BY.map(|(word, ..)| word))
                .default_value("provider")
                .help("What a line is about"),
        );
    filters(command, 2)
        .subcommand(arguments::listing(filters(list, FILTERS.len())))
        .subcommand(filters(overview, 2))
        .subcommand(request)
        .subcommand(filters(export, FILTERS.len()))
}

fn include_retries() -> Arg {
    Arg::new("include-retries")
        .long("include-retries")
        .action(ArgAction::SetTrue)
        .help("Every attempt, and not only each request's last one")
}

fn filters(command: Command, count: usize) -> Command {
    FILTERS.iter().take(count).fold(command, |command, filter| {
        let arg = Arg::new(filter.flag).long(filter.flag).help(filter.help);
        let arg = match filter.takes {
            Takes::Past => arg.value_name("TIME"),
            _ => arg.value_name("NAME"),
        };
        command.arg(if filter.flag == "since" { arg.default_value("24h") } else { arg })
    })
}

pub(super) async fn run(matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    let Some((verb, matches)) = matches.subcommand() else {
        let mut session = open(matches, surroundings, Scope::Account)?;
        return sums(matches, &mut session).await;
    };
    let mut session = open(matches, surroundings, Scope::Account)?;
    match verb {
        "overview" => overview(matches, &mut session).await,
        "request" => request(matches, &mut session).await,
        "export" => {
            let query = events(matches, &session).await?;
            export::run(query, matches, &mut session).await
        }
        _ => list(matches, &mut session).await,
    }
}

/// A line for each group, and one for all of them.
async fn sums(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let by = matches.get_one::<String>("by").map_or("provider", String::as_str);
    let (_, group_by, interval) = BY.into_iter().find(|(word, ..)| *word == by).unwrap_or(BY[0]);
    let query = read::query(&FILTERS[..2], matches, session).await?.with("groupBy", group_by).with("interval", interval);
    let mut answer = session.client.get(&format!("/usage/overview?{query}")).await?.body;
    if matches!(session.format, Format::Json | Format::Yaml) {
        let text = output::document(session.format, &answer);
        session.surroundings.print(&text);
        return Ok(());
    }
    let mut lines = match answer.get_mut("buckets").map(Value::take) {
        Some(Value::Array(buckets)) => buckets,
        _ => Vec::new(),
    };
    let names = names(by, &session.client).await;
    for line in &mut lines {
        let group = match by {
            "day" => read::text(line, "bucketStart").get(..10).unwrap_or_default().to_owned(),
            "hour" => read::text(line, "bucketStart").to_owned(),
            "total" => "total".to_owned(),
            _ => {
                let key = read::text(line, "groupKey");
                names.get(key).cloned().unwrap_or_else(|| key.to_owned())
            }
        };
        line["group"] = group.into();
    }
    let unpriced = answer.pointer("/totals/costUnknown").and_then(Value::as_u64).unwrap_or_default();
    // In a spreadsheet a line of sums among the others would be counted with them.
    if session.format == Format::Table
        && by != "total"
        && let Some(mut totals) = answer.get_mut("totals").map(Value::take)
    {
        totals["group"] = "total".into();
        lines.push(totals);
    }
    session.show_all(lines, &SUMS);
    if unpriced > 0 {
        session.surroundings.note(&format!("{unpriced} attempts have no known price and are in no sum of money"));
    }
    Ok(())
}

/// The names of keys and teams, by id. Usage outlives them, so one that is not found keeps its id.
async fn names(by: &str, client: &crate::client::Client) -> BTreeMap<String, String> {
    let (path, envelope) = match by {
        "team" => ("/teams", "teams"),
        "key" => ("/access-keys", "aiGatewayAccessKeys"),
        _ => return BTreeMap::new(),
    };
    let Ok(listed) = client.list(path, envelope, &Query::default(), Some(NAMES_MAX)).await else { return BTreeMap::new() };
    let named = |item: &Value| {
        let (id, name) = (read::text(item, "id"), read::text(item, "name"));
        (!name.is_empty()).then(|| (id.to_owned(), name.to_owned()))
    };
    listed.items.iter().filter_map(named).collect()
}

/// Writes names in place of ids.
fn name_each(items: &mut [Value], field: &str, names: &BTreeMap<String, String>) {
    for item in items {
        if let Some(name) = names.get(read::text(item, field)) {
            item[field] = name.as_str().into();
        }
    }
}

/// How many keys or teams are asked for their names.
const NAMES_MAX: usize = 1_000;

/// Which events are wanted.
async fn events(matches: &ArgMatches, session: &Session) -> Result<Query, Failure> {
    let query = read::query(&FILTERS, matches, session).await?;
    Ok(if matches.get_flag("include-retries") { query.with("includeRetries", "true") } else { query })
}

async fn list(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let query = events(matches, session).await?;
    let mut listed = session.client.list("/usage", "aiGatewayUsage", &query, arguments::items_max(matches)).await?;
    let count = listed.items.len();
    if session.format == Format::Table && count > 0 {
        name_each(&mut listed.items, "accessKeyId", &names("key", &session.client).await);
    }
    session.show_all(listed.items, &COLUMNS);
    if listed.has_more {
        session.surroundings.note(&format!("the newest {count} are shown; --all shows all"));
    }
    Ok(())
}

async fn overview(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let group = match matches.get_one::<String>("group-by").map(String::as_str) {
        Some("access-key") => "accessKey",
        Some(group) => group,
        None => "provider",
    };
    let query: Query = read::query(&FILTERS[..2], matches, session).await?.with("groupBy", group);
    let answer = session.client.get(&format!("/usage/overview?{query}")).await?.body;
    if matches!(session.format, Format::Json | Format::Yaml) {
        let text = output::document(session.format, &answer);
        session.surroundings.print(&text);
        return Ok(());
    }
    let mut buckets = answer.get("buckets").and_then(Value::as_array).cloned().unwrap_or_default();
    let by = if group == "accessKey" { "key" } else { group };
    if session.format == Format::Table && !buckets.is_empty() {
        name_each(&mut buckets, "groupKey", &names(by, &session.client).await);
    }
    if let Some(mut totals) = answer.get("totals").cloned() {
        totals["bucketStart"] = "total".into();
        buckets.push(totals);
    }
    session.show_all(buckets, &BUCKETS);
    Ok(())
}

async fn request(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let id = matches.get_one::<String>("request").map(String::as_str).unwrap_or_default();
    let answer = session.client.get(&format!("/usage/requests/{}", Encoded(id))).await?.body;
    if matches!(session.format, Format::Json | Format::Yaml) {
        let text = output::document(session.format, &answer);
        session.surroundings.print(&text);
        return Ok(());
    }
    let attempts = answer.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
    session.show_all(attempts, &ATTEMPTS);
    Ok(())
}
