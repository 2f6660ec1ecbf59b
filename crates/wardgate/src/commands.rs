//! The command line: one module a command. Those that are clients of the management API come from `wardgate-cli`.

mod completions;
mod dev;
mod doctor;
mod management;
mod migrate;
mod policy;
mod rotate_master_key;
mod sandbox;
mod serve;

use crate::settings::file;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// A self-hosted gateway between your teams and every language model.
#[derive(Parser)]
#[command(
    name = "wardgate",
    version,
    after_help = "Examples:\n  \
        wardgate dev                            try it: nothing to configure\n  \
        wardgate serve --listen 0.0.0.0:8080    run it\n  \
        wardgate doctor                         say what is wrong with this set-up\n  \
        wardgate access-key create --name app   issue a key\n  \
        wardgate apply -f acme.yaml             make an account what a document says\n\n\
        Every setting is also an environment variable: --admin-listen is WARDGATE_ADMIN_LISTEN."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a gateway to try things with: nothing to configure, keys printed, a sandbox provider included.
    Dev(dev::Arguments),
    /// Run the gateway.
    Serve(serve::Arguments),
    /// Say what would keep the gateway from working, and what to do about it; nothing is changed.
    Doctor(doctor::Arguments),
    /// Bring the database's schema up to date, or say what is missing.
    Migrate(migrate::Arguments),
    /// Seal everything with a new master key.
    RotateMasterKey(rotate_master_key::Arguments),
    /// Run the sandbox provider alone.
    Sandbox(sandbox::Arguments),
    /// Check policy documents and run their cases; no gateway is needed.
    Policy(policy::Arguments),
    /// Print completions for a shell.
    Completions(completions::Arguments),
}

/// The whole command line.
fn command_line() -> clap::Command {
    Arguments::command().subcommands(wardgate_cli::commands())
}

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let matches = match file::with_settings(command_line(), std::env::args_os()) {
        Ok(command) => command.get_matches(),
        Err(error) => return fail(&error),
    };
    if let Some((name, matches)) = matches.subcommand()
        && wardgate_cli::commands().iter().any(|command| command.get_name() == name)
    {
        return management::run(name, matches);
    }
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let done = match arguments.command {
        Command::Dev(arguments) => dev::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Doctor(arguments) => {
            return doctor::run(&arguments).unwrap_or_else(|error| fail(&error));
        }
        Command::Migrate(arguments) => {
            return migrate::run(&arguments).unwrap_or_else(|error| fail(&error));
        }
        Command::Policy(arguments) => {
            return policy::run(&arguments).unwrap_or_else(|error| fail(&error));
        }
        Command::RotateMasterKey(arguments) => rotate_master_key::run(&arguments),
        Command::Sandbox(arguments) => sandbox::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // Nobody reads a closed standard error.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}

/// Prints for whoever called; a reader that went away is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The runtime that everything runs on.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // With one core there is nobody to share work with, so the scheduler that shares would only cost.
    let mut builder =
        if cores == 1 { tokio::runtime::Builder::new_current_thread() } else { tokio::runtime::Builder::new_multi_thread() };
    Ok(builder.enable_all().thread_name("wardgate").build()?)
}
