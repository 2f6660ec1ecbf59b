//! The table of provider keys.

use super::SqliteTenant;
use crate::error::{of_insert, unavailable};
use crate::row::{AFTER_ALL_IDS, Cells, count};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::{AccountId, ProviderKeyId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;
use wardgate_store::provider_keys::PROVIDER_KEYS_PER_PROVIDER_MAX;
use wardgate_store::{Change, Listed, Page, ProviderKeys, StoreError};

#[async_trait]
impl ProviderKeys for SqliteTenant {
    async fn create_provider_key(&self, key: &ProviderKey) -> Result<(), StoreError> {
        self.require_own(key.account_id, "the provider key")?;
        let mut transaction = self.store.begin().await?;
        let there: i64 = sqlx::query_scalar("SELECT count(*) FROM provider_keys WHERE account_id = ? AND provider_name = ?")
            .bind(self.account())
            .bind(key.provider_name.as_str())
            .fetch_one(&mut *transaction)
            .await
            .map_err(unavailable)?;
        if there >= count(PROVIDER_KEYS_PER_PROVIDER_MAX as u64) {
            return Err(StoreError::Full { what: "keys for one provider", max: PROVIDER_KEYS_PER_PROVIDER_MAX });
        }
        sqlx::query(
            "INSERT INTO provider_keys (id, account_id, provider_name, name, description, metadata, sealed_value, redacted,
                 created_at, updated_at, created_by, updated_by)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.id.as_bytes().as_slice())
        .bind(self.account())
        .bind(key.provider_name.as_str())
        .bind(&key.name)
        .bind(key.description.as_deref())
        .bind(key.metadata.as_deref())
        .bind(&key.sealed_value)
        .bind(&key.redacted)
        .bind(key.created_at.unix_micros())
        .bind(key.updated_at.unix_micros())
        .bind(&key.created_by)
        .bind(&key.updated_by)
        .execute(&mut *transaction)
        .await
        .map_err(|error| of_insert(error, || "a provider key with this id".to_owned(), "the provider key"))?;
        transaction.commit().await.map_err(unavailable)?;
        self.store.tell(Change::Account(self.account_id));
        Ok(())
    }

    async fn list_provider_keys(
        &self,
        provider: Option<&ProviderName>,
        page: Page<ProviderKeyId>,
    ) -> Result<Listed<ProviderKey>, StoreError> {
        // Two texts, since one with an optional provider could use only one of the two indexes.
        let sql = match provider {
            None => {
                "SELECT * FROM provider_keys
                 WHERE account_id = ?1 AND ?2 IS NULL AND id < ?3
                 ORDER BY id DESC LIMIT ?4"
            }
            Some(_) => {
                "SELECT * FROM provider_keys
                 WHERE account_id = ?1 AND provider_name = ?2 AND id < ?3
                 ORDER BY id DESC LIMIT ?4"
            }
        };
        let rows = sqlx::query(sql)
            .bind(self.account())
            .bind(provider.map(ProviderName::as_str))
            .bind(page.before.as_ref().map_or(AFTER_ALL_IDS, |id| id.as_bytes().as_slice()))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.store.readers())
            .await
            .map_err(unavailable)?;
        Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, page.limit))
    }

    async fn get_provider_key(&self, id: ProviderKeyId) -> Result<Option<ProviderKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM provider_keys WHERE id = ? AND account_id = ?")
            .bind(id.as_bytes().as_slice())
            .bind(self.account())
            .fetch_optional(self.store.readers())
            .await
            .map_err(unavailable)?;
        row.as_ref().map(read).transpose()
    }

    async fn delete_provider_key(&self, id: ProviderKeyId) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM provider_keys WHERE id = ? AND account_id = ?")
            .bind(id.as_bytes().as_slice())
            .bind(self.account())
            .execute(self.store.writer())
            .await
            .map_err(unavailable)?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        self.store.tell(Change::Account(self.account_id));
        Ok(true)
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<ProviderKey, StoreError> {
    let cells = Cells::new("provider_keys", row);
    Ok(ProviderKey {
        id: ProviderKeyId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        provider_name: cells.provider_name("provider_name")?,
        name: cells.get("name")?,
        description: cells.get("description")?,
        metadata: cells.get("metadata")?,
        sealed_value: cells.get("sealed_value")?,
        redacted: cells.get("redacted")?,
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
        created_by: cells.get("created_by")?,
        updated_by: cells.get("updated_by")?,
    })
}
