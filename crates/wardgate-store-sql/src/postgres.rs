//! The store on Postgres, for gateways of several processes.
//!
//! Start reading in `postgres/table.rs`, which does for all kinds what they have in common; a kind's own file says what is
//! particular to it. `database.rs` is why no call waits for ever, `writing.rs` what a write locks, `feed.rs` how processes hear
//! of each other's changes.

mod database;
mod writing;
mod table;
mod id;
mod parts;
mod accounts;
mod teams;
mod tiers;
mod access_keys;
mod configurations;
mod virtual_models;
mod api_keys;
mod budgets;
mod operator_keys;
mod provider_keys;
mod managed_keys;
mod grants;
mod providers;
mod provider_parts;
mod gateway_config;
mod credits;
mod escrow;
mod purchases;
mod routing;
mod sums;
mod usage;
mod overview;
mod upkeep;
mod touch;
mod audit;
mod idempotency;
mod sealed;
mod feed;
mod migrate;
mod open;

pub use open::PostgresOptions;

use async_trait::async_trait;
use database::Database;
use feed::Feed;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::Account;
use wardgate_core::api_key::{ApiKey, OperatorKey};
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccessKeyId, AccountId, ApiKeyId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;
use wardgate_store::{AuditQuery, Listed, Listener, SeenKey, Store, StoreError, Tenant};

/// A text with its parameters.
type Statement<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// A store in a Postgres database. Clones share the connections.
#[derive(Clone)]
pub struct PostgresStore(Arc<Shared>);

struct Shared {
    database: Database,
    feed: Arc<Feed>,
    /// They end with the store.
    tasks: Mutex<JoinSet<()>>,
}

impl PostgresStore {
    fn new(database: Database, feed: Arc<Feed>, tasks: JoinSet<()>) -> Self {
        Self(Arc::new(Shared { database, feed, tasks: Mutex::new(tasks) }))
    }

    /// What time it is by the server's clock.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now";
        let row = self.database().row(sqlx::query(sql)).await?;
        let row = row.ok_or_else(|| StoreError::Corrupt { table: "the clock", why: "it gave no row".to_owned() })?;
        crate::row::Cells::new("the clock", &row).time("now")
    }

    /// Waits for running calls, a while, and closes all connections. Calls after this one fail.
    pub async fn close(&self) {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        self.0.database.close().await;
    }

    fn database(&self) -> &Database {
        &self.0.database
    }

    fn feed(&self) -> &Arc<Feed> {
        &self.0.feed
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.database().run(sqlx::query("SELECT 1")).await.map(|_| ())
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
        accounts::by_name(self, name).await
    }

    async fn append_usage(&self, events: &[UsageEvent]) -> Result<u64, StoreError> {
        usage::append(self, events).await
    }

    async fn touch(&self, seen: &[(SeenKey, Timestamp)]) -> Result<(), StoreError> {
        touch::touch(self, seen).await
    }

    async fn audit_log(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
        audit::list(self, query).await
    }

    fn tenant(&self, account_id: AccountId) -> Box<dyn Tenant> {
        Box::new(PostgresTenant { store: self.clone(), account_id })
    }

    fn listen(&self, listener: Arc<dyn Listener>) {
        self.feed().listen(listener);
    }
}

/// The handle of one account. Every query of it names its id.
struct PostgresTenant {
    store: PostgresStore,
    account_id: AccountId,
}

impl Tenant for PostgresTenant {
    fn account_id(&self) -> AccountId {
        self.account_id
    }
}
