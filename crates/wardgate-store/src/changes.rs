//! News of changes, for caches.
//!
//! A listener is told before the call that made the change returns. So once a client has heard that a key is revoked, no
//! request in this process is served by it any more.

use async_trait::async_trait;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc;
use wardgate_core::id::{AccessKeyId, AccountId};

/// What changed. Caches forget it and read it again when it is next needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An access key was made, edited or revoked.
    AccessKey(AccessKeyId),
    /// An account changed, or something of it that its requests depend on: its teams, keys for providers, providers,
    /// configurations, virtual models, budgets or settings.
    Account(AccountId),
    /// News was lost; anything may have changed.
    Everything,
}

/// Someone who wants to know.
#[async_trait]
pub trait Listener: Send + Sync {
    /// This changed. Whoever made the change waits for this to return, so it only forgets things.
    async fn changed(&self, change: Change);
}

/// The store's end of a feed that stays within this process.
#[derive(Clone, Default)]
pub struct LocalFeed(Arc<RwLock<Vec<Arc<dyn Listener>>>>);

impl LocalFeed {
    /// Tells every listener, and returns when all have heard. Call it after the change is committed.
    pub async fn tell(&self, change: Change) {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            listener.changed(change).await;
        }
    }

    /// Adds a listener, for good.
    pub fn listen(&self, listener: Arc<dyn Listener>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }
}

/// A listener that keeps what it hears, for tests.
pub struct Heard(mpsc::Receiver<Change>);

/// The most changes that [`Heard`] keeps; later ones are lost.
const HEARD_MAX: usize = 1_024;

impl Heard {
    /// Everything that a store tells from now on.
    #[must_use]
    pub fn from(store: &dyn crate::Store) -> Self {
        struct Ear(mpsc::Sender<Change>);
        #[async_trait]
        impl Listener for Ear {
            async fn changed(&self, change: Change) {
                // A test that stopped listening is no reason to stop.
                let _ = self.0.try_send(change);
            }
        }
        let (sender, receiver) = mpsc::channel(HEARD_MAX);
        store.listen(Arc::new(Ear(sender)));
        Self(receiver)
    }

    /// The next change; waits for it.
    pub async fn next(&mut self) -> Option<Change> {
        self.0.recv().await
    }
}
