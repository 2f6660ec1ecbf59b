//! What every endpoint is given.

use crate::auth::verified::Verified;
use crate::deps::Deps;
use crate::error::ApiError;
use std::fmt::Display;
use std::sync::Arc;
use wardgate_core::account::Account;
use wardgate_core::id::AccountId;
use wardgate_core::time::Timestamp;
use wardgate_store::Collection;

/// The state of the router. Clones share it.
pub(crate) type App = Arc<AppState>;

/// The collaborators, and what is remembered between requests.
pub(crate) struct AppState {
    pub(crate) deps: Arc<Deps>,
    pub(crate) verified: Verified,
}

impl AppState {
    pub(crate) fn new(deps: Arc<Deps>) -> Self {
        Self { deps, verified: Verified::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }

    /// The address of a collection, which starts with a slash.
    pub(crate) fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.deps.options.public_url.trim_end_matches('/'))
    }

    /// The address of one item.
    pub(crate) fn item_uri(&self, path: &str, id: impl Display) -> String {
        format!("{}/{id}", self.uri(path))
    }

    /// The account with this id.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<Account>, ApiError> {
        Ok(Collection::<Account>::get(&*self.deps.store, id).await?)
    }

    /// Runs work that hashes.
    pub(crate) async fn hash<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        self.deps.hash_lane.run(work).await.map_err(|_| ApiError::busy())
    }
}
