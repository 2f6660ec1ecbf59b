//! The figures: what each is called, and what it must not exceed.

use super::statistics::{max, median, min};
use super::target::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

/// A figure's name, in the JSON too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Id {
    RequestCpu1,
    RequestCpu16,
    RequestCpu64,
    RequestRate64,
    LatencyP50,
    LatencyP99,
    AddedP50,
    AddedP99,
    ChunkCpuBurst,
    ChunkCpuPaced,
    PromptCpu,
    PromptCpuInMemory,
    StreamMemory,
    ParallelFailures,
    Altered,
    Waited,
    ReadyNew,
    AnswerNew,
    Ready,
    Answer,
    IdleMemory,
    BinarySize,
}

/// How a figure is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reading {
    /// Its limits are multiples of nginx's.
    Ratio,
    /// Its limits are in its own unit.
    Value,
    /// Its limits are in its own unit, and the worst round counts: an error in one round is an error.
    Worst,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figure {
    pub(crate) id: Id,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) reading: Reading,
    /// What the gateway must keep now.
    pub(crate) limit: Option<f64>,
    /// What it is to reach.
    pub(crate) aim: Option<f64>,
}

const fn figure(
    id: Id,
    title: &'static str,
    unit: &'static str,
    reading: Reading,
    limit: Option<f64>,
    aim: Option<f64>,
) -> Figure {
    Figure { id, title, unit, reading, limit, aim }
}

/// All figures in the order of the report, each with its limit and its aim. This is the one place where they stand.
#[rustfmt::skip]
pub(crate) const FIGURES: [Figure; 22] = [
    figure(Id::RequestCpu1,      "CPU per 1 KB request, 1 at once",    "µs",    Reading::Ratio, None,         None),
    figure(Id::RequestCpu16,     "CPU per 1 KB request, 16 at once",   "µs",    Reading::Ratio, Some(2.0),    Some(1.3)),
    figure(Id::RequestCpu64,     "CPU per 1 KB request, 64 at once",   "µs",    Reading::Ratio, Some(2.0),    Some(1.3)),
    figure(Id::RequestRate64,    "1 KB requests, 64 at once",          "1/s",   Reading::Ratio, None,         None),
    figure(Id::LatencyP50,       "latency p50, 1 at once",             "µs",    Reading::Ratio, None,         None),
    figure(Id::LatencyP99,       "latency p99, 1 at once",             "µs",    Reading::Ratio, None,         None),
    figure(Id::AddedP50,         "added latency p50, 1 at once",       "µs",    Reading::Ratio, None,         Some(1.1)),
    figure(Id::AddedP99,         "added latency p99, 1 at once",       "µs",    Reading::Ratio, None,         None),
    figure(Id::ChunkCpuBurst,    "CPU per 1,000 chunks, back to back", "ms",    Reading::Ratio, Some(1.6),    Some(1.2)),
    figure(Id::ChunkCpuPaced,    "CPU per 1,000 chunks, 5 ms apart",   "ms",    Reading::Ratio, Some(1.6),    Some(1.2)),
    figure(Id::PromptCpu,        "CPU per request with 1 MB prompt",   "µs",    Reading::Ratio, Some(1.2),    Some(0.8)),
    figure(Id::PromptCpuInMemory,"same, nginx keeping it in memory",   "µs",    Reading::Ratio, Some(1.2),    Some(0.8)),
    figure(Id::StreamMemory,     "memory per open stream",             "KiB",   Reading::Value, Some(32.0),   Some(12.0)),
    figure(Id::ParallelFailures, "failures of parallel streams",       "",      Reading::Worst, Some(0.0),    Some(0.0)),
    figure(Id::Altered,          "answers in other bytes",             "",      Reading::Worst, None,         Some(0.0)),
    figure(Id::Waited,           "time kept from its core by others",  "%",     Reading::Value, None,         None),
    figure(Id::ReadyNew,         "ready, first start",                 "ms",    Reading::Value, Some(1000.0), None),
    figure(Id::AnswerNew,        "first answer, first start",          "ms",    Reading::Value, None,         None),
    figure(Id::Ready,            "ready, later start",                 "ms",    Reading::Value, Some(1000.0), None),
    figure(Id::Answer,           "first answer, later start",          "ms",    Reading::Value, None,         Some(50.0)),
    figure(Id::IdleMemory,       "idle memory",                        "MiB",   Reading::Value, None,         Some(25.0)),
    figure(Id::BinarySize,       "binary",                             "MB",    Reading::Value, None,         Some(30.0)),
];

/// A moment of the benchmark: what was measured in the same one may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Moment {
    pub(crate) round: usize,
    /// What lasts as long as it is told to is measured several times in a round.
    pub(crate) pass: usize,
}

/// One value of one moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Sample {
    #[serde(flatten)]
    pub(crate) moment: Moment,
    pub(crate) target: Kind,
    pub(crate) figure: Id,
    pub(crate) value: f64,
}

/// What all moments say of one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) values: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Within the aim, and so within the limit.
    Aim,
    /// Within the limit.
    Pass,
    /// There is an aim and no limit, and it is not there yet.
    ShortOfAim,
    Missed,
    /// There is a limit and nothing to hold against it.
    Unmeasured,
}

/// A figure with what was found.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) figure: Figure,
    pub(crate) targets: BTreeMap<Kind, Summary>,
    /// The gateway's value over nginx's: the median of each moment's ratio, so a slow moment counts for both.
    pub(crate) ratio: Option<f64>,
    /// Nothing for a figure without a limit or an aim.
    pub(crate) verdict: Option<Verdict>,
}

