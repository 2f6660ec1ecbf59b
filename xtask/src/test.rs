//! `cargo xtask test`: all tests, on a machine that has the Rust toolchain and maybe nothing else.
//!
//! First what is missing is installed, then our own tests run, then the management API is driven by its own description, the
//! official clients of the providers and two coding agents talk to a gateway that was started for them, and last a real engine
//! answers. It knows the gateway by its command line and its URLs only. Start reading at [`Step`].

use std::fmt;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

mod clients;
mod contract;
mod gateway;
mod place;
mod runner;
mod tools;

use gateway::Gateway;
use place::Place;

/// Which tests to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps and no others
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// Leave these steps out
    #[arg(long, value_enum)]
    skip: Vec<Step>,
}

/// A part of the tests, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Install what the other steps need and the machine lacks
    Tools,
    /// Build the gateway
    Build,
    /// Our own tests
    Rust,
    /// The examples in our documentation
    Docs,
    /// Every operation of the management API, driven by the API's own description
    Contract,
    /// The official Python clients
    Python,
    /// The official JavaScript clients
    Node,
    /// Claude Code and Codex, which reach the gateway and nothing else
    Agents,
    /// llama.cpp behind the gateway
    Engine,
}

impl Step {
    /// Whether there is no sense in going on without it.
    const fn is_base(self) -> bool {
        matches!(self, Self::Tools | Self::Build)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tools => "tools",
            Self::Build => "build",
            Self::Rust => "rust",
            Self::Docs => "docs",
            Self::Contract => "contract",
            Self::Python => "python",
            Self::Node => "node",
            Self::Agents => "agents",
            Self::Engine => "engine",
        })
    }
}

/// What came of a step.
struct Outcome {
    step: Step,
    took: Duration,
    /// The runner's own words about it, or why it failed.
    result: anyhow::Result<String>,
}

/// Runs the steps that were asked for.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let place = Place::find()?;
    let mut gateway = None;
    let mut outcomes = Vec::new();
    for step in options.steps() {
        say(&format!("\n=== {step}"));
        let started = Instant::now();
        let result = step.run(options, &place, &mut gateway);
        let outcome = Outcome { step, took: started.elapsed(), result };
        say(&outcome.line());
        let is_over = outcome.result.is_err() && step.is_base();
        outcomes.push(outcome);
        if is_over {
            break;
        }
    }
    if let (Some(gateway), true) = (&gateway, outcomes.iter().any(|outcome| outcome.result.is_err())) {
        say(&format!("\n=== the end of what the gateway logged\n{}", gateway.log_end()));
    }
    drop(gateway);
    Ok(summarize(options, &outcomes))
}

fn summarize(options: &Options, outcomes: &[Outcome]) -> ExitCode {
    say("\n=== summary");
    for outcome in outcomes {
        say(&outcome.line());
    }
    for step in options.steps().skip(outcomes.len()) {
        say(&format!("--   {step:<8} not run"));
    }
    if outcomes.iter().all(|outcome| outcome.result.is_ok()) {
        say("all tests passed");
        return ExitCode::SUCCESS;
    }
    say("TESTS FAILED");
    ExitCode::FAILURE
}

impl Options {
    fn steps(&self) -> impl Iterator<Item = Step> {
        Step::value_variants().iter().copied().filter(|step| self.runs(*step))
    }

    fn runs(&self, step: Step) -> bool {
        (self.only.is_empty() || self.only.contains(&step)) && !self.skip.contains(&step)
    }
}

impl Step {
    fn run(self, options: &Options, place: &Place, gateway: &mut Option<Gateway>) -> anyhow::Result<String> {
        match self {
            Self::Tools => tools::install(options, place).map(|()| String::new()),
            Self::Build => runner::run(cargo(place, &["build", "--locked", "-p", "wardgate"])),
            Self::Rust => runner::run(cargo(place, &["nextest", "run", "--workspace", "--locked"])),
            Self::Docs => runner::run(cargo(place, &["test", "--quiet", "--doc", "--workspace", "--locked"])),
            Self::Contract => contract::run(place),
            Self::Python => clients::python(place, started(gateway, place)?, &place.root.join("tests/sdk/python")),
            Self::Node => clients::node(started(gateway, place)?, &place.node_tests()),
            Self::Agents => clients::node(started(gateway, place)?, &place.agent_tests()),
            Self::Engine => clients::python(place, started(gateway, place)?, &place.root.join("tests/engine")),
        }
    }
}

/// The gateway, which the first step that needs it starts.
fn started<'g>(gateway: &'g mut Option<Gateway>, place: &Place) -> anyhow::Result<&'g Gateway> {
    let running = match gateway.take() {
        Some(running) => running,
        None => Gateway::start(place)?,
    };
    Ok(gateway.insert(running))
}

impl Outcome {
    fn line(&self) -> String {
        let (step, seconds) = (self.step, self.took.as_secs_f64());
        match &self.result {
            Ok(verdict) => format!("ok   {step:<8} {seconds:6.1} s  {verdict}").trim_end().to_owned(),
            Err(error) => format!("FAIL {step:<8} {seconds:6.1} s  {error:#}"),
        }
    }
}

fn cargo(place: &Place, arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).current_dir(&place.root);
    cargo
}

/// Runs a command that speaks for itself.
fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_owned();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    anyhow::ensure!(status.success(), "{} ended with {status}", program.display());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a task tells how far it is on its output")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[Step], skip: &[Step]) -> Vec<String> {
        let options = Options { only: only.to_vec(), skip: skip.to_vec() };
        options.steps().map(|step| step.to_string()).collect()
    }

    #[test]
    fn steps_are_chosen_and_keep_their_order() {
        assert_eq!(names(&[Step::Node, Step::Build], &[]), ["build", "node"]);
        assert_eq!(names(&[], &[Step::Tools, Step::Engine]), ["build", "rust", "docs", "contract", "python", "node", "agents"]);
        assert_eq!(names(&[Step::Rust], &[Step::Rust]), Vec::<String>::new());
    }
}
