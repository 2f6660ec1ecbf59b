//! The table of managed keys.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, text, version};
use super::table::{OfGateway, Table, Texts, is_if_given, name_matches, room, texts};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ManagedKey;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{PROVIDER_KEYS_PER_PROVIDER_MAX, ProviderKeyFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for ManagedKey {
    const TEXTS: Texts = texts!(
        gateway, "managed_keys",
        columns: "id, version, provider_name, name, description, metadata, sealed_value, redacted, created_at, updated_at,
            created_by, updated_by",
        values: "$1, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
        kept: "last_used_at" = "$3",
        live: "TRUE",
        filter: (name_matches!("3", "4", "name", "description"), is_if_given!("provider_name", "5", "text")),
        delete: "DELETE FROM managed_keys WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.last_used_at.map(Timestamp::unix_micros))
            .bind(self.provider_name.as_str());
        let statement = bind_label(statement, &self.label).bind(&self.sealed_value).bind(text(&self.redacted));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q ProviderKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.provider.as_ref().map(ProviderName::as_str))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("managed_keys", row);
        Ok(Self {
            id: ManagedKeyId::from_bytes(cells.id("id")?),
            provider_name: cells.provider_name("provider_name")?,
            label: read_label(&cells)?,
            sealed_value: cells.get("sealed_value")?,
            redacted: cells.get("redacted")?,
            last_used_at: cells.optional_time("last_used_at")?,
            stamp: read_stamp(&cells)?,
        })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM managed_keys WHERE provider_name = $1");
        let there = there.bind(self.provider_name.as_str());
        room(lent, there, PROVIDER_KEYS_PER_PROVIDER_MAX, "managed keys for one provider").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

impl OfGateway for ManagedKey {}
