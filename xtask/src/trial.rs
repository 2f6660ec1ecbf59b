//! `cargo xtask trial`: what a test shows in seconds, at a length at which it would be in everybody's way.

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use std::process::{Command, ExitCode};

/// What to try, and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// What is tried
    #[arg(value_enum)]
    what: What,
    /// How often the gateway is killed
    #[arg(long, default_value_t = 25)]
    rounds: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// That each attempt is in the ledger once, whatever happens to the process, its clients, its disk and its database
    Ledger,
}

/// Runs the whole-system tests of it at that length.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    ensure!(options.rounds > 0, "a trial has at least one round");
    let (tests, variable) = match options.what {
        What::Ledger => (["ledger::", "killed::"], "WARDGATE_TRIAL_ROUNDS"),
    };
    let status = Command::new("cargo")
        .args(["test", "--package", "wardgate", "--test", "it", "--", "--test-threads", "1"])
        .args(tests)
        .env(variable, options.rounds.to_string())
        .status()
        .context("cannot run cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
