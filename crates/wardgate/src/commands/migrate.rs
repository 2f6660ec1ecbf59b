//! `wardgate migrate`: brings the database's schema up to date, or says what that would do.

use crate::commands::{print, runtime};
use crate::database::Place;
use crate::settings::database::Database;
use std::path::PathBuf;
use std::process::ExitCode;

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    wardgate migrate --database-url postgres://wardgate@db/wardgate            bring the schema up to date\n  \
    wardgate migrate --check --database-url postgres://wardgate@db/wardgate    say what is missing, change nothing\n\n\
    With --check the exit code is 0 when nothing is missing and 3 when something is. `wardgate serve` brings the schema up to\n\
    date by itself. Migrations only add, so gateways of the version before go on working; one cut off is continued by the next.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: Database,
    /// Change nothing and say what is missing.
    #[arg(long)]
    check: bool,
    /// A file of settings: YAML, a setting a line, named as the options are.
    #[arg(long, env = "WARDGATE_SETTINGS")]
    settings: Option<PathBuf>,
}

/// The exit code of `--check` when something is missing.
const PENDING: u8 = 3;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // The file was read when the command line was.
    let _ = &arguments.settings;
    runtime()?.block_on(async {
        let place = Place::of(&arguments.database)?;
        let pending = place.pending().await?;
        if pending.is_empty() {
            print("The schema is up to date.\n");
            return Ok(ExitCode::SUCCESS);
        }
        let list: String = pending.iter().map(|description| format!("  {description}\n")).collect();
        if arguments.check {
            print(&format!("Missing, oldest first:\n{list}"));
            return Ok(ExitCode::from(PENDING));
        }
        place.open().await?.close().await;
        print(&format!("Applied:\n{list}The schema is up to date.\n"));
        Ok(ExitCode::SUCCESS)
    })
}
