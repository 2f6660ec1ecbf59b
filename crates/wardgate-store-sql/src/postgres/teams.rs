//! The table of teams.

use super::Statement;
use super::accounts::read_tier;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, version};
use super::table::{OfAccount, Table, Texts, is_if_given, name_matches, room, texts, unused};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::account::Team;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_core::tier::TierName;
use wardgate_store::kinds::{TEAMS_MAX, TieredFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Team {
    const TEXTS: Texts = texts!(
        account, "teams",
        columns: "id, version, account_id, name, description, metadata, tier, created_at, updated_at, created_by, updated_by",
        values: "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11",
        live: "TRUE",
        filter: (name_matches!("4", "5", "name", "description"), is_if_given!("tier", "6", "text")),
        delete: "DELETE FROM teams WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.uuid()).bind(version(self.stamp.version)).bind(self.account_id.uuid());
        let statement = bind_label(statement, &self.label).bind(self.tier.as_ref().map(TierName::as_str));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q TieredFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.tier.as_ref().map(TierName::as_str))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("teams", row);
        Ok(Self {
            id: TeamId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            tier: read_tier(&cells)?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        let what = || format!("a team with the name \"{}\"", self.label.name());
        (constraint == "teams_name").then(|| StoreError::Conflict { what: what() })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM teams WHERE account_id = $1");
        room(lent, there.bind(self.account_id.uuid()), TEAMS_MAX, "teams").await
    }

    async fn check_unused(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let default = sqlx::query("SELECT FROM accounts WHERE id = $1 AND default_team_id = $2");
        let default = default.bind(self.account_id.uuid()).bind(self.id.uuid());
        unused(lent, default, "the team", "its account, which always has this one").await?;
        let key = sqlx::query("SELECT FROM access_keys WHERE account_id = $1 AND team_id = $2 AND revoked_at IS NULL LIMIT 1");
        unused(lent, key.bind(self.account_id.uuid()).bind(self.id.uuid()), "the team", "an access key").await
    }

    /// Revoked keys are kept, so they move to the team that always is there.
    async fn deleting(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let moving = sqlx::query(
            "UPDATE access_keys SET team_id = (SELECT default_team_id FROM accounts WHERE id = $1)
             WHERE account_id = $1 AND team_id = $2",
        );
        lent.run(moving.bind(self.account_id.uuid()).bind(self.id.uuid())).await.map_err(unavailable).map(|_| ())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Team {}