/// Holds the samples against the table.
pub(crate) fn evaluate(samples: &[Sample]) -> Vec<Row> {
    FIGURES.iter().map(|figure| Row::of(*figure, samples)).collect()
}

impl Row {
    fn of(figure: Figure, samples: &[Sample]) -> Self {
        let values = |target: Kind| -> BTreeMap<Moment, f64> {
            let mine = samples.iter().filter(|sample| sample.figure == figure.id && sample.target == target);
            mine.map(|sample| (sample.moment, sample.value)).collect()
        };
        let targets =
            Kind::ALL.into_iter().filter_map(|target| Some((target, Summary::of(values(target).into_values().collect())?)));
        let ratio = (figure.reading == Reading::Ratio).then(|| ratio(&values(Kind::Wardgate), &values(Kind::Nginx))).flatten();
        let mut row = Self { figure, targets: targets.collect(), ratio, verdict: None };
        row.verdict = judge(row.judged(), figure.limit, figure.aim);
        row
    }

    /// The number that the limits are for.
    fn judged(&self) -> Option<f64> {
        let summary = self.targets.get(&Kind::Wardgate);
        match self.figure.reading {
            Reading::Ratio => self.ratio,
            Reading::Value => summary.map(|summary| summary.median),
            Reading::Worst => summary.map(|summary| summary.max),
        }
    }

    pub(crate) fn misses_its_limit(&self) -> bool {
        self.figure.limit.is_some() && matches!(self.verdict, Some(Verdict::Missed | Verdict::Unmeasured))
    }
}

impl Summary {
    fn of(values: Vec<f64>) -> Option<Self> {
        Some(Self { median: median(&values)?, min: min(&values)?, max: max(&values)?, values })
    }
}

fn ratio(values: &BTreeMap<Moment, f64>, yardstick: &BTreeMap<Moment, f64>) -> Option<f64> {
    let in_same_moment =
        |(moment, value): (&Moment, &f64)| yardstick.get(moment).filter(|nginx| **nginx > 0.0).map(|nginx| value / nginx);
    median(&values.iter().filter_map(in_same_moment).collect::<Vec<f64>>())
}

fn judge(value: Option<f64>, limit: Option<f64>, aim: Option<f64>) -> Option<Verdict> {
    let Some(value) = value else { return limit.map(|_| Verdict::Unmeasured) };
    match (limit, aim) {
        (None, None) => None,
        (_, Some(aim)) if value <= aim => Some(Verdict::Aim),
        (Some(limit), _) if value <= limit => Some(Verdict::Pass),
        (None, Some(_)) => Some(Verdict::ShortOfAim),
        (Some(_), _) => Some(Verdict::Missed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(round: usize, target: Kind, figure: Id, value: f64) -> Sample {
        Sample { moment: Moment { round, pass: 1 }, target, figure, value }
    }

    fn row(samples: &[Sample], id: Id) -> Row {
        evaluate(samples).into_iter().find(|row| row.figure.id == id).unwrap()
    }

    #[test]
    fn each_figure_stands_once_and_no_aim_is_looser_than_its_limit() {
        for (at, figure) in FIGURES.iter().enumerate() {
            assert!(FIGURES[..at].iter().all(|other| other.id != figure.id), "{:?}", figure.id);
            if let (Some(limit), Some(aim)) = (figure.limit, figure.aim) {
                assert!(aim <= limit, "{:?}", figure.id);
            }
        }
    }

    #[test]
    fn a_ratio_is_taken_within_each_moment() {
        let id = Id::RequestCpu16;
        // The machine was three times slower in the second round, for both.
        let samples = [
            sample(1, Kind::Nginx, id, 20.0),
            sample(1, Kind::Wardgate, id, 30.0),
            sample(2, Kind::Nginx, id, 60.0),
            sample(2, Kind::Wardgate, id, 90.0),
            sample(3, Kind::Wardgate, id, 500.0),
        ];
        let row = row(&samples, id);
        assert_eq!(row.ratio, Some(1.5));
        assert_eq!(row.verdict, Some(Verdict::Pass));
        assert_eq!(row.targets[&Kind::Nginx], Summary { median: 40.0, min: 20.0, max: 60.0, values: vec![20.0, 60.0] });
    }

    #[test]
    fn the_worst_round_counts_for_errors() {
        let id = Id::ParallelFailures;
        let samples =
            [sample(1, Kind::Wardgate, id, 0.0), sample(2, Kind::Wardgate, id, 1.0), sample(3, Kind::Wardgate, id, 0.0)];
        assert!(row(&samples, id).misses_its_limit());
        assert!(!row(&samples[..1], id).misses_its_limit());
    }

    #[test]
    fn what_was_not_measured_does_not_pass() {
        let samples = [sample(1, Kind::Wardgate, Id::PromptCpu, 700.0)];
        assert_eq!(row(&samples, Id::PromptCpu).verdict, Some(Verdict::Unmeasured));
        assert!(row(&[], Id::StreamMemory).misses_its_limit());
        assert!(!row(&[], Id::IdleMemory).misses_its_limit());
    }

    #[test]
    fn verdicts() {
        assert_eq!(judge(Some(1.2), Some(2.0), Some(1.3)), Some(Verdict::Aim));
        assert_eq!(judge(Some(2.0), Some(2.0), Some(1.3)), Some(Verdict::Pass));
        assert_eq!(judge(Some(2.1), Some(2.0), Some(1.3)), Some(Verdict::Missed));
        assert_eq!(judge(Some(999.0), Some(1000.0), None), Some(Verdict::Pass));
        assert_eq!(judge(Some(60.0), None, Some(50.0)), Some(Verdict::ShortOfAim));
        assert_eq!(judge(Some(3.0), None, None), None);
    }
}
