//! The table of teams.

use super::Statement;
use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, read_label, read_stamp};
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, name_matches, room, texts, unused};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::account::Team;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_core::tier::TierName;
use wardgate_store::kinds::{TEAMS_MAX, TieredFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Team {
    const TEXTS: Texts = texts! {
        account, "teams",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by, tier",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11",
        live: "TRUE",
        filter: (name_matches!("?4", "?5", "name", "description"), is_if_given!("tier", "?6")),
        delete: "DELETE FROM teams WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        bind_stamp(bind_label(statement, &self.label), &self.stamp).bind(self.tier.as_ref().map(TierName::as_str))
    }

    fn bind_filter<'q>(filter: &'q TieredFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.tier.as_ref().map(TierName::as_str))
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("teams", row);
        Ok(Self {
            id: TeamId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            tier: super::tiers::read_name(&cells)?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn taken(&self) -> String {
        format!("a team with the name \"{}\"", self.label.name())
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting =
            sqlx::query("SELECT count(*) FROM teams WHERE account_id = ?").bind(self.account_id.as_bytes().as_slice());
        room(connection, counting, TEAMS_MAX, "teams").await
    }

    async fn check_unused(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let account = sqlx::query("SELECT 1 FROM accounts WHERE id = ? AND default_team_id = ?")
            .bind(self.account_id.as_bytes().as_slice())
            .bind(self.id.as_bytes().as_slice());
        unused(connection, account, "the team", "its account, which always has this one").await?;
        let key = sqlx::query("SELECT 1 FROM access_keys WHERE account_id = ? AND team_id = ? AND revoked_at IS NULL LIMIT 1")
            .bind(self.account_id.as_bytes().as_slice())
            .bind(self.id.as_bytes().as_slice());
        unused(connection, key, "the team", "an access key").await
    }

    async fn deleting(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        // Revoked keys are kept, so they move to the team that always is there.
        sqlx::query(
            "UPDATE access_keys SET team_id = (SELECT default_team_id FROM accounts WHERE id = ?1)
             WHERE account_id = ?1 AND team_id = ?2",
        )
        .bind(self.account_id.as_bytes().as_slice())
        .bind(self.id.as_bytes().as_slice())
        .execute(connection)
        .await
        .map_err(unavailable)?;
        Ok(())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Team {}
