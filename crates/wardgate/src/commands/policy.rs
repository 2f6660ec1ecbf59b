//! `wardgate policy`: checks policy documents and runs their cases, without a gateway.

mod case;
mod document;
mod problem;

use super::print;
use clap::{Args, Subcommand, ValueEnum};
use document::Policies;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Policy documents: a configuration, and cases that say what it does.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  wardgate policy check policies/configurations/*.yaml\n  wardgate policy test policies/configurations/*.yaml --output json\n\nExit status: 0 when all is well, 1 when something is not, 2 when a file cannot be read."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what is wrong in documents, and what can never match.
    Check(Files),
    /// Check documents and run their cases.
    Test(Files),
}

#[derive(Args)]
struct Files {
    /// The documents, YAML or JSON.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// The catalog file that the gateway has: its models and providers are known, too.
    #[arg(long, value_name = "FILE")]
    catalog_file: Option<PathBuf>,
    /// Let warnings fail, too.
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// A file that cannot be read is no finding about a policy.
const UNREADABLE: u8 = 2;

/// Runs it; the exit status says how it went.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (files, is_test) = match &arguments.verb {
        Verb::Check(files) => (files, false),
        Verb::Test(files) => (files, true),
    };
    let policies = match Policies::read(&files.files, files.catalog_file.as_deref()) {
        Ok(policies) => policies,
        Err(error) => {
            super::fail(&error);
            return Ok(ExitCode::from(UNREADABLE));
        }
    };
    let problems = policies.problems();
    let results: Vec<case::Outcome> = if is_test { policies.outcomes() } else { Vec::new() };
    let failed = results.iter().filter(|result| !result.differences.is_empty()).count();
    let errors = problems.iter().filter(|problem| !problem.is_warning).count();
    let warnings = problems.len() - errors;
    let is_well = errors == 0 && failed == 0 && (warnings == 0 || !files.deny_warnings);
    match files.output {
        Output::Json => {
            let report = json!({
                "policies": policies.count(),
                "problems": problems.iter().map(problem::Found::to_json).collect::<Vec<_>>(),
                "cases": results.iter().map(case::Outcome::to_json).collect::<Vec<_>>(),
                "passed": results.len() - failed,
                "failed": failed,
            });
            print(&format!("{report:#}\n"));
        }
        Output::Text => {
            let mut text: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
            text.extend(results.iter().filter(|result| !result.differences.is_empty()).map(ToString::to_string));
            text += &format!(
                "{}, {}, {}",
                many(policies.count(), "policy", "policies"),
                many(errors, "error", "errors"),
                many(warnings, "warning", "warnings")
            );
            if is_test {
                text += &format!("; {} passed, {failed} failed", many(results.len() - failed, "case", "cases"));
            }
            print(&format!("{text}\n"));
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// The fields of an object, or nothing.
fn object(value: Option<&Value>) -> serde_json::Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
