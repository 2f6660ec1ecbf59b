//! `wardgate usage`: what was used, by attempt, by day, by request.

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

const SINCE: &str = "From then on: a time ago (24h, 7d) or an instant";
const UNTIL: &str = "Until then, as --since [default: now]";

const FILTERS: [Filter; 3] = [
    Filter::new("since", "startTime", Takes::Past, SINCE),
    Filter::new("until", "endTime", Takes::Past, UNTIL),
    Filter::new("access-key", "accessKeyId", Takes::Ref(&ACCESS_KEY), "Of this access key, by name or id"),
];

const COLUMNS: [Column; 8] = [
    Column::new("TIME", "eventTime"),
    Column::new("REQUEST", "requestId"),
    Column::new("PROVIDER", "provider"),
    Column::new("MODEL", "model"),
    Column::new("STATUS", "statusCode"),
    Column::new("IN", "inputTokens"),
    Column::new("OUT", "outputTokens"),
    Column::new("USD", "totalCost"),
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
        .arg(
            Arg::new("include-retries")
                .long("include-retries")
                .action(ArgAction::SetTrue)
                .help("Every attempt, and not only each request's last one"),
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
    Command::new("usage")
        .about("What was used and what it cost")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(arguments::listing(filters(list, FILTERS.len())))
        .subcommand(filters(overview, 2))
        .subcommand(request)
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
    let Some((verb, matches)) = matches.subcommand() else { return Err(Failure::usage("say what to show")) };
    let mut session = open(matches, surroundings, Scope::Account)?;
    match verb {
        "overview" => overview(matches, &mut session).await,
        "request" => request(matches, &mut session).await,
        _ => list(matches, &mut session).await,
    }
}

async fn list(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let mut query = read::query(&FILTERS, matches, session).await?;
    if matches.get_flag("include-retries") {
        query = query.with("includeRetries", "true");
    }
    let listed = session.client.list("/usage", "aiGatewayUsage", &query, arguments::items_max(matches)).await?;
    let count = listed.items.len();
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
    if session.format != Format::Table {
        let text = output::document(session.format, &answer);
        session.surroundings.print(&text);
        return Ok(());
    }
    let mut buckets = answer.get("buckets").and_then(Value::as_array).cloned().unwrap_or_default();
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
    if session.format != Format::Table {
        let text = output::document(session.format, &answer);
        session.surroundings.print(&text);
        return Ok(());
    }
    let attempts = answer.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
    session.show_all(attempts, &ATTEMPTS);
    Ok(())
}
