//! What an overview of a large ledger costs: a store is filled with events of one account, and then asked.
//!
//! The sums that an overview reads are one for each key, model and hour (or day) in use. Once there was an event for each of
//! these, more events make no more sums: so a few million events show what an overview of hundreds of millions reads.
//! `cargo xtask usage-sizes` runs this and shows the figures. It prints one JSON object.

use anyhow::Context;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, RequestId, TeamId, UsageEventId};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::ProviderName;
use wardgate_core::random::Counting;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};
use wardgate_store::usage::{GroupBy, Interval, OverviewQuery};
use wardgate_store::{Store, Tenant};
use wardgate_store_sql::{SqliteOptions, SqliteStore};

/// As many as the gateway stores at once.
const BATCH: u64 = 1_024;

/// How often each question is asked; the slowest answer counts.
const ASKED: u32 = 5;

/// When the first event ended.
const BEGIN: Timestamp = Timestamp::from_unix_millis(1_795_046_400_000);

const HOUR: Duration = Duration::from_secs(3_600);

struct Shape {
    events: u64,
    keys: u64,
    models: u64,
    days: u64,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("usage: usage_sizes FILE EVENTS KEYS MODELS DAYS")?;
    let mut number = || -> anyhow::Result<u64> { Ok(arguments.next().context("a number is missing")?.parse()?) };
    let shape = Shape { events: number()?, keys: number()?, models: number()?, days: number()? };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(Path::new(&path), &shape))
}

async fn run(path: &Path, shape: &Shape) -> anyhow::Result<()> {
    let store = SqliteStore::open(path, &SqliteOptions::default()).await?;
    let random = Counting::default();
    let account_id = AccountId::new(BEGIN, &random);
    let keys: Vec<_> = (0..shape.keys).map(|_| (AccessKeyId::new(BEGIN, &random), TeamId::new(BEGIN, &random))).collect();
    let filled = Instant::now();
    let mut some_request = None;
    for first in (0..shape.events).step_by(BATCH as usize) {
        let numbers = first..(first + BATCH).min(shape.events);
        let batch: Vec<_> = numbers.map(|number| event(number, shape, account_id, &keys, &random)).collect::<Result<_, _>>()?;
        store.append_usage(&batch).await?;
        some_request = some_request.or_else(|| batch.first().map(|event| event.request_id));
    }
    let fill_seconds = filled.elapsed().as_secs_f64();
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
    anyhow::ensure!((found, unknown) == (1, 0), "requests are not found as they should be");
    let hours = shape.days * 24;
    let report = json!({
        "events": shape.events,
        "sums_of_hours_max": shape.keys * shape.models * hours,
        "sums_of_days_max": shape.keys * shape.models * shape.days,
        "fill_seconds": fill_seconds,
        "overview_ms": overview_ms,
        "request_ms": {"known": known_ms, "unknown": unknown_ms},
        "bytes": std::fs::metadata(path)?.len(),
    });
    #[expect(clippy::print_stdout, reason = "it is what this program is for")]
    {
        println!("{report}");
    }
    Ok(())
}

/// All of the time but half a day at each end, so that hours are read as well as days.
async fn slowest(tenant: &dyn Tenant, shape: &Shape, group_by: GroupBy, interval: Interval) -> anyhow::Result<f64> {
    let start = BEGIN.plus(12 * HOUR);
    let end = BEGIN.plus(u32::try_from(shape.days * 24)? * HOUR).minus(12 * HOUR);
    let query = OverviewQuery { start, end, group_by, interval, access_key_id: None };
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
    // Every key with every model in an hour, then the next hour, and again from the first one.
    let (key, rest) = (number % shape.keys, number / shape.keys);
    let (model, rest) = (rest % shape.models, rest / shape.models);
    let hour = u32::try_from(rest % (shape.days * 24))?;
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
