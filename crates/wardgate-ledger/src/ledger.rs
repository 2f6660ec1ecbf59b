//! The queue of events, with the journal beneath it.
//!
//! The store being away must stop nobody, so events wait: in memory up to a bound, beyond it on disk only, up to another. A
//! disk that takes nothing stops nobody either: then events are in memory only, which is counted and told.

use crate::journal::{Journal, Number};
use crate::segment;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wardgate_core::id::RequestId;
use wardgate_core::usage::UsageEvent;

/// How much may wait.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events in memory.
    pub memory_events_max: usize,
    /// Bytes of journal.
    pub journal_bytes_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_events_max: 50_000, journal_bytes_max: 4 * 1024 * 1024 * 1024 }
    }
}

/// How many waiting events are stored without waiting for the next round: as many as belong in one batch. A batch rewrites the
/// pages at the end of each index, so a larger one costs less an event.
pub const MANY: usize = 1_024;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the journal, and outlives this process.
    Journaled,
    /// The disk did not take it; it lives as long as this process.
    InMemory,
    /// Neither disk nor memory has room; it is gone.
    Lost,
}

/// A journal that does not open.
#[derive(Debug, thiserror::Error)]
#[error("the usage journal in {} cannot be opened", directory.display())]
pub struct OpenError {
    directory: PathBuf,
    #[source]
    source: io::Error,
}

/// The events that the store does not have yet.
pub struct Ledger {
    state: Mutex<State>,
    options: Options,
    /// Told when a batch is worth storing before its time.
    many: Notify,
    is_failing: AtomicBool,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// What is on its way to the store, so that it is found meanwhile.
    leaving: Arc<Vec<UsageEvent>>,
    journal: Option<Journal>,
}

impl State {
    fn has_unread(&self) -> bool {
        self.journal.as_ref().is_some_and(Journal::has_unread)
    }
}

struct Waiting {
    event: UsageEvent,
    number: Option<Number>,
}

/// Events on their way to the store. It is given back by [`Ledger::stored`] or [`Ledger::put_back`].
#[derive(Default)]
#[must_use = "events that are not given back stay in the journal for ever"]
pub struct Batch {
    events: Arc<Vec<UsageEvent>>,
    numbers: Vec<Option<Number>>,
}

impl Batch {
    /// The events, the oldest first.
    #[must_use]
    pub fn events(&self) -> &[UsageEvent] {
        &self.events
    }
}

