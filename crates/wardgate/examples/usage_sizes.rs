//! What an overview of a large ledger costs: a store is filled with events of one account, and then asked.
//!
//! The events of the first day are stored as any others are, one for each key, model and hour; the others are copies, which the
//! example `copy_usage` of the store makes. That none is missing is seen by counting: the sums have as many events as were made.
//! `cargo xtask usage-sizes` runs this and shows the figures. It prints one JSON object.

use anyhow::{Context, ensure};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, RequestId, TeamId, UsageEventId};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::ProviderName;
use wardgate_core::random::Counting;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};
use wardgate_store::usage::{GroupBy, Interval, OverviewQuery};
use wardgate_store::{Store, Tenant};
use wardgate_store_sql::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use wardgate_testkit::{Database, Postgres};

/// As many as the gateway stores at once.
const BATCH: u64 = 1_024;

/// How many access keys a team has, about.
const KEYS_PER_TEAM: u64 = 100;

/// How often each question is asked; the slowest answer counts.
const ASKED: u32 = 5;

/// When the first event ended.
const BEGIN: Timestamp = Timestamp::from_unix_millis(1_795_046_400_000);

const HOUR: Duration = Duration::from_secs(3_600);

const DAY: Duration = Duration::from_secs(86_400);

/// What a database may be.
const PLACES: &str = "the database is written as sqlite:/path, or postgres";

struct Shape {
    events: u64,
    keys: u64,
    models: u64,
    days: u64,
}

impl Shape {
    /// Events of the first day, once.
    const fn first(&self) -> u64 {
        self.keys * self.models * 24
    }

    /// How often each of them is there on each day.
    const fn times(&self) -> u64 {
        let times = self.events / (self.first() * self.days);
        if times == 0 { 1 } else { times }
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: usage_sizes DATABASE COPY-USAGE-PROGRAM EVENTS KEYS MODELS DAYS";
    let (database, copying) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let mut number = || -> anyhow::Result<u64> { Ok(arguments.next().context(usage)?.parse()?) };
    let shape = Shape { events: number()?, keys: number()?, models: number()?, days: number()? };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&database, &copying, &shape))
}

async fn run(database: &str, copying: &str, shape: &Shape) -> anyhow::Result<()> {
    let (store, url, server) = open(database).await?;
    for week in 0..=u32::try_from(shape.days / 7)? {
        store.make_room_for_usage(BEGIN.plus(7 * week * DAY)).await?;
    }
    let random = Counting::default();
    let account_id = AccountId::new(BEGIN, &random);
    let teams: Vec<_> = (0..=shape.keys / KEYS_PER_TEAM).map(|_| TeamId::new(BEGIN, &random)).collect();
    let keys: Vec<_> =
        teams.iter().cycle().take(usize::try_from(shape.keys)?).map(|team| (AccessKeyId::new(BEGIN, &random), *team)).collect();
    let filled = Instant::now();
    let mut some_request = None;
    for first in (0..shape.first()).step_by(BATCH as usize) {
        let numbers = first..(first + BATCH).min(shape.first());
        let batch: Vec<_> = numbers.map(|number| event(number, shape, account_id, &keys, &random)).collect::<Result<_, _>>()?;
        store.append_usage(&batch).await?;
        some_request = some_request.or_else(|| batch.first().map(|event| event.request_id));
    }
    let appended_seconds = filled.elapsed().as_secs_f64();
    let copied = Command::new(copying).args([&url, &shape.days.to_string(), &shape.times().to_string()]).status().await;
    ensure!(copied.context("the program that copies events does not run")?.success(), "the events could not be copied");
    let fill_seconds = filled.elapsed().as_secs_f64();
    let events = shape.first() * shape.days * shape.times();
    let first = Instant::now();
    let batch: Vec<_> = (0..BATCH).map(|number| event(number, shape, account_id, &keys, &random)).collect::<Result<_, _>>()?;
    store.append_usage(&batch).await?;
    let batch_ms = first.elapsed().as_secs_f64() * 1_000.0;
    let tenant = store.tenant(account_id);
    let mut overview_ms = serde_json::Map::new();
    for (name, group_by) in [
        ("provider", GroupBy::Provider),
        ("model", GroupBy::Model),
        ("team", GroupBy::Team),
        ("access key", GroupBy::AccessKey),
        ("nothing", GroupBy::Nothing),
    ] {
        for (interval_name, interval) in [("day", Interval::Day), ("all", Interval::Whole)] {
            let slowest = slowest(&*tenant, shape, group_by, interval).await?;
            overview_ms.insert(format!("by {name} and {interval_name}"), slowest.into());
        }
    }
    let started = Instant::now();
    let found = tenant.request_usage(some_request.context("there are no events")?).await?.len();
    let known_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let started = Instant::now();
    let unknown = tenant.request_usage(RequestId::new(BEGIN.plus(HOUR), &random)).await?.len();
    let unknown_ms = started.elapsed().as_secs_f64() * 1_000.0;
    ensure!((found, unknown) == (1, 0), "requests are not found as they should be");
    let all = OverviewQuery {
        start: BEGIN,
        end: BEGIN.plus(u32::try_from(shape.days)? * DAY),
        ..query(shape, GroupBy::Nothing, Interval::Whole)?
    };
    let counted: u64 = tenant.usage_overview(&all).await?.iter().map(|bucket| bucket.sums.attempts).sum();
    ensure!(counted == events + BATCH, "of {events} events and a batch {counted} are in the sums");
    let report = json!({
        "events": events,
        "sums_of_hours": shape.first() * shape.days,
        "sums_of_days": shape.keys * shape.models * shape.days,
        "appended_per_second": shape.first() as f64 / appended_seconds,
        "batch_ms": batch_ms,
        "fill_seconds": fill_seconds,
        "overview_ms": overview_ms,
        "request_ms": {"known": known_ms, "unknown": unknown_ms},
        "bytes": match &server {
            Some((_, database)) => database.run("SELECT pg_database_size(current_database())").parse()?,
            None => std::fs::metadata(wardgate_store_sql::path_of_url(&url).context(PLACES)?)?.len(),
        },
    });
    #[expect(clippy::print_stdout, reason = "it is what this program is for")]
    {
        println!("{report}");
    }
    Ok(())
}

