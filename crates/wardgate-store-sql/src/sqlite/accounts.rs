//! The table of accounts.

use super::parts::{bind_name_filter, bind_stamp, read_stamp, version};
use super::table::{OfGateway, Table, Texts, insert, is_if_given, kind_of, name_matches, texts};
use super::{SqliteStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::account::{Account, DEFAULT_TEAM, Team};
use wardgate_core::credit::PrepaidScope;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::tier::TierName;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::TieredFilter;
use wardgate_store::{Change, StoreError};

/// What goes with an account, what refers to something before that which it refers to.
const DELETES_OF_ACCOUNT: [&str; 14] = [
    "DELETE FROM holds WHERE account_id = ?",
    "DELETE FROM budgets WHERE account_id = ?",
    "DELETE FROM access_keys WHERE account_id = ?",
    "DELETE FROM configurations WHERE account_id = ?",
    "DELETE FROM virtual_models WHERE account_id = ?",
    "DELETE FROM api_keys WHERE account_id = ?",
    "DELETE FROM provider_keys WHERE account_id = ?",
    "DELETE FROM grants WHERE account_id = ?",
    "DELETE FROM custom_providers WHERE account_id = ?",
    "DELETE FROM gateway_configs WHERE account_id = ?",
    "DELETE FROM credits WHERE account_id = ?",
    "DELETE FROM purchases WHERE account_id = ?",
    "DELETE FROM idempotency WHERE account_id = ?",
    "DELETE FROM teams WHERE account_id = ?",
];

#[async_trait]
impl Table for Account {
    const TEXTS: Texts = texts! {
        gateway, "accounts",
        columns: "id, version, name, metadata, created_at, updated_at, created_by, updated_by, tier, suspended_at,
            default_team_id, prepaid_scope",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12",
        fixed: "sealed_data_key" = "?13",
        live: "TRUE",
        filter: (name_matches!("?3", "?4", "name"), is_if_given!("tier", "?5")),
        delete: "DELETE FROM accounts WHERE id = ?1",
    };

    kind_of!(gateway);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.as_bytes().as_slice()).bind(version(self.stamp.version));
        let statement = bind_stamp(statement.bind(&self.name).bind(self.metadata.as_deref()), &self.stamp);
        statement
            .bind(self.tier.as_ref().map(TierName::as_str))
            .bind(self.suspended_at.map(Timestamp::unix_micros))
            .bind(self.default_team_id.as_bytes().as_slice())
            .bind(self.prepaid.map(PrepaidScope::name))
            .bind(&self.sealed_data_key)
    }

    fn bind_filter<'q>(filter: &'q TieredFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.tier.as_ref().map(TierName::as_str))
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("accounts", row);
        Ok(Self {
            id: AccountId::from_bytes(cells.id("id")?),
            name: cells.get("name")?,
            metadata: cells.get("metadata")?,
            tier: super::tiers::read_name(&cells)?,
            suspended_at: cells.optional_time("suspended_at")?,
            prepaid: cells.optional_word("prepaid_scope", PrepaidScope::from_name)?,
            default_team_id: TeamId::from_bytes(cells.id("default_team_id")?),
            sealed_data_key: cells.get("sealed_data_key")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn taken(&self) -> String {
        format!("an account with the name \"{}\"", self.name)
    }

    async fn created(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let team = Team {
            id: self.default_team_id,
            account_id: self.id,
            label: Label::named(DEFAULT_TEAM),
            tier: None,
            stamp: self.stamp.clone(),
        };
        insert(connection, &team).await
    }

    async fn deleting(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for delete in DELETES_OF_ACCOUNT {
            sqlx::query(delete).bind(self.id.as_bytes().as_slice()).execute(&mut *connection).await.map_err(unavailable)?;
        }
        Ok(())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.id))
    }
}

impl OfGateway for Account {}

pub(super) async fn find_by_name(store: &SqliteStore, name: &str) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query("SELECT * FROM accounts WHERE name = ?")
        .bind(name)
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    row.as_ref().map(Account::read).transpose()
}
