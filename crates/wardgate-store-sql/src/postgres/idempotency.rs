//! Requests that are made once.

use super::PostgresStore;
use super::id::Id;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::types::Uuid;
use wardgate_core::time::Timestamp;
use wardgate_store::{Begun, Idempotency, IdempotencyKey, StoreError};

/// How often a request is begun that ends elsewhere just when it is looked at.
const ATTEMPTS_MAX: u32 = 3;

#[async_trait]
impl Idempotency for PostgresStore {
    async fn begin(
        &self,
        key: IdempotencyKey,
        body_digest: [u8; 32],
        now: Timestamp,
        abandoned_at: Timestamp,
    ) -> Result<Begun, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let statement = sqlx::query(
                "INSERT INTO idempotency (account_id, digest, body_digest, over_at) VALUES ($1, $2, $3, $5)
                 ON CONFLICT (account_id, digest) DO UPDATE
                 SET body_digest = excluded.body_digest, sealed_answer = NULL, over_at = excluded.over_at
                 WHERE idempotency.over_at <= $4",
            )
            .bind(account(&key))
            .bind(key.digest.as_slice())
            .bind(body_digest.as_slice())
            .bind(now.unix_micros())
            .bind(abandoned_at.unix_micros());
            if self.database().run(statement).await? > 0 {
                return Ok(Begun::New);
            }
            if let Some(begun) = self.begun(&key).await? {
                return Ok(begun);
            }
        }
        Ok(Begun::Running)
    }

    async fn finish(&self, key: IdempotencyKey, sealed_answer: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        let statement =
            sqlx::query("UPDATE idempotency SET sealed_answer = $3, over_at = $4 WHERE account_id = $1 AND digest = $2")
                .bind(account(&key))
                .bind(key.digest.as_slice())
                .bind(sealed_answer)
                .bind(expires_at.unix_micros());
        self.database().run(statement).await.map(|_| ())
    }

    async fn abandon(&self, key: IdempotencyKey) -> Result<(), StoreError> {
        let statement = sqlx::query("DELETE FROM idempotency WHERE account_id = $1 AND digest = $2 AND sealed_answer IS NULL")
            .bind(account(&key))
            .bind(key.digest.as_slice());
        self.database().run(statement).await.map(|_| ())
    }

    async fn purge_idempotency(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let statement = sqlx::query(
            "DELETE FROM idempotency WHERE (account_id, digest) IN (
                 SELECT account_id, digest FROM idempotency WHERE over_at <= $1
                 ORDER BY over_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        );
        self.database().run(statement.bind(now.unix_micros()).bind(i64::from(limit))).await
    }
}

impl PostgresStore {
    async fn begun(&self, key: &IdempotencyKey) -> Result<Option<Begun>, StoreError> {
        let statement = sqlx::query("SELECT body_digest, sealed_answer FROM idempotency WHERE account_id = $1 AND digest = $2")
            .bind(account(key))
            .bind(key.digest.as_slice());
        let Some(row) = self.database().row(statement).await? else { return Ok(None) };
        let cells = Cells::new("idempotency", &row);
        let Some(sealed_answer) = cells.get("sealed_answer")? else { return Ok(Some(Begun::Running)) };
        let body_digest: Vec<u8> = cells.get("body_digest")?;
        let body_digest = body_digest.try_into().map_err(|_| cells.corrupt("body_digest", "a digest has 32 bytes"))?;
        Ok(Some(Begun::Done { body_digest, sealed_answer }))
    }
}

/// All zeros where a request is about no account: no account has this id.
fn account(key: &IdempotencyKey) -> Uuid {
    key.account_id.map_or(Uuid::nil(), Id::uuid)
}
