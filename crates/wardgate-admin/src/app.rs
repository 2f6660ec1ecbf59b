//! What every endpoint is given.

use crate::auth::seen::Seen;
use crate::auth::verified::Verified;
use crate::deps::Deps;
use crate::error::ApiError;
use std::fmt::Display;
use std::sync::Arc;
use wardgate_core::account::Account;
use wardgate_core::id::AccountId;
use wardgate_core::time::Timestamp;
use wardgate_keys::mint::{self, Minted};
use wardgate_keys::seal::DataKey;
use wardgate_keys::token::KeyId;
use wardgate_store::Collection;

/// The state of the router. Clones share it.
pub(crate) type App = Arc<AppState>;

/// The collaborators, and what is remembered between requests.
pub(crate) struct AppState {
    pub(crate) deps: Arc<Deps>,
    pub(crate) verified: Verified,
    pub(crate) seen: Seen,
    /// The description of the API, as it is served.
    pub(crate) openapi: String,
}

impl AppState {
    pub(crate) fn new(deps: Arc<Deps>, openapi: String) -> Self {
        Self { deps, verified: Verified::default(), seen: Seen::default(), openapi }
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

    /// Whether this is the id of a built-in provider.
    pub(crate) fn is_builtin(&self, provider: &str) -> bool {
        self.deps.catalog.get().provider(provider).is_some()
    }

    /// The account with this id.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<Account>, ApiError> {
        Ok(Collection::<Account>::get(&*self.deps.store, id).await?)
    }

    /// What seals an account's secrets.
    pub(crate) async fn data_key(&self, id: AccountId) -> Result<DataKey, ApiError> {
        let account = self.account(id).await?.ok_or_else(|| ApiError::not_found("account"))?;
        self.deps.master_key.open_data_key(id, &account.sealed_data_key).map_err(|error| ApiError::internal(&error))
    }

    /// Runs work that hashes.
    pub(crate) async fn hash<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        self.deps.hash_lane.run(work).await.map_err(|_| ApiError::busy())
    }

    /// Makes the token of a key, and its hash.
    pub(crate) async fn mint<Id: KeyId + Send + 'static>(&self, id: Id) -> Result<Minted, ApiError> {
        let random = Arc::clone(&self.deps.random);
        self.hash(move || mint::mint(id, &*random)).await?.map_err(|error| ApiError::internal(&error))
    }
}