impl Ledger {
    /// A ledger without a journal: what it holds goes with the process.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        Self { state: Mutex::default(), options, many: Notify::new(), is_failing: AtomicBool::new(false) }
    }

    /// A ledger with its journal in this directory. What another process left there will go to the store.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn open(directory: &Path, options: Options) -> Result<Self, OpenError> {
        let journal = Journal::open(directory, options.journal_bytes_max)
            .map_err(|source| OpenError { directory: directory.to_owned(), source })?;
        let ledger = Self::in_memory(options);
        ledger.lock().journal = Some(journal);
        Ok(ledger)
    }

    /// Takes an event in. When this returns, the event is in the journal, if the disk takes it.
    pub fn append(&self, event: UsageEvent) -> Outcome {
        let mut state = self.lock();
        let State { waiting, journal, .. } = &mut *state;
        let is_in_memory = waiting.len() < self.options.memory_events_max;
        let written = journal.as_mut().map(|journal| journal.append(&event, is_in_memory));
        let number = match written {
            Some(Ok(number)) => Some(number),
            Some(Err(error)) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the usage journal takes no events; they are in memory only until it does");
                }
                None
            }
            None => None,
        };
        if number.is_some() && self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the usage journal takes events again");
        }
        if is_in_memory {
            waiting.push_back(Waiting { event, number });
            if waiting.len() == MANY {
                self.many.notify_one();
            }
        }
        match (number, is_in_memory) {
            (Some(_), _) => Outcome::Journaled,
            (None, true) => Outcome::InMemory,
            (None, false) => Outcome::Lost,
        }
    }

    /// Up to `max` of the oldest events. Reads a file of the journal when memory holds none, so one task calls it, where that may
    /// take a moment.
    pub fn take(&self, max: usize) -> Batch {
        while let Some((number, path)) = self.next_unread() {
            let Some(events) = read(number, &path) else {
                continue;
            };
            let mut state = self.lock();
            if let Some(journal) = &mut state.journal {
                journal.was_read(number, events.len() as u64);
            }
            state.waiting.extend(events.into_iter().map(|event| Waiting { event, number: Some(number) }));
        }
        let mut state = self.lock();
        let count = state.waiting.len().min(max);
        let (events, numbers): (Vec<_>, _) =
            state.waiting.drain(..count).map(|waiting| (waiting.event, waiting.number)).unzip();
        let events = Arc::new(events);
        state.leaving = Arc::clone(&events);
        Batch { events, numbers }
    }

    fn next_unread(&self) -> Option<(Number, PathBuf)> {
        let mut state = self.lock();
        if !state.waiting.is_empty() {
            return None;
        }
        state.journal.as_mut().and_then(Journal::next_unread)
    }

    /// The store has these, so they need not be kept.
    #[expect(clippy::needless_pass_by_value, reason = "what the store has is not to be put back")]
    pub fn stored(&self, batch: Batch) {
        let mut state = self.lock();
        state.leaving = Arc::default();
        let Some(journal) = &mut state.journal else {
            return;
        };
        for run in batch.numbers.chunk_by(|one, next| one == next) {
            if let Some(number) = run[0] {
                journal.stored(number, run.len() as u64);
            }
        }
    }

    /// The store did not take these; they are the oldest again.
    pub fn put_back(&self, batch: Batch) {
        let mut state = self.lock();
        state.leaving = Arc::default();
        for (event, number) in Arc::unwrap_or_clone(batch.events).into_iter().zip(batch.numbers).rev() {
            state.waiting.push_front(Waiting { event, number });
        }
    }

    /// The attempts of a request that the store may not have yet, as far as they are in memory.
    #[must_use]
    pub fn find(&self, id: RequestId) -> Vec<UsageEvent> {
        let state = self.lock();
        // The newest are asked for most, and are the last.
        let waiting = state.waiting.iter().rev().map(|waiting| &waiting.event);
        waiting.chain(state.leaving.iter()).filter(|event| event.request_id == id).cloned().collect()
    }

    /// How many wait in memory.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Whether nothing waits, neither in memory nor on disk.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && !state.has_unread()
    }

    /// Whether events wait that are on disk only.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        self.lock().has_unread()
    }

    /// Whether the disk took the last event.
    #[must_use]
    pub fn is_journaling(&self) -> bool {
        !self.is_failing.load(Ordering::Relaxed)
    }

    /// Resolves when many events wait.
    pub async fn many(&self) {
        self.many.notified().await;
    }

    /// Makes sure that what was appended outlives a loss of power, too. Waits for the disk.
    ///
    /// # Errors
    /// When the disk reports one.
    pub fn sync(&self) -> io::Result<()> {
        let handle = self.lock().journal.as_ref().and_then(Journal::handle);
        match handle {
            Some(handle) => handle?.sync_data(),
            None => Ok(()),
        }
    }

    /// Leaves nothing on disk of what the store has. Call it when no more events come.
    pub fn close(&self) {
        if let Some(journal) = &mut self.lock().journal {
            journal.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a file without holding anyone up.
fn read(number: Number, path: &Path) -> Option<Vec<UsageEvent>> {
    match segment::read(path) {
        Ok(contents) => {
            if contents.bytes_lost > 0 {
                let bytes = contents.bytes_lost;
                tracing::warn!(number, bytes, "a file of the usage journal has a damaged end, which is dropped");
            }
            Some(contents.events)
        }
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a file of the usage journal cannot be read; it stays where it is");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::event;
    use std::collections::BTreeSet;

    fn options(memory_events_max: usize) -> Options {
        Options { memory_events_max, ..Options::default() }
    }

    fn ids(events: &[UsageEvent]) -> BTreeSet<u64> {
        events.iter().map(|event| event.duration_us).collect()
    }

    fn files(directory: &Path) -> usize {
        std::fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn a_killed_process_leaves_all_that_is_not_stored() {
        let directory = tempfile::tempdir().unwrap();
        let first = Ledger::open(directory.path(), options(100)).unwrap();
        for number in 0..10 {
            assert_eq!(first.append(event(number)), Outcome::Journaled);
        }
        first.stored(first.take(4));
        // No close: as if killed.
        std::mem::forget(first);
        let second = Ledger::open(directory.path(), options(100)).unwrap();
        assert!(!second.is_empty());
        let batch = second.take(100);
        assert!(ids(batch.events()).is_superset(&(4..10).collect()), "{:?}", ids(batch.events()));
        second.stored(batch);
        assert!(second.is_empty());
        second.close();
        assert_eq!(files(directory.path()), 0);
    }

    #[test]
    fn what_memory_does_not_hold_is_read_from_disk_later() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(directory.path(), options(5)).unwrap();
        for number in 0..20 {
            assert_eq!(ledger.append(event(number)), Outcome::Journaled);
        }
        assert_eq!(ledger.waiting(), 5);
        let mut seen = BTreeSet::new();
        while !ledger.is_empty() {
            let batch = ledger.take(3);
            // The store is away every other time.
            if batch.events().len() % 2 == 1 && seen.len() % 2 == 0 {
                seen.extend(ids(batch.events()));
                ledger.stored(batch);
            } else {
                seen.extend(ids(batch.events()));
                ledger.put_back(batch);
                let again = ledger.take(3);
                ledger.stored(again);
            }
        }
        assert_eq!(seen, (0..20).collect());
        ledger.close();
        assert_eq!(files(directory.path()), 0);
    }

    #[test]
    fn what_the_store_may_not_have_is_found() {
        let ledger = Ledger::in_memory(options(100));
        let (first, second) = (event(1), UsageEvent { attempt_number: 2, ..event(1) });
        let other = UsageEvent { request_id: RequestId::from_bytes([9; 16]), ..event(2) };
        for event in [&first, &other, &second] {
            ledger.append(event.clone());
        }
        let found = |count| assert_eq!(ledger.find(first.request_id).len(), count);
        found(2);
        let batch = ledger.take(2);
        found(2);
        ledger.put_back(batch);
        found(2);
        let batch = ledger.take(2);
        ledger.stored(batch);
        found(1);
        assert_eq!(ledger.find(first.request_id), [second]);
    }

    #[test]
    fn a_full_journal_leaves_memory_and_then_loses() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(directory.path(), Options { memory_events_max: 2, journal_bytes_max: 0 }).unwrap();
        let outcomes: Vec<_> = (0..3).map(|number| ledger.append(event(number))).collect();
        assert_eq!(outcomes, [Outcome::InMemory, Outcome::InMemory, Outcome::Lost]);
        assert!(!ledger.is_journaling());
        let batch = ledger.take(10);
        assert_eq!(ids(batch.events()), (0..2).collect());
        ledger.stored(batch);
        assert!(ledger.is_empty());
    }

    #[test]
    fn without_a_journal_memory_has_the_bound() {
        let ledger = Ledger::in_memory(options(1));
        assert_eq!(ledger.append(event(1)), Outcome::InMemory);
        assert_eq!(ledger.append(event(2)), Outcome::Lost);
        assert!(ledger.sync().is_ok());
    }
}
