//! News of changes, for caches.

use tokio::sync::broadcast;
use wardgate_core::id::{AccessKeyId, AccountId};

/// What changed. Caches forget it and read it again when it is next needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An access key was made, edited or revoked.
    AccessKey(AccessKeyId),
    /// An account's provider keys, providers or settings changed.
    Account(AccountId),
    /// News was lost; anything may have changed.
    Everything,
}

/// How many changes may wait for a slow listener before it is told [`Change::Everything`] instead.
const CHANGES_WAITING_MAX: usize = 1_024;

/// A listener's end of the feed.
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    /// The next change. `None` when the store is gone. A listener that fell behind is told [`Change::Everything`].
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Everything),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// The store's end of a feed that stays within this process.
#[derive(Clone)]
pub struct LocalFeed(broadcast::Sender<Change>);

impl LocalFeed {
    /// A feed without listeners yet.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::channel(CHANGES_WAITING_MAX).0)
    }

    /// Tells every listener. Call it after the change is committed.
    pub fn tell(&self, change: Change) {
        // An error means that nobody listens, which is fine.
        let _ = self.0.send(change);
    }

    /// A new listener.
    #[must_use]
    pub fn listen(&self) -> Changes {
        Changes(self.0.subscribe())
    }
}

impl Default for LocalFeed {
    fn default() -> Self {
        Self::new()
    }
}
