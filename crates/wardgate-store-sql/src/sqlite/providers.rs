//! The table of custom providers. Their surfaces and models are in `provider_parts.rs`.

use super::SqliteTenant;
use crate::error::{of_insert, unavailable};
use crate::row::{AFTER_ALL_IDS, Cells, count};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};
use wardgate_core::id::{AccountId, CustomProviderId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;
use wardgate_store::providers::CUSTOM_PROVIDERS_MAX;
use wardgate_store::{Change, CustomProviders, Listed, Page, StoreError};

#[async_trait]
impl CustomProviders for SqliteTenant {
    async fn create_provider(&self, provider: &CustomProvider) -> Result<(), StoreError> {
        self.require_own(provider.account_id, "the provider")?;
        let mut transaction = self.store.begin().await?;
        self.insert_provider(&mut transaction, provider).await?;
        self.require_room(&mut transaction).await?;
        self.insert_surfaces(&mut transaction, provider).await?;
        self.insert_models(&mut transaction, provider).await?;
        transaction.commit().await.map_err(unavailable)?;
        self.store.tell(Change::Account(self.account_id));
        Ok(())
    }

    async fn list_providers(&self, page: Page<CustomProviderId>) -> Result<Listed<CustomProvider>, StoreError> {
        let mut transaction = self.store.readers().begin().await.map_err(unavailable)?;
        let rows = sqlx::query("SELECT * FROM custom_providers WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3")
            .bind(self.account())
            .bind(page.before.as_ref().map_or(AFTER_ALL_IDS, |id| id.as_bytes().as_slice()))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let mut listed = Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, page.limit);
        self.fill(&mut transaction, &mut listed.items).await?;
        Ok(listed)
    }

    async fn get_provider(&self, id: CustomProviderId) -> Result<Option<CustomProvider>, StoreError> {
        let mut transaction = self.store.readers().begin().await.map_err(unavailable)?;
        let row = sqlx::query("SELECT * FROM custom_providers WHERE id = ? AND account_id = ?")
            .bind(id.as_bytes().as_slice())
            .bind(self.account())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let mut found: Vec<_> = row.iter().map(read).collect::<Result<_, _>>()?;
        self.fill(&mut transaction, &mut found).await?;
        Ok(found.pop())
    }

    async fn get_provider_by_name(&self, name: &ProviderName) -> Result<Option<CustomProvider>, StoreError> {
        let mut transaction = self.store.readers().begin().await.map_err(unavailable)?;
        let row = sqlx::query("SELECT * FROM custom_providers WHERE provider_name = ? AND account_id = ?")
            .bind(name.as_str())
            .bind(self.account())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let mut found: Vec<_> = row.iter().map(read).collect::<Result<_, _>>()?;
        self.fill(&mut transaction, &mut found).await?;
        Ok(found.pop())
    }

    async fn delete_provider(&self, id: CustomProviderId) -> Result<bool, StoreError> {
        let mut transaction = self.store.begin().await?;
        let name: Option<String> =
            sqlx::query_scalar("DELETE FROM custom_providers WHERE id = ? AND account_id = ? RETURNING provider_name")
                .bind(id.as_bytes().as_slice())
                .bind(self.account())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(unavailable)?;
        let Some(name) = name else { return Ok(false) };
        let key = sqlx::query("SELECT * FROM provider_keys WHERE account_id = ? AND provider_name = ? ORDER BY id LIMIT 1")
            .bind(self.account())
            .bind(&name)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        if let Some(row) = key {
            let key = super::provider_keys::read(&row)?;
            let what = format!("the provider \"{name}\"");
            return Err(StoreError::Referenced { what, by: format!("the provider key {}", key.id) });
        }
        transaction.commit().await.map_err(unavailable)?;
        self.store.tell(Change::Account(self.account_id));
        Ok(true)
    }
}

impl SqliteTenant {
    async fn insert_provider(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        provider: &CustomProvider,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO custom_providers (id, account_id, provider_name, display_name, base_url, metadata,
                 created_at, updated_at, created_by, updated_by)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(provider.id.as_bytes().as_slice())
        .bind(self.account())
        .bind(provider.provider_name.as_str())
        .bind(&provider.display_name)
        .bind(&provider.base_url)
        .bind(provider.metadata.as_deref())
        .bind(provider.created_at.unix_micros())
        .bind(provider.updated_at.unix_micros())
        .bind(&provider.created_by)
        .bind(&provider.updated_by)
        .execute(&mut **transaction)
        .await
        .map_err(|error| {
            of_insert(error, || format!("a provider with the id \"{}\"", provider.provider_name), "the provider")
        })?;
        Ok(())
    }

    /// Counts after the insert, so that a name that is taken is told before a lack of room.
    async fn require_room(&self, transaction: &mut Transaction<'static, Sqlite>) -> Result<(), StoreError> {
        let there: i64 = sqlx::query_scalar("SELECT count(*) FROM custom_providers WHERE account_id = ?")
            .bind(self.account())
            .fetch_one(&mut **transaction)
            .await
            .map_err(unavailable)?;
        if there > count(CUSTOM_PROVIDERS_MAX as u64) {
            return Err(StoreError::Full { what: "custom providers", max: CUSTOM_PROVIDERS_MAX });
        }
        Ok(())
    }
}

/// A provider without its surfaces and models, which [`SqliteTenant::fill`] adds.
pub(super) fn read(row: &SqliteRow) -> Result<CustomProvider, StoreError> {
    let cells = Cells::new("custom_providers", row);
    Ok(CustomProvider {
        id: CustomProviderId::from_bytes(cells.id("id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        provider_name: cells.provider_name("provider_name")?,
        display_name: cells.get("display_name")?,
        base_url: cells.get("base_url")?,
        metadata: cells.get("metadata")?,
        surfaces: Vec::new(),
        models: Vec::new(),
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
        created_by: cells.get("created_by")?,
        updated_by: cells.get("updated_by")?,
    })
}
