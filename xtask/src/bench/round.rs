//! The rounds: everything is measured in each, on all targets, one right after the other.
//!
//! A machine is not equally fast at all times, and what slows it lasts for seconds or minutes. So each scenario runs on every
//! target before the next scenario begins, in several short passes rather than in a long one; the target that goes first changes
//! from pass to pass; and ratios are taken within a pass. Targets start anew in each round: the start is measured too, and no
//! round inherits memory from the one before.

use super::figures::{self, Id, Moment, Sample};
use super::load::Outcome;
use super::machine::Machine;
use super::options::Options;
use super::report::{Report, Trouble};
use super::say;
use super::scenario::{Found, Scenario, Stage};
use super::target::{Kind, Start, Target};
use anyhow::bail;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const PASSES: usize = 3;
const PASSES_QUICK: usize = 2;
const MEASURED_TIME: Duration = Duration::from_millis(500);
const MEASURED_TIME_QUICK: Duration = Duration::from_millis(300);
/// Until a target that has just started does nothing more of its own.
const IDLE_AFTER: Duration = Duration::from_secs(1);

/// Measures, reports, and ends every process however it ends.
pub(crate) async fn run_all(options: &Options) -> anyhow::Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // The one that is not chosen is dropped, and with it the processes that it holds.
    let report = tokio::select! {
        report = measure_all(options) => report?,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    };
    report.publish(options)?;
    let failed = options.check && report.fails();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn measure_all(options: &Options) -> anyhow::Result<Report> {
    let measured_time = if options.quick { MEASURED_TIME_QUICK } else { MEASURED_TIME };
    let mut stage = Stage::start(usize::try_from(options.streams)?, measured_time)?;
    let upstream = stage.locate().await?;
    let mut samples = Vec::new();
    let mut troubles = Vec::new();
    for number in 1..=options.rounds() {
        let mut round = Round { number, samples: Vec::new(), troubles: Vec::new() };
        round.measure(options, &mut stage, upstream).await?;
        samples.extend(round.samples);
        troubles.extend(round.troubles);
    }
    Ok(Report { machine: Machine::read(), options: options.clone(), rows: figures::evaluate(&samples), samples, troubles })
}

/// One round as far as it has come.
struct Round {
    number: usize,
    samples: Vec<Sample>,
    troubles: Vec<Trouble>,
}

impl Round {
    async fn measure(&mut self, options: &Options, stage: &mut Stage, upstream: SocketAddr) -> anyhow::Result<()> {
        let (number, rounds) = (self.number, options.rounds());
        stage.reset().await?;
        say(&format!("round {number} of {rounds}: starting the targets"));
        let mut targets = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| options.measures(*kind)) {
            targets.push(self.start(kind, options, upstream).await?);
        }
        // Never zero: an empty list of targets is refused with the options.
        let count = targets.len();
        targets.rotate_left((number - 1) % count);
        for scenario in Scenario::ALL {
            say(&format!("round {number} of {rounds}: {}", scenario.title()));
            let passes = if scenario.is_timed() { passes(options) } else { 1 };
            for pass in 1..=passes {
                for target in &targets {
                    let found = stage.measure(scenario, target).await;
                    self.note(pass, scenario, target.kind(), found);
                }
                targets.rotate_left(1 % count);
            }
        }
        for pass in 1..=passes(options) {
            self.add_latency_to_direct(pass);
        }
        self.count_altered(&targets);
        Ok(())
    }

    async fn start(&mut self, kind: Kind, options: &Options, upstream: SocketAddr) -> anyhow::Result<Target> {
        let (target, start) = Target::start(kind, options, upstream).await?;
        self.note_start(kind, &start);
        tokio::time::sleep(IDLE_AFTER).await;
        if let Some(memory) = target.memory()? {
            self.add(1, kind, Id::IdleMemory, mib(memory.proportional_kib));
        }
        if let (Kind::Wardgate, Some(binary)) = (kind, &options.binary) {
            self.add(1, kind, Id::BinarySize, std::fs::metadata(binary)?.len() as f64 / 1e6);
        }
        Ok(target)
    }

    fn note_start(&mut self, kind: Kind, start: &Start) {
        let times = [
            (Id::ReadyNew, start.ready_new),
            (Id::AnswerNew, start.answer_new),
            (Id::Ready, start.ready),
            (Id::Answer, start.answer),
        ];
        for (id, time) in times {
            if let Some(time) = time {
                self.add(1, kind, id, time.as_secs_f64() * 1e3);
            }
        }
    }

    /// A scenario that fails altogether is a trouble like a request that fails: the others may still be worth knowing.
    fn note(&mut self, pass: usize, scenario: Scenario, target: Kind, found: anyhow::Result<Found>) {
        let Found { values, outcome } = found.unwrap_or_else(|error| {
            let outcome = Outcome { failures: 1, first_failure: Some(format!("{error:#}")), ..Outcome::default() };
            Found { values: Vec::new(), outcome }
        });
        for (id, value) in values {
            self.add(pass, target, id, value);
        }
        if let Some(trouble) = Trouble::of(self.number, target, scenario, outcome) {
            say(&trouble.line());
            self.troubles.push(trouble);
        }
    }

    fn add_latency_to_direct(&mut self, pass: usize) {
        for (whole, added) in [(Id::LatencyP50, Id::AddedP50), (Id::LatencyP99, Id::AddedP99)] {
            let Some(direct) = self.value(pass, Kind::Direct, whole) else { continue };
            for target in [Kind::Nginx, Kind::Wardgate] {
                if let Some(value) = self.value(pass, target, whole) {
                    self.add(pass, target, added, value - direct);
                }
            }
        }
    }

    fn count_altered(&mut self, targets: &[Target]) {
        for target in targets {
            let mine = self.troubles.iter().filter(|trouble| trouble.target == target.kind());
            let altered: u64 = mine.map(|trouble| trouble.altered).sum();
            self.add(1, target.kind(), Id::Altered, altered as f64);
        }
    }

    fn value(&self, pass: usize, target: Kind, figure: Id) -> Option<f64> {
        let moment = Moment { round: self.number, pass };
        let is_it = |sample: &&Sample| (sample.moment, sample.target, sample.figure) == (moment, target, figure);
        self.samples.iter().find(is_it).map(|sample| sample.value)
    }

    fn add(&mut self, pass: usize, target: Kind, figure: Id, value: f64) {
        self.samples.push(Sample { moment: Moment { round: self.number, pass }, target, figure, value });
    }
}

const fn passes(options: &Options) -> usize {
    if options.quick { PASSES_QUICK } else { PASSES }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
