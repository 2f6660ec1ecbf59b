//! Which accounts may use managed keys.

use super::PostgresStore;
use super::id::Id;
use super::writing::{Writing, retried};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::error::ErrorKind;
use sqlx::types::Uuid;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_store::{Change, Grants, StoreError};

#[async_trait]
impl Grants for PostgresStore {
    async fn grant(&self, key: ManagedKeyId, account: AccountId, event: &AuditEvent) -> Result<bool, StoreError> {
        let text = "INSERT INTO grants (managed_key_id, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.set(text, key, account, event).await
    }

    async fn revoke_grant(&self, key: ManagedKeyId, account: AccountId, event: &AuditEvent) -> Result<bool, StoreError> {
        let text = "DELETE FROM grants WHERE managed_key_id = $1 AND account_id = $2";
        self.set(text, key, account, event).await
    }

    async fn granted_accounts(
        &self,
        key: ManagedKeyId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let statement = sqlx::query(
            "SELECT account_id FROM grants WHERE managed_key_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3",
        );
        let statement = statement.bind(key.uuid()).bind(after.map_or(Uuid::nil(), Id::uuid)).bind(i64::from(limit));
        let rows = self.database().rows(statement).await?;
        rows.iter().map(|row| Cells::new("grants", row).id("account_id").map(AccountId::from_bytes)).collect()
    }

    async fn granted_keys(&self, account: AccountId) -> Result<Vec<ManagedKeyId>, StoreError> {
        let statement = sqlx::query("SELECT managed_key_id FROM grants WHERE account_id = $1 ORDER BY managed_key_id");
        let rows = self.database().rows(statement.bind(account.uuid())).await?;
        rows.iter().map(|row| Cells::new("grants", row).id("managed_key_id").map(ManagedKeyId::from_bytes)).collect()
    }
}

impl PostgresStore {
    /// Whether the text changed anything.
    async fn set(
        &self,
        text: &'static str,
        key: ManagedKeyId,
        account: AccountId,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        retried(|| async {
            let mut writing = Writing::begin_for(self, None).await?;
            let done = async {
                let statement = sqlx::query(text).bind(key.uuid()).bind(account.uuid());
                if writing.lent().run(statement).await.map_err(refused)? == 0 {
                    return Ok(false);
                }
                writing.record(Some(Change::Account(account)), event).await?;
                Ok(true)
            };
            let done = done.await;
            writing.end(done).await
        })
        .await
    }
}

fn refused(error: sqlx::Error) -> StoreError {
    let what = error.as_database_error().and_then(|error| match (error.kind(), error.constraint()) {
        (ErrorKind::ForeignKeyViolation, Some("grants_managed_key_id_fkey")) => Some("the managed key"),
        (ErrorKind::ForeignKeyViolation, _) => Some("the account"),
        _ => None,
    });
    what.map_or_else(|| unavailable(error), |what| StoreError::NotInAccount { what })
}
