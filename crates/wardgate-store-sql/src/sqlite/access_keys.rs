//! The table of access keys.

use super::{SqliteStore, SqliteTenant};
use crate::error::{of_insert, unavailable};
use crate::row::{AFTER_ALL_IDS, Cells};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_store::{AccessKeys, Change, Listed, Page, StoreError};

#[async_trait]
impl AccessKeys for SqliteTenant {
    async fn create_access_key(&self, key: &AccessKey) -> Result<(), StoreError> {
        self.require_own(key.account_id, "the access key")?;
        sqlx::query(
            "INSERT INTO access_keys (id, account_id, team_id, name, description, metadata, secret_hash, redacted,
                 created_at, updated_at, created_by, updated_by, last_used_at, revoked_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.id.as_bytes().as_slice())
        .bind(self.account())
        .bind(key.team_id.as_bytes().as_slice())
        .bind(key.name.as_deref())
        .bind(key.description.as_deref())
        .bind(key.metadata.as_deref())
        .bind(&key.secret_hash)
        .bind(&key.redacted)
        .bind(key.created_at.unix_micros())
        .bind(key.updated_at.unix_micros())
        .bind(&key.created_by)
        .bind(&key.updated_by)
        .bind(key.last_used_at.map(Timestamp::unix_micros))
        .bind(key.revoked_at.map(Timestamp::unix_micros))
        .execute(self.store.writer())
        .await
        .map_err(|error| of_insert(error, || "an access key with this id".to_owned(), "the team"))?;
        self.store.tell(Change::AccessKey(key.id));
        Ok(())
    }

    async fn list_access_keys(&self, page: Page<AccessKeyId>) -> Result<Listed<AccessKey>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM access_keys
             WHERE account_id = ?1 AND revoked_at IS NULL AND id < ?2
             ORDER BY id DESC LIMIT ?3",
        )
        .bind(self.account())
        .bind(page.before.as_ref().map_or(AFTER_ALL_IDS, |id| id.as_bytes().as_slice()))
        .bind(i64::from(page.limit) + 1)
        .fetch_all(self.store.readers())
        .await
        .map_err(unavailable)?;
        Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, page.limit))
    }

    async fn get_access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
        let key = find(&self.store, id).await?;
        Ok(key.filter(|key| key.account_id == self.account_id && key.revoked_at.is_none()))
    }

    async fn revoke_access_key(&self, id: AccessKeyId, now: Timestamp) -> Result<bool, StoreError> {
        let revoked =
            sqlx::query("UPDATE access_keys SET revoked_at = ? WHERE id = ? AND account_id = ? AND revoked_at IS NULL")
                .bind(now.unix_micros())
                .bind(id.as_bytes().as_slice())
                .bind(self.account())
                .execute(self.store.writer())
                .await
                .map_err(unavailable)?;
        if revoked.rows_affected() == 0 {
            return Ok(false);
        }
        self.store.tell(Change::AccessKey(id));
        Ok(true)
    }
}

pub(super) async fn find(store: &SqliteStore, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM access_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn touch(store: &SqliteStore, seen: &[(AccessKeyId, Timestamp)]) -> Result<(), StoreError> {
    if seen.is_empty() {
        return Ok(());
    }
    let mut transaction = store.begin().await?;
    for (id, at) in seen {
        sqlx::query("UPDATE access_keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)")
            .bind(at.unix_micros())
            .bind(id.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
    }
    transaction.commit().await.map_err(unavailable)
}

fn read(row: &SqliteRow) -> Result<AccessKey, StoreError> {
    let cells = Cells::new("access_keys", row);
    Ok(AccessKey {
        id: AccessKeyId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        team_id: TeamId::from_bytes(cells.id("team_id")?),
        name: cells.get("name")?,
        description: cells.get("description")?,
        metadata: cells.get("metadata")?,
        secret_hash: cells.get("secret_hash")?,
        redacted: cells.get("redacted")?,
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
        created_by: cells.get("created_by")?,
        updated_by: cells.get("updated_by")?,
        last_used_at: cells.optional_time("last_used_at")?,
        revoked_at: cells.optional_time("revoked_at")?,
    })
}
