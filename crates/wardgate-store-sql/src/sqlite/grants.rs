//! Which accounts may use managed keys.

use super::{SqliteStore, audit};
use crate::error::{of_insert, unavailable};
use crate::row::Cells;
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_store::{Change, Grants, StoreError};

#[async_trait]
impl Grants for SqliteStore {
    async fn grant(&self, key: ManagedKeyId, account: AccountId, event: &AuditEvent) -> Result<bool, StoreError> {
        let insert = "INSERT INTO grants (managed_key_id, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING";
        self.change_grant(insert, key, account, event).await
    }

    async fn revoke_grant(&self, key: ManagedKeyId, account: AccountId, event: &AuditEvent) -> Result<bool, StoreError> {
        self.change_grant("DELETE FROM grants WHERE managed_key_id = ? AND account_id = ?", key, account, event).await
    }

    async fn granted_accounts(
        &self,
        key: ManagedKeyId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let rows = sqlx::query("SELECT account_id FROM grants WHERE managed_key_id = ? AND account_id > ? ORDER BY 1 LIMIT ?")
            .bind(key.as_bytes().as_slice())
            .bind(after.as_ref().map_or([].as_slice(), |id| id.as_bytes().as_slice()))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| Cells::new("grants", row).id("account_id").map(AccountId::from_bytes)).collect()
    }

    async fn granted_keys(&self, account: AccountId) -> Result<Vec<ManagedKeyId>, StoreError> {
        let rows = sqlx::query("SELECT managed_key_id FROM grants WHERE account_id = ? ORDER BY 1")
            .bind(account.as_bytes().as_slice())
            .fetch_all(self.readers())
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| Cells::new("grants", row).id("managed_key_id").map(ManagedKeyId::from_bytes)).collect()
    }
}

impl SqliteStore {
    /// Runs a statement about one grant, and says whether it did anything.
    async fn change_grant(
        &self,
        statement: &'static str,
        key: ManagedKeyId,
        account: AccountId,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(statement)
            .bind(key.as_bytes().as_slice())
            .bind(account.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(|error| of_insert(error, || "the grant".to_owned(), "the managed key or the account"))?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        audit::append(&mut transaction, event).await?;
        transaction.commit().await.map_err(unavailable)?;
        self.tell(Some(Change::Account(account))).await;
        Ok(true)
    }
}