/// Opens a file `sqlite:/path`, or with `postgres` a server of its own, which ends with what is returned; and gives its URL.
async fn open(database: &str) -> anyhow::Result<(Arc<dyn Store>, String, Option<(Postgres, Database)>)> {
    if database == "postgres" {
        let server = Postgres::own().await;
        // It is there as long as its handle.
        let database = server.database();
        let url = database.url();
        let store = PostgresStore::open(&url, &PostgresOptions::default()).await?;
        return Ok((Arc::new(store), url, Some((server, database))));
    }
    let path = wardgate_store_sql::path_of_url(database).context(PLACES)?;
    Ok((Arc::new(SqliteStore::open(Path::new(&path), &SqliteOptions::default()).await?), database.to_owned(), None))
}

/// All of the time but half a day at each end, so that hours are read as well as days.
fn query(shape: &Shape, group_by: GroupBy, interval: Interval) -> anyhow::Result<OverviewQuery> {
    let start = BEGIN.plus(12 * HOUR);
    let end = BEGIN.plus(u32::try_from(shape.days)? * DAY).minus(12 * HOUR);
    Ok(OverviewQuery { start, end, group_by, interval, access_key_id: None })
}

async fn slowest(tenant: &dyn Tenant, shape: &Shape, group_by: GroupBy, interval: Interval) -> anyhow::Result<f64> {
    let query = query(shape, group_by, interval)?;
    let mut slowest: f64 = 0.0;
    for _ in 0..ASKED {
        let started = Instant::now();
        match tenant.usage_overview(&query).await {
            // So many groups a day are refused, which takes as long.
            Ok(_) | Err(wardgate_store::StoreError::Full { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        slowest = slowest.max(started.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(slowest)
}

fn event(
    number: u64,
    shape: &Shape,
    account_id: AccountId,
    keys: &[(AccessKeyId, TeamId)],
    random: &Counting,
) -> anyhow::Result<UsageEvent> {
    // Every key with every model in an hour, then the next hour.
    let (key, rest) = (number % shape.keys, number / shape.keys);
    let (model, rest) = (rest % shape.models, rest / shape.models);
    let hour = u32::try_from(rest % 24)?;
    let (access_key_id, team_id) = keys[usize::try_from(key)?];
    let event_time = BEGIN.plus(hour * HOUR).plus(Duration::from_micros(number % 3_599_000_000));
    Ok(UsageEvent {
        id: UsageEventId::new(event_time, random),
        request_id: RequestId::new(event_time, random),
        account_id,
        team_id,
        access_key_id,
        event_time,
        surface: Surface::ChatCompletions,
        provider: ProviderName::new(if model % 2 == 0 { "openai" } else { "anthropic" })?,
        model: Arc::from(format!("model-{model}")),
        virtual_model: None,
        provider_key_id: None,
        managed_key_id: None,
        provider_key_redacted: Some("sk-proj-01***wxyz".to_owned()),
        attempt_number: 1,
        is_final: true,
        status_code: 200,
        completion: Completion::Succeeded,
        is_streaming: true,
        stop_reason: Some("stop".to_owned()),
        usage: Usage { input_uncached: 1_000, output: 100, ..Usage::default() },
        usage_source: UsageSource::Provider,
        cost: Some(NanoUsd::new(1_234_567)),
        duration_us: 1_500_000,
        first_token_us: Some(250_000),
    })
}
