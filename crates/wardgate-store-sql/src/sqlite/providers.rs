//! The table of custom providers. Their surfaces and models are in `provider_parts.rs`.

use super::Statement;
use super::parts::{bind_head, bind_name_filter, bind_stamp, list, read_list, read_stamp};
use super::provider_parts;
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, name_matches, room, texts, unused};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::{AccountId, CustomProviderId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{AuthScheme, CustomProvider};
use wardgate_store::kinds::{CUSTOM_PROVIDERS_MAX, CustomProviderFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for CustomProvider {
    const TEXTS: Texts = texts! {
        account, "custom_providers",
        columns: "id, version, account_id, created_at, updated_at, created_by, updated_by, provider_name, display_name, base_url,
            metadata, auth_scheme, headers",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13",
        live: "TRUE",
        filter: (name_matches!("?4", "?5", "display_name", "provider_name"), is_if_given!("provider_name", "?6")),
        delete: "DELETE FROM custom_providers WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    const HAS_PARTS: bool = true;

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        bind_stamp(statement, &self.stamp)
            .bind(self.provider_name.as_str())
            .bind(&self.display_name)
            .bind(&self.base_url)
            .bind(self.metadata.as_deref())
            .bind(self.auth_scheme.map(AuthScheme::name))
            .bind(list(&self.headers))
    }

    fn bind_filter<'q>(filter: &'q CustomProviderFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.provider.as_ref().map(ProviderName::as_str))
    }

    /// Without its surfaces and models.
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("custom_providers", row);
        Ok(Self {
            id: CustomProviderId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            provider_name: cells.provider_name("provider_name")?,
            display_name: cells.get("display_name")?,
            base_url: cells.get("base_url")?,
            metadata: cells.get("metadata")?,
            auth_scheme: cells.optional_word("auth_scheme", AuthScheme::from_name)?,
            headers: read_list(&cells, "headers")?,
            surfaces: Vec::new(),
            models: Vec::new(),
            stamp: read_stamp(&cells)?,
        })
    }

    fn taken(&self) -> String {
        format!("a provider with the id \"{}\"", self.provider_name)
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting = sqlx::query("SELECT count(*) FROM custom_providers WHERE account_id = ?")
            .bind(self.account_id.as_bytes().as_slice());
        room(connection, counting, CUSTOM_PROVIDERS_MAX, "custom providers").await
    }

    async fn check_unused(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let key = sqlx::query("SELECT 1 FROM provider_keys WHERE account_id = ? AND provider_name = ? LIMIT 1")
            .bind(self.account_id.as_bytes().as_slice())
            .bind(self.provider_name.as_str());
        unused(connection, key, "the provider", "a provider key").await?;
        let configuration =
            sqlx::query("SELECT 1 FROM configuration_providers WHERE account_id = ? AND provider_name = ? LIMIT 1")
                .bind(self.account_id.as_bytes().as_slice())
                .bind(self.provider_name.as_str());
        unused(connection, configuration, "the provider", "a configuration").await
    }

    async fn created(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        provider_parts::insert(connection, self).await
    }

    async fn updated(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        provider_parts::delete(connection, self).await?;
        provider_parts::insert(connection, self).await
    }

    async fn fill(providers: &mut [Self], connection: &mut SqliteConnection) -> Result<(), StoreError> {
        provider_parts::fill(connection, providers).await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for CustomProvider {}
