//! What the data plane remembers of the store, so that a request in the steady state asks it nothing.
//!
//! Entries are immutable versions. A change makes the cache forget; the next request reads the new version. A read that was
//! under way while a change was told may have seen the old version, so its result is used once and not kept.

mod keys;
mod tenants;

use async_trait::async_trait;
pub use keys::{KeyCache, KnownKey};
use std::sync::Arc;
use std::time::Duration;
pub use tenants::{TenantCache, TenantError};
use wardgate_store::{Change, Listener};

/// Seeded at random in each process, and several times as fast as the standard one.
pub(crate) type Hasher = foldhash::fast::RandomState;

/// How long a known key or account is served from memory when nobody says that it changed. The store may be away as long.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 3_600);

/// Makes both caches forget what a store says has changed.
pub struct Forgetting {
    deps: std::sync::Weak<crate::Deps>,
}

impl Forgetting {
    /// For the caches of a data plane.
    #[must_use]
    pub fn new(deps: &Arc<crate::Deps>) -> Arc<Self> {
        Arc::new(Self { deps: Arc::downgrade(deps) })
    }
}

#[async_trait]
impl Listener for Forgetting {
    async fn changed(&self, change: Change) {
        if let Some(deps) = self.deps.upgrade() {
            deps.keys.forget(change).await;
            deps.tenants.forget(change).await;
        }
    }
}
