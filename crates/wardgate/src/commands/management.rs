//! The commands that are clients of the management API.

use super::{fail, runtime};
use crate::clock::{SystemClock, SystemRandom};
use clap::ArgMatches;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use wardgate_cli::Surroundings;

/// Runs one; the exit status says how it went.
pub(super) fn run(name: &str, matches: &ArgMatches) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let surroundings = Surroundings::of_process(Arc::new(SystemClock), Arc::new(SystemRandom));
    match runtime.block_on(wardgate_cli::run(name, matches, surroundings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody reads a closed standard error.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            ExitCode::from(failure.exit.code())
        }
    }
}
