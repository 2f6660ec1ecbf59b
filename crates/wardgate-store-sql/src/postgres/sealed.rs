//! What the master key seals.

use super::id::Id;
use super::writing::{Writing, retried};
use super::{PostgresStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::types::Uuid;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_store::{Change, Sealed, StoreError};

#[async_trait]
impl Sealed for PostgresStore {
    async fn master_key_proof(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.database().row(sqlx::query("SELECT master_key_proof FROM gateway")).await? {
            Some(row) => Cells::new("gateway", &row).get("master_key_proof"),
            None => Ok(None),
        }
    }

    async fn replace_master_key_proof(&self, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
        let statement = sqlx::query("UPDATE gateway SET master_key_proof = $2 WHERE master_key_proof IS NOT DISTINCT FROM $1");
        Ok(self.database().run(statement.bind(old).bind(new)).await? > 0)
    }

    async fn sealed_data_keys(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, Vec<u8>)>, StoreError> {
        let statement = sqlx::query("SELECT id, sealed_data_key AS sealed FROM accounts WHERE id > $1 ORDER BY id LIMIT $2");
        self.some("accounts", statement, after.map(Id::uuid), limit, AccountId::from_bytes).await
    }

    async fn replace_sealed_data_key(&self, id: AccountId, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let text = "UPDATE accounts SET sealed_data_key = $3 WHERE id = $1 AND sealed_data_key = $2";
        self.replace(text, id.uuid(), old, new, Change::Account(id)).await
    }

    async fn sealed_managed_keys(
        &self,
        after: Option<ManagedKeyId>,
        limit: u32,
    ) -> Result<Vec<(ManagedKeyId, Vec<u8>)>, StoreError> {
        let statement = sqlx::query("SELECT id, sealed_value AS sealed FROM managed_keys WHERE id > $1 ORDER BY id LIMIT $2");
        self.some("managed_keys", statement, after.map(Id::uuid), limit, ManagedKeyId::from_bytes).await
    }

    async fn replace_sealed_managed_key(&self, id: ManagedKeyId, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let text = "UPDATE managed_keys SET sealed_value = $3, version = version + 1 WHERE id = $1 AND sealed_value = $2";
        self.replace(text, id.uuid(), old, new, Change::Everything).await
    }
}

impl PostgresStore {
    async fn some<Id>(
        &self,
        table: &'static str,
        statement: Statement<'_>,
        after: Option<Uuid>,
        limit: u32,
        id: impl Fn([u8; 16]) -> Id,
    ) -> Result<Vec<(Id, Vec<u8>)>, StoreError> {
        let rows = self.database().rows(statement.bind(after.unwrap_or(Uuid::nil())).bind(i64::from(limit))).await?;
        let read = |row| {
            let cells = Cells::new(table, row);
            Ok((id(cells.id("id")?), cells.get("sealed")?))
        };
        rows.iter().map(read).collect()
    }

    async fn replace(&self, text: &'static str, id: Uuid, old: &[u8], new: &[u8], change: Change) -> Result<bool, StoreError> {
        retried(|| async {
            let mut writing = Writing::begin_for(self, None).await?;
            let done = async {
                let statement = sqlx::query(text).bind(id).bind(old).bind(new);
                if writing.lent().run(statement).await.map_err(unavailable)? == 0 {
                    return Ok(false);
                }
                writing.announce(Some(change)).await?;
                Ok(true)
            };
            let done = done.await;
            writing.end(done).await
        })
        .await
    }
}
