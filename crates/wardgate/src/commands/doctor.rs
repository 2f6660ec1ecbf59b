//! `wardgate doctor`: says what would keep the gateway from working.

use crate::commands::{print, runtime};
use crate::doctor::{Finding, Status, examine};
use crate::settings::Settings;
use serde_json::json;
use std::fmt::Write;
use std::process::ExitCode;

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    wardgate doctor --settings wardgate.yaml     look at what `wardgate serve` would be started with\n  \
    wardgate doctor --json --offline             for a program, without calling providers\n\n\
    Nothing is changed, and no secret is printed. The exit code is 0 when nothing fails; warnings do not count.")]
pub(crate) struct Arguments {
    /// Print one JSON object: `ok`, and `checks` with `check`, `status`, `finding` and `fix`.
    #[arg(long)]
    json: bool,
    /// Do not see whether providers can be reached.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let findings = runtime()?.block_on(examine(&arguments.settings, !arguments.offline));
    let is_ok = findings.iter().all(|finding| finding.status != Status::Failure);
    print(&match arguments.json {
        true => format!("{}\n", json!({"ok": is_ok, "checks": findings})),
        false => table(&findings),
    });
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line for each finding, beneath it what to do, and at the end what it comes to.
fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { check, status, finding, fix } in findings {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{:<7}  {check:<width$}  {finding}", status.name());
        if let Some(fix) = fix {
            let _ = writeln!(text, "{:<7}  {:<width$}  -> {fix}", "", "");
        }
    }
    let count = |status: Status| findings.iter().filter(|finding| finding.status == status).count();
    let _ = writeln!(text, "\n{} failures, {} warnings", count(Status::Failure), count(Status::Warning));
    text
}
