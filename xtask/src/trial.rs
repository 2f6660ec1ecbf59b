//! `cargo xtask trial`: what a test shows in seconds, at a length at which it would be in everybody's way.

mod fuzz;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use std::process::{Command, ExitCode};

/// What to try, and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// What is tried
    #[arg(value_enum)]
    what: What,
    /// How often the gateway is killed (ledger)
    #[arg(long, default_value_t = 25)]
    rounds: u32,
    /// For how many seconds each fuzzer looks (fuzz)
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// That each attempt is in the ledger once, whatever happens to the process, its clients, its disk and its database
    Ledger,
    /// That no bytes from outside make a reader of the wire formats panic, hang, or write what is no JSON
    Fuzz,
}

/// Runs it at that length.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    match options.what {
        What::Ledger => ledger(options.rounds),
        What::Fuzz => fuzz::run(options.seconds),
    }
}

fn ledger(rounds: u32) -> anyhow::Result<ExitCode> {
    ensure!(rounds > 0, "a trial has at least one round");
    let status = Command::new("cargo")
        .args(["test", "--package", "wardgate", "--test", "it", "--", "--test-threads", "1", "ledger::", "killed::"])
        .env("WARDGATE_TRIAL_ROUNDS", rounds.to_string())
        .status()
        .context("cannot run cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
