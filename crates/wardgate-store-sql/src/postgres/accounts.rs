//! The table of accounts.

use super::database::Lent;
use super::id::Id;
use super::parts::{bind_name_filter, bind_stamp, optional_text, read_stamp, text, version};
use super::table::{OfGateway, Table, Texts, is_if_given, name_matches, texts};
use super::{PostgresStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::account::{Account, DEFAULT_TEAM, Team};
use wardgate_core::credit::PrepaidScope;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::tier::TierName;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::TieredFilter;
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Account {
    const TEXTS: Texts = texts!(
        gateway, "accounts",
        columns: "id, version, name, metadata, tier, suspended_at, default_team_id, created_at, updated_at, created_by,
            updated_by, prepaid_scope",
        values: "$1, $2, $3, $4, $5, $6, $7, $9, $10, $11, $12, $13",
        kept: "sealed_data_key" = "$8",
        live: "TRUE",
        filter: (name_matches!("3", "4", "name"), is_if_given!("tier", "5", "text")),
        delete: "DELETE FROM accounts WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(text(&self.name))
            .bind(optional_text(self.metadata.as_deref()))
            .bind(self.tier.as_ref().map(TierName::as_str))
            .bind(self.suspended_at.map(Timestamp::unix_micros))
            .bind(self.default_team_id.uuid())
            .bind(&self.sealed_data_key);
        bind_stamp(statement, &self.stamp).bind(self.prepaid.map(PrepaidScope::name))
    }

    fn bind_filter<'q>(filter: &'q TieredFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.tier.as_ref().map(TierName::as_str))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("accounts", row);
        Ok(Self {
            id: AccountId::from_bytes(cells.id("id")?),
            name: cells.get("name")?,
            metadata: cells.get("metadata")?,
            tier: read_tier(&cells)?,
            suspended_at: cells.optional_time("suspended_at")?,
            prepaid: cells.optional_word("prepaid_scope", PrepaidScope::from_name)?,
            default_team_id: TeamId::from_bytes(cells.id("default_team_id")?),
            sealed_data_key: cells.get("sealed_data_key")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        let what = || format!("an account with the name \"{}\"", self.name);
        (constraint == "accounts_name").then(|| StoreError::Conflict { what: what() })
    }

    async fn created(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let team = Team {
            id: self.default_team_id,
            account_id: self.id,
            label: Label::named(DEFAULT_TEAM),
            tier: None,
            stamp: self.stamp.clone(),
        };
        lent.run(team.bind(sqlx::query(Team::TEXTS.insert))).await.map_err(unavailable).map(|_| ())
    }

    /// What belongs to the account goes with its row, by the tables' own rules; this refers to no row.
    async fn deleting(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let idempotency = sqlx::query("DELETE FROM idempotency WHERE account_id = $1").bind(self.id.uuid());
        lent.run(idempotency).await.map_err(unavailable).map(|_| ())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.id))
    }
}

impl OfGateway for Account {}

pub(super) fn read_tier(cells: &Cells<'_, PgRow>) -> Result<Option<TierName>, StoreError> {
    let name: Option<String> = cells.get("tier")?;
    name.map(|name| TierName::new(&name).map_err(|error| cells.corrupt("tier", error))).transpose()
}

pub(super) async fn by_name(store: &PostgresStore, name: &str) -> Result<Option<Account>, StoreError> {
    let statement = sqlx::query(
        "SELECT id, version, name, metadata, tier, suspended_at, default_team_id, sealed_data_key, created_at, updated_at,
             created_by, updated_by, prepaid_scope
         FROM accounts WHERE name = $1",
    );
    store.database().row(statement.bind(text(name))).await?.as_ref().map(Account::read).transpose()
}
