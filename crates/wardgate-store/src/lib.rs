//! What Wardgate keeps, as traits: one file a table, asked through a handle that is bound to one account.
//!
//! This crate knows nothing of SQL and nothing of HTTP; it keeps documents as text without understanding them. It brings an
//! in-memory store, for tests and as the shortest example of an adapter, and the conformance suite that every adapter passes.
//! Start reading at [`Store`]; a new adapter starts at [`conformance`].

pub mod access_keys;
pub mod accounts;
pub mod api_keys;
pub mod changes;
pub mod conformance;
pub mod error;
pub mod memory;
pub mod page;
pub mod provider_keys;
pub mod providers;
pub mod routing;
pub mod usage;

pub use access_keys::AccessKeys;
pub use accounts::Accounts;
pub use api_keys::ApiKeys;
pub use changes::{Change, Listener};
pub use error::StoreError;
pub use page::{Listed, Page};
pub use provider_keys::ProviderKeys;
pub use providers::CustomProviders;
pub use routing::{Routing, RoutingMaterial};
pub use usage::{UsageEvents, UsageQuery};

use async_trait::async_trait;
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{ApiKey, OperatorKey};
use wardgate_core::id::{AccessKeyId, AccountId, ApiKeyId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;

/// The whole store. What it answers itself is what must be known before the account is: who holds this key? Everything that
/// belongs to an account is behind [`Store::tenant`].
#[async_trait]
pub trait Store: Accounts + Send + Sync {
    /// Whether the store answers at all.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The access key with this id, revoked or not. One indexed read.
    async fn access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError>;

    /// The API key with this id, deleted or not.
    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The operator key with this id, deleted or not.
    async fn operator_key(&self, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError>;

    /// Stores an operator key.
    async fn create_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError>;

    /// Appends a batch of events in one transaction and says how many were new. An event whose id is already there is
    /// passed over, so a batch may be sent again after a failure.
    async fn append_usage(&self, events: &[UsageEvent]) -> Result<u64, StoreError>;

    /// Notes when access keys were last seen. Never moves a time back, and is no change that anyone is told of.
    async fn touch_access_keys(&self, seen: &[(AccessKeyId, Timestamp)]) -> Result<(), StoreError>;

    /// The handle through which one account's things are reached, and no other's.
    fn tenant(&self, account_id: AccountId) -> Box<dyn Tenant>;

    /// Tells a listener of every change from now on.
    fn listen(&self, listener: Arc<dyn Listener>);
}

/// One account's things. An object of another account is not found here, whatever its id.
///
/// A write whose future is dropped before it ends may have happened without any listener being told. Where a client can cause
/// that, by going away, run the write in a task of its own.
pub trait Tenant: AccessKeys + ApiKeys + ProviderKeys + CustomProviders + UsageEvents + Routing + Send + Sync {
    /// The account this handle is bound to.
    fn account_id(&self) -> AccountId;
}
