//! The table of provider keys.

use super::Statement;
use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, read_label, read_stamp};
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, name_matches, room, texts, unused};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::{AccountId, ProviderKeyId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{PROVIDER_KEYS_PER_PROVIDER_MAX, ProviderKeyFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for ProviderKey {
    const TEXTS: Texts = texts! {
        account, "provider_keys",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by,
            provider_name, sealed_value, redacted",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13",
        fixed: "last_used_at" = "?14",
        live: "TRUE",
        filter: (name_matches!("?4", "?5", "name", "description"), is_if_given!("provider_name", "?6")),
        delete: "DELETE FROM provider_keys WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        let statement = bind_stamp(bind_label(statement, &self.label), &self.stamp);
        statement
            .bind(self.provider_name.as_str())
            .bind(&self.sealed_value)
            .bind(&self.redacted)
            .bind(self.last_used_at.map(Timestamp::unix_micros))
    }

    fn bind_filter<'q>(filter: &'q ProviderKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.provider.as_ref().map(ProviderName::as_str))
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
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

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting = sqlx::query("SELECT count(*) FROM provider_keys WHERE account_id = ? AND provider_name = ?")
            .bind(self.account_id.as_bytes().as_slice())
            .bind(self.provider_name.as_str());
        room(connection, counting, PROVIDER_KEYS_PER_PROVIDER_MAX, "keys for one provider").await
    }

    async fn check_unused(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let configuration =
            sqlx::query("SELECT 1 FROM configuration_provider_keys WHERE account_id = ? AND provider_key_id = ? LIMIT 1")
                .bind(self.account_id.as_bytes().as_slice())
                .bind(self.id.as_bytes().as_slice());
        unused(connection, configuration, "the provider key", "a configuration").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for ProviderKey {}
