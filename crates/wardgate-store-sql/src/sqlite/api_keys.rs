//! The table of API keys.

use super::{SqliteStore, SqliteTenant};
use crate::error::{of_insert, unavailable};
use crate::row::Cells;
use async_trait::async_trait;
use wardgate_core::account::{ApiKey, Role};
use wardgate_core::id::{AccountId, ApiKeyId};
use wardgate_core::time::Timestamp;
use wardgate_store::{ApiKeys, StoreError};

#[async_trait]
impl ApiKeys for SqliteTenant {
    async fn create_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.require_own(key.account_id, "the API key")?;
        sqlx::query(
            "INSERT INTO api_keys (id, account_id, role, name, secret_hash, created_at, deleted_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.id.as_bytes().as_slice())
        .bind(self.account())
        .bind(key.role.name())
        .bind(key.name.as_deref())
        .bind(&key.secret_hash)
        .bind(key.created_at.unix_micros())
        .bind(key.deleted_at.map(Timestamp::unix_micros))
        .execute(self.store.writer())
        .await
        .map_err(|error| of_insert(error, || "an API key with this id".to_owned(), "the API key"))?;
        Ok(())
    }
}

pub(super) async fn find(store: &SqliteStore, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM api_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let cells = Cells::new("api_keys", &row);
    Ok(Some(ApiKey {
        id: ApiKeyId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        role: cells.word("role", Role::from_name)?,
        name: cells.get("name")?,
        secret_hash: cells.get("secret_hash")?,
        created_at: cells.time("created_at")?,
        deleted_at: cells.optional_time("deleted_at")?,
    }))
}
