//! Usage events between the request that made them and the store.
//!
//! An event is put here before the last byte of its answer leaves, which costs a push under a lock; a background task moves
//! them to the store in batches. The store being away must stop nobody, so events wait, up to a bound.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wardgate_core::usage::UsageEvent;

/// The most events that wait: hours of a quiet gateway, minutes of a busy one.
pub const WAITING_MAX: usize = 200_000;

/// The events that are not stored yet.
#[derive(Default)]
pub struct Ledger {
    waiting: Mutex<Vec<UsageEvent>>,
    /// Told when a batch is worth storing before its time.
    many: Notify,
}

/// How many waiting events are stored without waiting for the next round.
const MANY: usize = 512;

impl Ledger {
    /// Adds an event. `false` when too many wait and it is lost.
    #[must_use]
    pub fn append(&self, event: UsageEvent) -> bool {
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX {
            return false;
        }
        waiting.push(event);
        if waiting.len() == MANY {
            self.many.notify_one();
        }
        true
    }

    /// Takes up to `max` of the oldest events out.
    #[must_use]
    pub fn take(&self, max: usize) -> Vec<UsageEvent> {
        let mut waiting = self.lock();
        if waiting.len() <= max {
            return std::mem::take(&mut *waiting);
        }
        waiting.drain(..max).collect()
    }

    /// Puts events that could not be stored back in front.
    pub fn put_back(&self, mut events: Vec<UsageEvent>) {
        let mut waiting = self.lock();
        events.append(&mut waiting);
        *waiting = events;
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Resolves when many events wait.
    pub async fn many(&self) {
        self.many.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<UsageEvent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
