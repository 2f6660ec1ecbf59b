//! The table of provider keys.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, text, version};
use super::table::{OfAccount, Table, Texts, is_if_given, name_matches, room, texts, unused};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::id::{AccountId, ProviderKeyId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{PROVIDER_KEYS_PER_PROVIDER_MAX, ProviderKeyFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for ProviderKey {
    const TEXTS: Texts = texts!(
        account, "provider_keys",
        columns: "id, version, account_id, provider_name, name, description, metadata, sealed_value, redacted, created_at,
            updated_at, created_by, updated_by",
        values: "$1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14",
        kept: "last_used_at" = "$4",
        live: "TRUE",
        filter: (name_matches!("4", "5", "name", "description"), is_if_given!("provider_name", "6", "text")),
        delete: "DELETE FROM provider_keys WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.account_id.uuid())
            .bind(self.last_used_at.map(Timestamp::unix_micros))
            .bind(self.provider_name.as_str());
        let statement = bind_label(statement, &self.label).bind(&self.sealed_value).bind(text(&self.redacted));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q ProviderKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.provider.as_ref().map(ProviderName::as_str))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("provider_keys", row);
        Ok(Self {
            id: ProviderKeyId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            provider_name: cells.provider_name("provider_name")?,
            label: read_label(&cells)?,
            sealed_value: cells.get("sealed_value")?,
            redacted: cells.get("redacted")?,
            last_used_at: cells.optional_time("last_used_at")?,
            stamp: read_stamp(&cells)?,
        })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM provider_keys WHERE account_id = $1 AND provider_name = $2");
        let there = there.bind(self.account_id.uuid()).bind(self.provider_name.as_str());
        room(lent, there, PROVIDER_KEYS_PER_PROVIDER_MAX, "keys for one provider").await
    }

    async fn check_unused(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let used = sqlx::query("SELECT FROM configurations WHERE account_id = $1 AND $2 = ANY(used_provider_keys) LIMIT 1");
        let used = used.bind(self.account_id.uuid()).bind(self.id.uuid());
        unused(lent, used, "the provider key", "a configuration").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for ProviderKey {}
