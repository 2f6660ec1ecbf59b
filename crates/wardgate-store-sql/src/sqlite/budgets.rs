//! The table of budgets.

use super::Statement;
use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, read_label, read_stamp};
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, name_matches, room, texts};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::budget::{Budget, BudgetOwner, BudgetWindow};
use wardgate_core::id::{AccessKeyId, AccountId, BudgetId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_store::kinds::{BUDGETS_MAX, BudgetFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Budget {
    const TEXTS: Texts = texts! {
        account, "budgets",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by, team_id,
            access_key_id, time_window, hard_nano_usd, soft_nano_usd",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15",
        live: "TRUE",
        filter: (
            name_matches!("?4", "?5", "name", "description"),
            is_if_given!("team_id", "?6"),
            is_if_given!("access_key_id", "?7")
        ),
        delete: "DELETE FROM budgets WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        bind_stamp(bind_label(statement, &self.label), &self.stamp)
            .bind(self.owner.team_id().map(|id| id.as_bytes().to_vec()))
            .bind(self.owner.access_key_id().map(|id| id.as_bytes().to_vec()))
            .bind(self.window.name())
            .bind(self.hard.map(NanoUsd::nano_usd))
            .bind(self.soft.map(NanoUsd::nano_usd))
    }

    fn bind_filter<'q>(filter: &'q BudgetFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text)
            .bind(filter.team_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(filter.access_key_id.as_ref().map(|id| id.as_bytes().as_slice()))
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("budgets", row);
        let team_id = cells.optional_id("team_id")?.map(TeamId::from_bytes);
        let access_key_id = cells.optional_id("access_key_id")?.map(AccessKeyId::from_bytes);
        Ok(Self {
            id: BudgetId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            owner: match (team_id, access_key_id) {
                (Some(id), _) => BudgetOwner::Team(id),
                (None, Some(id)) => BudgetOwner::AccessKey(id),
                (None, None) => BudgetOwner::Account,
            },
            window: cells.word("time_window", BudgetWindow::from_name)?,
            hard: cells.get::<Option<i64>>("hard_nano_usd")?.map(NanoUsd::new),
            soft: cells.get::<Option<i64>>("soft_nano_usd")?.map(NanoUsd::new),
            stamp: read_stamp(&cells)?,
        })
    }

    fn taken(&self) -> String {
        format!("a budget with the name \"{}\"", self.label.name())
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting =
            sqlx::query("SELECT count(*) FROM budgets WHERE account_id = ?").bind(self.account_id.as_bytes().as_slice());
        room(connection, counting, BUDGETS_MAX, "budgets").await?;
        let (id, text) = match &self.owner {
            BudgetOwner::Account => return Ok(()),
            BudgetOwner::Team(id) => (id.as_bytes(), "SELECT 1 FROM teams WHERE account_id = ? AND id = ?"),
            BudgetOwner::AccessKey(id) => {
                (id.as_bytes(), "SELECT 1 FROM access_keys WHERE account_id = ? AND id = ? AND revoked_at IS NULL")
            }
        };
        let owner = sqlx::query(text).bind(self.account_id.as_bytes().as_slice()).bind(id.as_slice());
        match owner.fetch_optional(connection).await.map_err(unavailable)? {
            Some(_) => Ok(()),
            None => Err(StoreError::NotInAccount { what: "the owner" }),
        }
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Budget {}
