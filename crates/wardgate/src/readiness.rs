//! Whether this process should be sent requests, told honestly and without waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wardgate_admin::{Readiness, ReadinessReport};
use wardgate_ledger::Ledger;
use wardgate_proxy::Drain;

/// The state of this process.
pub(crate) struct ProcessReadiness {
    drain: Arc<Drain>,
    ledger: Arc<Ledger>,
    store_answers: AtomicBool,
}

impl ProcessReadiness {
    /// Of a process that has just opened its store.
    pub(crate) fn new(drain: Arc<Drain>, ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self { drain, ledger, store_answers: AtomicBool::new(true) })
    }

    /// What the last look at the store found.
    pub(crate) fn set_store(&self, answers: bool) {
        self.store_answers.store(answers, Ordering::Release);
    }
}

impl Readiness for ProcessReadiness {
    /// Without its store the process still serves every key it knows, so it stays ready and says what is missing.
    fn report(&self) -> ReadinessReport {
        let store =
            if self.store_answers.load(Ordering::Acquire) { "answers" } else { "does not answer; known keys are served" };
        let process = if self.drain.is_started() { "stopping" } else { "running" };
        let journal = if self.ledger.is_journaling() {
            "takes events"
        } else {
            "takes no events; they are in memory until the store has them"
        };
        ReadinessReport {
            ready: !self.drain.is_started(),
            notes: vec![
                ("journal".to_owned(), journal.to_owned()),
                ("store".to_owned(), store.to_owned()),
                ("process".to_owned(), process.to_owned()),
            ],
        }
    }
}
