//! What one connection saw.

use super::answer::Verdict;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) answers: u64,
    pub(crate) failures: u64,
    pub(crate) altered: u64,
    pub(crate) reconnects: u64,
    pub(crate) first_failure: Option<String>,
    pub(crate) latencies_ns: Vec<u64>,
}

impl Tally {
    pub(crate) const fn requests(&self) -> u64 {
        self.answers + self.failures
    }

    /// Counts one request. A failure's latency says nothing, so it is left out.
    pub(crate) fn count(&mut self, outcome: anyhow::Result<Verdict>, latency: Duration) {
        match outcome {
            Ok(verdict) => {
                self.answers += 1;
                self.altered += u64::from(verdict == Verdict::Altered);
                self.latencies_ns.push(super::nanos(latency));
            }
            Err(error) => {
                self.failures += 1;
                self.first_failure.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.failures += other.failures;
        self.altered += other.altered;
        self.reconnects += other.reconnects;
        self.first_failure = self.first_failure.take().or(other.first_failure);
        self.latencies_ns.extend(other.latencies_ns);
    }
}
