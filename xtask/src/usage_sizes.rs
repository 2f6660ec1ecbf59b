//! `cargo xtask usage-sizes`: what an overview of a large ledger costs.
//!
//! The example `usage_sizes` of the gateway fills a store and asks it. What an overview reads depends on the keys, models and hours
//! in use, not on the events; so the figures of a few million events are those of any number with the same keys and models, which
//! `--events 100000000` shows where there is room for them: about half a KiB each.

use crate::build;
use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};

/// How much there is.
#[derive(Args)]
pub(crate) struct Options {
    /// Events, as nearly as each key and model has as many in each hour; at least one
    #[arg(long, default_value_t = 3_000_000)]
    events: u64,
    /// Access keys in use
    #[arg(long, default_value_t = 1_000)]
    keys: u64,
    /// Models that each key uses
    #[arg(long, default_value_t = 2)]
    models: u64,
    /// Days
    #[arg(long, default_value_t = 30)]
    days: u64,
    /// Fill a Postgres server of its own instead of a SQLite file
    #[arg(long)]
    postgres: bool,
    /// Build with this profile
    #[arg(long, default_value = "release")]
    profile: String,
}

/// What any overview may take.
const OVERVIEW_MS_MAX: f64 = 1_000.0;

/// Fills, asks, and says whether the limit is kept.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let example = build::example("wardgate", "usage_sizes", &options.profile)?;
    let copying = build::example("wardgate-store-sql", "copy_usage", &options.profile)?;
    let directory = tempfile::Builder::new().prefix("usage-sizes-").tempdir()?;
    let database = match options.postgres {
        true => "postgres".to_owned(),
        false => format!("sqlite:{}", directory.path().join("wardgate.db").display()),
    };
    let numbers = [options.events, options.keys, options.models, options.days].map(|number| number.to_string());
    let output = Command::new(example)
        .arg(database)
        .arg(copying)
        .args(numbers)
        .stderr(Stdio::inherit())
        .output()
        .context("the example does not run")?;
    ensure!(output.status.success(), "the example failed");
    let report: Value = serde_json::from_slice(&output.stdout).context("the example printed something else")?;
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let mut out = std::io::stdout();
    let (seconds, mib) = (number("/fill_seconds"), number("/bytes") / 1_048_576.0);
    writeln!(out, "{} events stored in {seconds:.0} s, {mib:.0} MiB", number("/events"))?;
    writeln!(out, "{} sums of hours, {} of days", number("/sums_of_hours"), number("/sums_of_days"))?;
    writeln!(out, "by batches of the gateway      {:>8.0} events a second", number("/appended_per_second"))?;
    writeln!(out, "another batch at the end       {:>8.1} ms", number("/batch_ms"))?;
    let mut slowest: f64 = 0.0;
    for (name, took) in report["overview_ms"].as_object().into_iter().flatten() {
        let took = took.as_f64().unwrap_or(f64::NAN);
        slowest = slowest.max(took);
        writeln!(out, "overview {name:<22} {took:>8.1} ms")?;
    }
    writeln!(
        out,
        "a request by its id            {:>8.1} ms known, {:.1} ms unknown",
        number("/request_ms/known"),
        number("/request_ms/unknown")
    )?;
    Ok(if slowest <= OVERVIEW_MS_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
