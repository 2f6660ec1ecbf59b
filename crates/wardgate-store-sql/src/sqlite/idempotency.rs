//! The table of requests that are made once.

use super::SqliteStore;
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::AccountId;
use wardgate_core::time::Timestamp;
use wardgate_store::{Begun, Idempotency, IdempotencyKey, StoreError};

/// The account as a column: empty where there is none, since a key cannot be NULL.
fn account(id: Option<&AccountId>) -> &[u8] {
    id.map_or([].as_slice(), |id| id.as_bytes().as_slice())
}

#[async_trait]
impl Idempotency for SqliteStore {
    async fn begin(
        &self,
        key: IdempotencyKey,
        body_digest: [u8; 32],
        now: Timestamp,
        abandoned_at: Timestamp,
    ) -> Result<Begun, StoreError> {
        let mut transaction = self.begin().await?;
        let begun = sqlx::query(
            "INSERT INTO idempotency (account_id, digest, body_digest, sealed_answer, over_at) VALUES (?1, ?2, ?3, NULL, ?4)
             ON CONFLICT (account_id, digest) DO UPDATE SET body_digest = ?3, sealed_answer = NULL, over_at = ?4
             WHERE over_at <= ?5",
        )
        .bind(account(key.account_id.as_ref()))
        .bind(key.digest.as_slice())
        .bind(body_digest.as_slice())
        .bind(abandoned_at.unix_micros())
        .bind(now.unix_micros())
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
        let known = if begun.rows_affected() > 0 {
            Begun::New
        } else {
            let row = sqlx::query("SELECT body_digest, sealed_answer FROM idempotency WHERE account_id = ? AND digest = ?")
                .bind(account(key.account_id.as_ref()))
                .bind(key.digest.as_slice())
                .fetch_one(&mut *transaction)
                .await
                .map_err(unavailable)?;
            read(&row)?
        };
        transaction.commit().await.map_err(unavailable)?;
        Ok(known)
    }

    async fn finish(&self, key: IdempotencyKey, sealed_answer: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE idempotency SET sealed_answer = ?, over_at = ? WHERE account_id = ? AND digest = ?")
            .bind(sealed_answer)
            .bind(expires_at.unix_micros())
            .bind(account(key.account_id.as_ref()))
            .bind(key.digest.as_slice())
            .execute(self.writer())
            .await
            .map_err(unavailable)
            .map(|_| ())
    }

    async fn abandon(&self, key: IdempotencyKey) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM idempotency WHERE account_id = ? AND digest = ? AND sealed_answer IS NULL")
            .bind(account(key.account_id.as_ref()))
            .bind(key.digest.as_slice())
            .execute(self.writer())
            .await
            .map_err(unavailable)
            .map(|_| ())
    }

    async fn purge_idempotency(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let purged = sqlx::query(
            "DELETE FROM idempotency WHERE (account_id, digest) IN
                 (SELECT account_id, digest FROM idempotency WHERE over_at <= ? ORDER BY over_at LIMIT ?)",
        )
        .bind(now.unix_micros())
        .bind(limit)
        .execute(self.writer())
        .await
        .map_err(unavailable)?;
        Ok(purged.rows_affected())
    }
}

fn read(row: &SqliteRow) -> Result<Begun, StoreError> {
    let cells = Cells::new("idempotency", row);
    let Some(sealed_answer) = cells.get::<Option<Vec<u8>>>("sealed_answer")? else { return Ok(Begun::Running) };
    let body_digest: Vec<u8> = cells.get("body_digest")?;
    let body_digest = body_digest.try_into().map_err(|_| cells.corrupt("body_digest", "a digest has 32 bytes"))?;
    Ok(Begun::Done { body_digest, sealed_answer })
}
