//! The store on SQLite. A file per table; [`table`] does for all kinds what they have in common.

mod table;
mod parts;
mod access_keys;
mod accounts;
mod api_keys;
mod audit;
mod budgets;
mod configurations;
mod credits;
mod escrow;
mod gateway_config;
mod grants;
mod idempotency;
mod managed_keys;
mod operator_keys;
mod overview;
mod provider_keys;
mod provider_parts;
mod providers;
mod purchases;
mod references;
mod routing;
mod rows;
mod sealed;
mod spending;
mod sums;
mod teams;
mod tiers;
mod touch;
mod upkeep;
mod usage;
mod virtual_models;

use crate::error::unavailable;
use async_trait::async_trait;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqlitePool, Transaction};
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::Account;
use wardgate_core::api_key::{ApiKey, OperatorKey};
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccessKeyId, AccountId, ApiKeyId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;
use wardgate_store::changes::LocalFeed;
use wardgate_store::{AuditQuery, Change, Listed, Listener, SeenKey, Store, StoreError, Tenant};

/// A statement with its parameters.
type Statement<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// A store in one SQLite file, for a gateway of one process. Clones share the connections.
#[derive(Clone)]
pub struct SqliteStore(Arc<Shared>);

struct Shared {
    writer: SqlitePool,
    readers: SqlitePool,
    feed: LocalFeed,
}

impl SqliteStore {
    pub(crate) fn new(writer: SqlitePool, readers: SqlitePool) -> Self {
        Self(Arc::new(Shared { writer, readers, feed: LocalFeed::default() }))
    }

    /// Waits for running calls and closes the file. Calls after this one fail.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
    }

    fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    fn writer(&self) -> &SqlitePool {
        &self.0.writer
    }

    /// A transaction that is a writer from its first statement. It is rolled back when it is dropped without a commit.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.0.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)
    }

    /// A transaction in which all reads are as of one moment.
    async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.0.readers.begin().await.map_err(unavailable)
    }

    /// Call it after the commit.
    async fn tell(&self, change: Option<Change>) {
        if let Some(change) = change {
            self.0.feed.tell(change).await;
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(self.readers()).await.map_err(unavailable).map(|_| ())
    }

    async fn access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
        access_keys::find(self, id).await
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        api_keys::find(self, id).await
    }

    async fn operator_key(&self, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError> {
        operator_keys::find(self, id).await
    }

    async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError> {
        accounts::find_by_name(self, name).await
    }

    async fn append_usage(&self, events: &[UsageEvent]) -> Result<u64, StoreError> {
        usage::append(self, events).await
    }

    async fn touch(&self, seen: &[(SeenKey, Timestamp)]) -> Result<(), StoreError> {
        touch::touch(self, seen).await
    }

    async fn audit_log(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
        audit::list(self, None, query).await
    }

    fn tenant(&self, account_id: AccountId) -> Box<dyn Tenant> {
        Box::new(SqliteTenant { store: self.clone(), account_id })
    }

    fn listen(&self, listener: Arc<dyn Listener>) {
        self.0.feed.listen(listener);
    }
}

/// The handle of one account. Every query of it names [`SqliteTenant::account`].
struct SqliteTenant {
    store: SqliteStore,
    account_id: AccountId,
}

impl Tenant for SqliteTenant {
    fn account_id(&self) -> AccountId {
        self.account_id
    }
}

impl SqliteTenant {
    /// The account's id as a parameter of a query.
    fn account(&self) -> &[u8] {
        self.account_id.as_bytes()
    }

    fn require_own(&self, account_id: AccountId, what: &'static str) -> Result<(), StoreError> {
        if account_id == self.account_id { Ok(()) } else { Err(StoreError::NotInAccount { what }) }
    }
}
