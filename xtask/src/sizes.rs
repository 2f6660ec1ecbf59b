//! `cargo xtask sizes`: what a gateway with very many access keys costs.
//!
//! A store is filled and looked up in by the example `sizes` of the gateway, then a gateway is started on it and on an empty one.

use crate::build;
use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How much there is.
#[derive(Args)]
pub(crate) struct Options {
    /// Accounts in the store
    #[arg(long, default_value_t = 10_000)]
    accounts: u64,
    /// Access keys, evenly among them
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    /// Fill a Postgres server of its own instead of a SQLite file; starts of the gateway are not measured then
    #[arg(long)]
    postgres: bool,
    /// Build with this profile
    #[arg(long, default_value = "release")]
    profile: String,
}

/// What a lookup that misses the cache may take.
const LOOKUP_P99_MS_MAX: f64 = 2.0;

/// Starts whose median counts.
const STARTS: usize = 5;

/// Fills, measures, and says whether the limits are kept.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let gateway = build::executable("wardgate", &options.profile)?;
    let sizes = build::example("wardgate", "sizes", &options.profile)?;
    let copying = build::example("wardgate-store-sql", "copy_keys", &options.profile)?;
    let directory = tempfile::Builder::new().prefix("sizes-").tempdir()?;
    if options.postgres {
        let report = filled(&sizes, &copying, "postgres", options)?;
        return show(&report, options, None);
    }
    let (full, empty) = (directory.path().join("full"), directory.path().join("empty"));
    // The first start makes what every gateway has.
    start(&gateway, &full)?;
    start(&gateway, &empty)?;
    let database = format!("sqlite:{}", full.join("wardgate.db").display());
    let report = filled(&sizes, &copying, &database, options)?;
    let times = |data: &Path| -> anyhow::Result<Duration> {
        let mut times = (0..STARTS).map(|_| start(&gateway, data)).collect::<anyhow::Result<Vec<_>>>()?;
        times.sort_unstable();
        Ok(times[STARTS / 2])
    };
    let (ready_empty, ready_full) = (times(&empty)?, times(&full)?);
    show(&report, options, Some((ready_empty, ready_full)))
}

/// What the example says of a database that it filled.
fn filled(sizes: &Path, copying: &Path, database: &str, options: &Options) -> anyhow::Result<Value> {
    say(&format!("filling a store with {} keys of {} accounts", options.keys, options.accounts));
    let output = Command::new(sizes)
        .args([database, &options.accounts.to_string(), &options.keys.to_string()])
        .arg(copying)
        .stderr(Stdio::inherit())
        .output()
        .context("the example does not run")?;
    ensure!(output.status.success(), "the example failed");
    serde_json::from_slice(&output.stdout).context("the example printed something else")
}

/// Prints the figures, and says whether the limit is kept.
fn show(report: &Value, options: &Options, ready: Option<(Duration, Duration)>) -> anyhow::Result<ExitCode> {
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let p99 = number("/lookup_ms/p99");
    let mut out = std::io::stdout();
    writeln!(out, "{} keys in {} accounts, stored in {:.0} s", options.keys, options.accounts, number("/fill_seconds"))?;
    writeln!(out, "lookup that misses the cache  p50 {:.3} ms, p99 {p99:.3} ms", number("/lookup_ms/p50"))?;
    if let Some((empty, full)) = ready {
        writeln!(out, "ready after                   {empty:.0?} empty, {full:.0?} full")?;
    }
    writeln!(out, "memory of the cache, by keys seen:")?;
    for step in report["cache"].as_array().into_iter().flatten() {
        writeln!(out, "  {:>9}  {:>5} MiB", step["keys_seen"], step["grown_mib"])?;
    }
    Ok(if p99 <= LOOKUP_P99_MS_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts a gateway, waits until it is ready, stops it, and says how long it took until it was ready.
fn start(gateway: &Path, data: &Path) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut process = Command::new(gateway)
        .args(["dev", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--request-log", "off"])
        .arg("--data-dir")
        .arg(data)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("the gateway does not run")?;
    let mut line = String::new();
    let out = process.stdout.take().context("the gateway has no output")?;
    let length = BufReader::new(out).read_line(&mut line)?;
    let ready_after = begun.elapsed();
    stop(&mut process)?;
    ensure!(length > 0, "the gateway ended instead of being ready");
    Ok(ready_after)
}

fn stop(process: &mut Child) -> anyhow::Result<()> {
    let killed = Command::new("kill").args(["-TERM", &process.id().to_string()]).status()?;
    ensure!(killed.success(), "the gateway cannot be stopped");
    process.wait()?;
    Ok(())
}

/// Says on stderr what is going on: stdout is for the result.
fn say(text: &str) {
    // Without a stderr there is nobody to tell, and the measurement goes on.
    let _ = writeln!(std::io::stderr(), "sizes: {text}");
}
