//! Connections that wait for a call.

use crate::connection::Connection;
use crate::pool::Host;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// The waiting connections of one domain of trust.
pub(crate) struct Idle {
    places: Mutex<Places>,
    per_host_max: usize,
    timeout: Duration,
}

#[derive(Default)]
struct Places {
    /// By host, those that waited longest first. A host without one is forgotten at the next sweep.
    hosts: HashMap<Host, Vec<Waiting>, foldhash::fast::RandomState>,
    /// Whether a task looks after them.
    is_swept: bool,
}

struct Waiting {
    connection: Box<Connection>,
    since: Instant,
}

impl Idle {
    pub(crate) fn new(per_host_max: usize, timeout: Duration) -> Self {
        Self { places: Mutex::default(), per_host_max, timeout }
    }

    /// The connection that waited shortest, which is the least likely to be closed.
    pub(crate) fn take(&self, host: &Host) -> Option<Box<Connection>> {
        loop {
            let Waiting { mut connection, since } = self.places().hosts.get_mut(host)?.pop()?;
            // From here on without the lock, as what is of no more use is closed here.
            if since.elapsed() <= self.timeout && connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Lets a connection wait.
    pub(crate) fn put(self: &Arc<Self>, connection: Box<Connection>) {
        let mut places = self.places();
        if !places.is_swept {
            places.is_swept = true;
            tokio::spawn(sweep(Arc::downgrade(self), self.timeout / 2));
        }
        let waiting = Waiting { connection, since: Instant::now() };
        match places.hosts.get_mut(&waiting.connection.host) {
            Some(others) if others.len() < self.per_host_max => others.push(waiting),
            Some(_) => drop(places),
            None => {
                places.hosts.insert(waiting.connection.host.clone(), vec![waiting]);
            }
        }
    }

    /// Closes what has waited too long, and what the other side has closed. Says whether anything still waits.
    fn sweep(&self) -> bool {
        let mut places = self.places();
        let mut useless = Vec::new();
        for waiting in places.hosts.values_mut() {
            let is_useless = |waiting: &mut Waiting| waiting.since.elapsed() > self.timeout || !waiting.connection.is_quiet();
            useless.extend(waiting.extract_if(.., is_useless));
        }
        places.hosts.retain(|_, waiting| !waiting.is_empty());
        places.is_swept = !places.hosts.is_empty();
        let is_swept = places.is_swept;
        // Closing takes its time, which nobody should wait for.
        drop(places);
        drop(useless);
        is_swept
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after the waiting connections for as long as there are any: one that the other side closed would otherwise keep its
/// socket until the next call to its host, which may never come.
async fn sweep(idle: Weak<Idle>, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        if !idle.upgrade().is_some_and(|idle| idle.sweep()) {
            return;
        }
    }
}
