//! What Wardgate keeps, as traits, asked through a handle that is bound to one account.
//!
//! This crate knows nothing of SQL and nothing of HTTP; it keeps documents as text without understanding them. Most tables are
//! asked in the same five ways, which is the trait [`Collection`]; what a kind of object is, and how its list is filtered, is
//! in [`kinds`]. The crate brings an in-memory store, for tests and as the shortest example of an adapter, and the conformance
//! suite that every adapter passes. Start reading at [`Store`]; a new adapter starts at [`conformance`].

pub mod collection;
pub mod kinds;
pub mod page;
pub mod error;
pub mod changes;
pub mod audit;
pub mod credits;
pub mod escrow;
pub mod gateway_config;
pub mod grants;
pub mod idempotency;
pub mod routing;
pub mod sealed;
pub mod usage;
pub mod conformance;
pub mod memory;

pub use audit::{AuditLog, AuditQuery};
pub use changes::{Change, Listener};
pub use collection::{Collection, Kind};
pub use credits::{CreditStanding, Credits};
pub use error::StoreError;
pub use escrow::Escrow;
pub use gateway_config::GatewayConfigs;
pub use grants::Grants;
pub use idempotency::{Begun, Idempotency, IdempotencyKey};
pub use page::{Listed, Page};
pub use routing::{Routing, RoutingMaterial};
pub use sealed::Sealed;
pub use usage::{UsageEvents, UsageQuery, UsageUpkeep};

use async_trait::async_trait;
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, Team};
use wardgate_core::api_key::{ApiKey, OperatorKey};
use wardgate_core::audit::AuditEvent;
use wardgate_core::budget::Budget;
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::credit::Purchase;
use wardgate_core::id::{AccessKeyId, AccountId, ApiKeyId, ManagedKeyId, OperatorKeyId, ProviderKeyId};
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::tier::Tier;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;

/// The whole store: what belongs to no account, and what must be known before the account is, such as who holds a key.
/// Everything that belongs to an account is behind [`Store::tenant`].
///
/// An account is created together with its team `default`, whose id it names. Deleting it deletes everything of it but its
/// usage and its audit log.
#[async_trait]
pub trait Store:
    Collection<Account>
    + Collection<OperatorKey>
    + Collection<ManagedKey>
    + Collection<Tier>
    + Grants
    + Idempotency
    + Sealed
    + UsageUpkeep
    + Send
    + Sync
{
    /// Whether the store answers at all.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The access key with this id, revoked or not. One indexed read.
    async fn access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError>;

    /// The API key with this id, deleted or not.
    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The operator key with this id, deleted or not.
    async fn operator_key(&self, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError>;

    /// The account with this name.
    async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError>;

    /// Appends a batch of events in one transaction and says how many were new. An event whose id is already there is
    /// passed over, so a batch may be sent again after a failure.
    async fn append_usage(&self, events: &[UsageEvent]) -> Result<u64, StoreError>;

    /// Notes when keys were last seen. Never moves a time back, passes over keys that are gone, and is no change that anyone is
    /// told of, nor a new version.
    async fn touch(&self, seen: &[(SeenKey, Timestamp)]) -> Result<(), StoreError>;

    /// A page of the whole audit log, newest first.
    async fn audit_log(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError>;

    /// The handle through which one account's things are reached, and no other's.
    fn tenant(&self, account_id: AccountId) -> Box<dyn Tenant>;

    /// Tells a listener of every change from now on.
    fn listen(&self, listener: Arc<dyn Listener>);
}

/// A key that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeenKey {
    /// A client presented it.
    Access(AccessKeyId),
    /// A manager presented it.
    Api(ApiKeyId),
    /// The operator presented it.
    Operator(OperatorKeyId),
    /// A provider was asked with it.
    Provider(ProviderKeyId),
    /// A provider was asked with it.
    Managed(ManagedKeyId),
}

/// One account's things. An object of another account is not found here, whatever its id, and is not stored here.
///
/// A write whose future is dropped before it ends may have happened without any listener being told. Where a client can cause
/// that, by going away, run the write in a task of its own.
pub trait Tenant:
    Collection<AccessKey>
    + Collection<ApiKey>
    + Collection<Budget>
    + Collection<Configuration>
    + Collection<CustomProvider>
    + Collection<ProviderKey>
    + Collection<Purchase>
    + Collection<Team>
    + Collection<VirtualModel>
    + AuditLog
    + Credits
    + Escrow
    + GatewayConfigs
    + Routing
    + UsageEvents
    + Send
    + Sync
{
    /// The account this handle is bound to.
    fn account_id(&self) -> AccountId;
}
