//! The table of operator keys.

use super::SqliteStore;
use crate::error::{of_insert, unavailable};
use crate::row::Cells;
use wardgate_core::account::OperatorKey;
use wardgate_core::id::OperatorKeyId;
use wardgate_core::time::Timestamp;
use wardgate_store::StoreError;

pub(super) async fn create(store: &SqliteStore, key: &OperatorKey) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO operator_keys (id, secret_hash, created_at, deleted_at) VALUES (?, ?, ?, ?)")
        .bind(key.id.as_bytes().as_slice())
        .bind(&key.secret_hash)
        .bind(key.created_at.unix_micros())
        .bind(key.deleted_at.map(Timestamp::unix_micros))
        .execute(store.writer())
        .await
        .map_err(|error| of_insert(error, || "an operator key with this id".to_owned(), "the operator key"))?;
    Ok(())
}

pub(super) async fn find(store: &SqliteStore, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM operator_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let cells = Cells::new("operator_keys", &row);
    Ok(Some(OperatorKey {
        id: OperatorKeyId::from_bytes(cells.id("id")?),
        secret_hash: cells.get("secret_hash")?,
        created_at: cells.time("created_at")?,
        deleted_at: cells.optional_time("deleted_at")?,
    }))
}
