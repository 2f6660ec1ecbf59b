//! Stopping without dropping anyone: new work is refused at once, running streams get their time, then they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio_util::sync::CancellationToken;

/// The three moments of a stop.
#[derive(Default)]
pub struct Drain {
    started: CancellationToken,
    is_expired: AtomicBool,
    expired: Arc<Notify>,
    cut_off: CancellationToken,
}

impl Drain {
    /// Begins to stop: no new connections, and each connection closes after the request it is at.
    pub fn start(&self) {
        self.started.cancel();
    }

    /// Whether the stop has begun.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.started.is_cancelled()
    }

    /// Waits until the stop begins.
    pub async fn started(&self) {
        self.started.cancelled().await;
    }

    /// The time is up: streams that still run end with an error event.
    pub fn expire(&self) {
        self.is_expired.store(true, Ordering::Release);
        self.expired.notify_waiters();
    }

    /// Ends the connections of those who did not read that the time is up, so that what they used is written down.
    pub fn cut_off(&self) {
        self.cut_off.cancel();
    }

    /// Waits until connections are to be ended whatever they are at.
    pub(crate) async fn is_cut_off(&self) {
        self.cut_off.cancelled().await;
    }

    /// Whether the time is up.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.is_expired.load(Ordering::Acquire)
    }

    /// Resolves when the time is up, for a request that has no answer yet.
    pub(crate) async fn expired(&self) {
        let expiry = self.expiry();
        // Whoever comes late is not notified any more.
        if !self.is_expired() {
            expiry.await;
        }
    }

    /// Resolves when the time is up, for a stream that waits for its provider.
    pub(crate) fn expiry(&self) -> OwnedNotified {
        Arc::clone(&self.expired).notified_owned()
    }
}
