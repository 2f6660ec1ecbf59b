//! The table of access-key configurations.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, text, version};
use super::table::{OfAccount, Table, Texts, counted, name_matches, room, texts, unused};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::types::Uuid;
use wardgate_core::configuration::{Configuration, References};
use wardgate_core::id::{AccountId, ConfigurationId, ProviderKeyId};
use wardgate_core::name::ProviderName;
use wardgate_store::kinds::{CONFIGURATIONS_MAX, NameFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Configuration {
    const TEXTS: Texts = texts!(
        account, "configurations",
        columns: "id, version, account_id, name, description, metadata, document, used_provider_keys, used_providers, created_at,
            updated_at, created_by, updated_by",
        values: "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
        live: "TRUE",
        filter: (name_matches!("4", "5", "name", "description")),
        delete: "DELETE FROM configurations WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.uuid()).bind(version(self.stamp.version)).bind(self.account_id.uuid());
        let statement = bind_label(statement, &self.label)
            .bind(text(&self.document))
            .bind(used_provider_keys(self))
            .bind(self.references.providers.iter().map(ProviderName::as_str).collect::<Vec<_>>());
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("configurations", row);
        let keys: Vec<Uuid> = cells.get("used_provider_keys")?;
        let providers: Vec<String> = cells.get("used_providers")?;
        let providers = providers.iter().map(|name| ProviderName::new(name)).collect::<Result<_, _>>();
        Ok(Self {
            id: ConfigurationId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            document: cells.get("document")?,
            references: References {
                provider_keys: keys.into_iter().map(|id| ProviderKeyId::from_bytes(id.into_bytes())).collect(),
                providers: providers.map_err(|error| cells.corrupt("used_providers", error))?,
            },
            stamp: read_stamp(&cells)?,
        })
    }

    async fn check(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let foreign = sqlx::query(
            "SELECT count(*) AS matching FROM unnest($2::uuid[]) AS used
             WHERE NOT EXISTS (SELECT FROM provider_keys WHERE account_id = $1 AND id = used)",
        );
        let foreign = foreign.bind(self.account_id.uuid()).bind(used_provider_keys(self));
        match counted(lent, foreign).await? {
            0 => Ok(()),
            _ => Err(StoreError::NotInAccount { what: "a provider key" }),
        }
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM configurations WHERE account_id = $1");
        room(lent, there.bind(self.account_id.uuid()), CONFIGURATIONS_MAX, "configurations").await
    }

    async fn check_unused(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let key = sqlx::query(
            "SELECT FROM access_keys WHERE account_id = $1 AND configuration_id = $2 AND revoked_at IS NULL LIMIT 1",
        );
        let key = key.bind(self.account_id.uuid()).bind(self.id.uuid());
        unused(lent, key, "the configuration", "an access key").await
    }

    /// Revoked keys are kept, without it.
    async fn deleting(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let unlinking =
            sqlx::query("UPDATE access_keys SET configuration_id = NULL WHERE account_id = $1 AND configuration_id = $2");
        lent.run(unlinking.bind(self.account_id.uuid()).bind(self.id.uuid())).await.map_err(unavailable).map(|_| ())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Configuration {}

fn used_provider_keys(configuration: &Configuration) -> Vec<Uuid> {
    configuration.references.provider_keys.iter().map(|id| id.uuid()).collect()
}
