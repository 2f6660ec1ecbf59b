//! What the master key seals.

use super::SqliteStore;
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_store::{Change, Sealed, StoreError};

#[async_trait]
impl Sealed for SqliteStore {
    async fn master_key_proof(&self) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar("SELECT proof FROM master_key_proof").fetch_optional(self.readers()).await.map_err(unavailable)
    }

    async fn replace_master_key_proof(&self, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
        let replaced = match old {
            None => sqlx::query("INSERT INTO master_key_proof (is_the_only_row, proof) VALUES (1, ?) ON CONFLICT DO NOTHING")
                .bind(new),
            Some(old) => sqlx::query("UPDATE master_key_proof SET proof = ? WHERE proof = ?").bind(new).bind(old),
        };
        let replaced = replaced.execute(self.writer()).await.map_err(unavailable)?;
        Ok(replaced.rows_affected() > 0)
    }

    async fn sealed_data_keys(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, Vec<u8>)>, StoreError> {
        let text = "SELECT id, sealed_data_key AS sealed FROM accounts WHERE id > ? ORDER BY id LIMIT ?";
        let after = after.as_ref().map(AccountId::as_bytes);
        let sealed = self.sealed("accounts", text, after, limit).await?;
        Ok(sealed.into_iter().map(|(id, sealed)| (AccountId::from_bytes(id), sealed)).collect())
    }

    async fn replace_sealed_data_key(&self, id: AccountId, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let text = "UPDATE accounts SET sealed_data_key = ? WHERE id = ? AND sealed_data_key = ?";
        self.reseal(text, id.as_bytes(), old, new, Change::Account(id)).await
    }

    async fn sealed_managed_keys(
        &self,
        after: Option<ManagedKeyId>,
        limit: u32,
    ) -> Result<Vec<(ManagedKeyId, Vec<u8>)>, StoreError> {
        let text = "SELECT id, sealed_value AS sealed FROM managed_keys WHERE id > ? ORDER BY id LIMIT ?";
        let after = after.as_ref().map(ManagedKeyId::as_bytes);
        let sealed = self.sealed("managed_keys", text, after, limit).await?;
        Ok(sealed.into_iter().map(|(id, sealed)| (ManagedKeyId::from_bytes(id), sealed)).collect())
    }

    async fn replace_sealed_managed_key(&self, id: ManagedKeyId, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let text = "UPDATE managed_keys SET sealed_value = ?, version = version + 1 WHERE id = ? AND sealed_value = ?";
        self.reseal(text, id.as_bytes(), old, new, Change::Everything).await
    }
}

impl SqliteStore {
    async fn sealed(
        &self,
        table: &'static str,
        text: &'static str,
        after: Option<&[u8; 16]>,
        limit: u32,
    ) -> Result<Vec<([u8; 16], Vec<u8>)>, StoreError> {
        let rows = sqlx::query(text)
            .bind(after.map_or([].as_slice(), <[u8; 16]>::as_slice))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(unavailable)?;
        let read = |row| {
            let cells = Cells::new(table, row);
            Ok((cells.id("id")?, cells.get("sealed")?))
        };
        rows.iter().map(read).collect()
    }

    async fn reseal(
        &self,
        text: &'static str,
        id: &[u8; 16],
        old: &[u8],
        new: &[u8],
        change: Change,
    ) -> Result<bool, StoreError> {
        let replaced =
            sqlx::query(text).bind(new).bind(id.as_slice()).bind(old).execute(self.writer()).await.map_err(unavailable)?;
        let is_replaced = replaced.rows_affected() > 0;
        self.tell(is_replaced.then_some(change)).await;
        Ok(is_replaced)
    }
}
