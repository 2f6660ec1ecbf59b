//! When keys were last used, written now and then.
//!
//! Nobody waits for it, and a store that is slow gets few such writes at once: a time that is not written now is written with
//! the next request.

use crate::app::App;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use wardgate_core::time::Timestamp;
use wardgate_store::SeenKey;

/// How old a time may be before it is written anew.
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// How many writes may be under way.
const WRITES_MAX: usize = 4;

/// The writes that are under way.
pub(crate) struct Seen {
    turns: Arc<Semaphore>,
    /// Their keys, at most [`WRITES_MAX`], so that none is written twice at once.
    writing: Arc<Mutex<Vec<SeenKey>>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(WRITES_MAX)), writing: Arc::default() }
    }
}

impl Seen {
    /// Notes that a key was used now, where the time that is stored is too old.
    pub(crate) fn note(&self, app: &App, key: SeenKey, stored: Option<Timestamp>) {
        let now = app.now();
        if stored.is_some_and(|stored| now < stored.plus(FRESH_FOR)) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() else { return };
        {
            let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            if writing.contains(&key) {
                return;
            }
            writing.push(key);
        }
        let (store, writing) = (Arc::clone(&app.deps.store), Arc::clone(&self.writing));
        tokio::spawn(async move {
            if let Err(error) = store.touch(&[(key, now)]).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "the last use of a key is not noted");
            }
            writing.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != key);
            drop(turn);
        });
    }
}
