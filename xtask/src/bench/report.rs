//! What the benchmark says in the end: a table for people, JSON for programs.

use super::figures::{Id, Reading, Row, Sample, Verdict};
use super::load::Outcome;
use super::machine::Machine;
use super::options::Options;
use super::scenario::Scenario;
use super::target::Kind;
use anyhow::Context as _;
use serde::Serialize;
use std::io::Write as _;
use std::path::Path;

mod table;

use table::Table;

/// With more, a target finds other amounts of work at once than it would by itself.
const WAITED_PERCENT_MAX: f64 = 5.0;

/// Everything that was found.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) options: Options,
    pub(crate) rows: Vec<Row>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) troubles: Vec<Trouble>,
}

/// Requests that did not go as they should.
#[derive(Serialize)]
pub(crate) struct Trouble {
    round: usize,
    pub(crate) target: Kind,
    scenario: Scenario,
    failures: u64,
    pub(crate) altered: u64,
    first_failure: Option<String>,
}

impl Trouble {
    pub(crate) fn of(round: usize, target: Kind, scenario: Scenario, outcome: Outcome) -> Option<Self> {
        let Outcome { failures, altered, first_failure, .. } = outcome;
        (failures + altered > 0).then_some(Self { round, target, scenario, failures, altered, first_failure })
    }

    pub(crate) fn line(&self) -> String {
        let Self { round, target, failures, altered, .. } = self;
        let mut line =
            format!("{target}, {}, round {round}: {failures} failed, {altered} in other bytes", self.scenario.title());
        if let Some(first) = &self.first_failure {
            line.push_str(&format!("; first failure: {first}"));
        }
        line
    }
}

impl Report {
    /// Writes what was asked for. JSON on stdout takes the table's place, so that a program can read it from there.
    pub(crate) fn publish(&self, options: &Options) -> anyhow::Result<()> {
        let json_path = options.json.as_deref();
        if json_path != Some(Path::new("-")) {
            write_out(&self.text())?;
        }
        let Some(path) = json_path else { return Ok(()) };
        let json = serde_json::to_string_pretty(self)? + "\n";
        if path == Path::new("-") {
            return write_out(&json);
        }
        std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Whether a limit is missed or any request failed.
    pub(crate) fn fails(&self) -> bool {
        self.rows.iter().any(Row::misses_its_limit) || self.troubles.iter().any(|trouble| trouble.failures > 0)
    }

    fn was_kept_waiting(&self) -> bool {
        let waits = self.rows.iter().filter(|row| row.figure.id == Id::Waited).flat_map(|row| row.targets.values());
        waits.into_iter().any(|summary| summary.median > WAITED_PERCENT_MAX)
    }

    fn text(&self) -> String {
        let rounds = self.options.rounds();
        let mut text = format!(
            "{}\nrounds: {rounds}; median (smallest); ratio: wardgate to nginx at the same time\n\n",
            self.machine.line()
        );
        text.push_str(&render(&self.rows));
        if self.was_kept_waiting() {
            text.push_str("\nThe machine was busy: others had the targets' core for part of the time, and the ratios are not to be trusted.\n");
        }
        if !self.troubles.is_empty() {
            text.push('\n');
        }
        for trouble in &self.troubles {
            text.push_str(&format!("{}\n", trouble.line()));
        }
        text
    }
}

fn write_out(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn render(rows: &[Row]) -> String {
    let mut table = Table::new(["figure", "unit", "direct", "nginx", "wardgate", "ratio", "limit", "aim", ""]);
    for row in rows.iter().filter(|row| !row.targets.is_empty() || row.verdict.is_some()) {
        let of = |target: Kind| {
            row.targets.get(&target).map_or_else(none, |summary| {
                if row.figure.reading == Reading::Worst {
                    number(summary.max)
                } else {
                    format!("{} ({})", number(summary.median), number(summary.min))
                }
            })
        };
        let bound = |bound: Option<f64>| {
            bound.map_or_else(none, |bound| {
                if row.figure.reading == Reading::Ratio { format!("{bound:.1} ×") } else { format!("{bound}") }
            })
        };
        table.add([
            row.figure.title.to_owned(),
            row.figure.unit.to_owned(),
            of(Kind::Direct),
            of(Kind::Nginx),
            of(Kind::Wardgate),
            row.ratio.map_or_else(none, |ratio| format!("{ratio:.2}")),
            bound(row.figure.limit),
            bound(row.figure.aim),
            word(row.verdict).to_owned(),
        ]);
    }
    table.render()
}

fn none() -> String {
    "–".to_owned()
}

const fn word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "",
        Some(Verdict::Aim) => "aim reached",
        Some(Verdict::Pass) => "ok",
        Some(Verdict::ShortOfAim) => "short of aim",
        Some(Verdict::Missed) => "MISSED",
        Some(Verdict::Unmeasured) => "not measured",
    }
}

/// Three digits say all that such a measurement knows.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{self, Moment};

    #[test]
    fn numbers_have_three_digits() {
        let check = |value, expected| assert_eq!(number(value), expected);
        check(0.0, "0");
        check(0.456, "0.46");
        check(7.123, "7.12");
        check(21.46, "21.5");
        check(1234.5, "1234");
        check(-12.34, "-12.3");
    }

    #[test]
    fn a_report_for_people() {
        let sample = |target, figure, value| Sample { moment: Moment { round: 1, pass: 1 }, target, figure, value };
        let samples = [
            sample(Kind::Direct, Id::ParallelFailures, 0.0),
            sample(Kind::Nginx, Id::RequestCpu16, 20.0),
            sample(Kind::Wardgate, Id::RequestCpu16, 50.0),
            sample(Kind::Wardgate, Id::ParallelFailures, 0.0),
        ];
        let rows: Vec<Row> = figures::evaluate(&samples)
            .into_iter()
            .filter(|row| [Id::RequestCpu16, Id::ParallelFailures, Id::StreamMemory].contains(&row.figure.id))
            .collect();
        let expected = "\
figure                            unit  direct        nginx     wardgate  ratio  limit    aim
CPU per 1 KB request, 16 at once  µs         –  20.0 (20.0)  50.0 (50.0)   2.50  2.0 ×  1.3 ×  MISSED
memory per open stream            KiB        –            –            –      –     32     12  not measured
failures of parallel streams                 0            –            0      –      0      0  aim reached
";
        assert_eq!(render(&rows), expected);
    }
}
