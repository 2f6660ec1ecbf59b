//! The table of custom providers.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_name_filter, bind_stamp, optional_text, read_stamp, text, version};
use super::provider_parts;
use super::table::{OfAccount, Table, Texts, is_if_given, name_matches, room, texts, unused};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::id::{AccountId, CustomProviderId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{AuthScheme, CustomHeader, CustomProvider};
use wardgate_store::kinds::{CUSTOM_PROVIDERS_MAX, CustomProviderFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for CustomProvider {
    const TEXTS: Texts = texts!(
        account, "custom_providers",
        columns: "id, version, account_id, provider_name, display_name, base_url, metadata, created_at, updated_at, created_by,
            updated_by, auth_scheme, headers",
        values: "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
        live: "TRUE",
        filter: (name_matches!("4", "5", "display_name", "provider_name"), is_if_given!("provider_name", "6", "text")),
        delete: "DELETE FROM custom_providers WHERE id = $1",
    );

    const HAS_PARTS: bool = true;

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.account_id.uuid())
            .bind(self.provider_name.as_str())
            .bind(text(&self.display_name))
            .bind(text(&self.base_url))
            .bind(optional_text(self.metadata.as_deref()));
        let headers: Vec<String> = self.headers.iter().map(|header| text(&header.to_string()).into_owned()).collect();
        bind_stamp(statement, &self.stamp).bind(self.auth_scheme.map(AuthScheme::name)).bind(headers)
    }

    fn bind_filter<'q>(filter: &'q CustomProviderFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.provider.as_ref().map(ProviderName::as_str))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("custom_providers", row);
        Ok(Self {
            id: CustomProviderId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            provider_name: cells.provider_name("provider_name")?,
            display_name: cells.get("display_name")?,
            base_url: cells.get("base_url")?,
            metadata: cells.get("metadata")?,
            auth_scheme: cells.optional_word("auth_scheme", AuthScheme::from_name)?,
            headers: read_headers(&cells)?,
            surfaces: Vec::new(),
            models: Vec::new(),
            stamp: read_stamp(&cells)?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        let what = || format!("a provider with the id \"{}\"", self.provider_name);
        (constraint == "custom_providers_name").then(|| StoreError::Conflict { what: what() })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM custom_providers WHERE account_id = $1");
        room(lent, there.bind(self.account_id.uuid()), CUSTOM_PROVIDERS_MAX, "custom providers").await
    }

    async fn check_unused(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let key = sqlx::query("SELECT FROM provider_keys WHERE account_id = $1 AND provider_name = $2 LIMIT 1");
        let key = key.bind(self.account_id.uuid()).bind(self.provider_name.as_str());
        unused(lent, key, "the provider", "a provider key").await?;
        let used = sqlx::query("SELECT FROM configurations WHERE account_id = $1 AND $2 = ANY(used_providers) LIMIT 1");
        let used = used.bind(self.account_id.uuid()).bind(self.provider_name.as_str());
        unused(lent, used, "the provider", "a configuration").await
    }

    async fn created(&self, lent: &mut Lent) -> Result<(), StoreError> {
        provider_parts::insert(lent, self).await
    }

    async fn updated(&self, lent: &mut Lent) -> Result<(), StoreError> {
        provider_parts::delete(lent, self).await?;
        provider_parts::insert(lent, self).await
    }

    async fn fill(objects: &mut [Self], lent: &mut Lent) -> Result<(), StoreError> {
        provider_parts::fill(lent, objects).await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

fn read_headers(cells: &Cells<'_, PgRow>) -> Result<Vec<CustomHeader>, StoreError> {
    let texts: Vec<String> = cells.get("headers")?;
    texts.iter().map(|text| text.parse().map_err(|error| cells.corrupt("headers", error))).collect()
}

impl OfAccount for CustomProvider {}
