//! The table of budgets.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, version};
use super::table::{OfAccount, Table, Texts, is_if_given, name_matches, room, texts};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::budget::{Budget, BudgetOwner, BudgetWindow};
use wardgate_core::id::{AccessKeyId, AccountId, BudgetId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_store::kinds::{BUDGETS_MAX, BudgetFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Budget {
    const TEXTS: Texts = texts!(
        account, "budgets",
        columns: "id, version, account_id, name, description, metadata, team_id, access_key_id, time_window, hard_nano_usd,
            soft_nano_usd, created_at, updated_at, created_by, updated_by",
        values: "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15",
        live: "TRUE",
        filter: (
            name_matches!("4", "5", "name", "description"),
            is_if_given!("team_id", "6", "uuid"),
            is_if_given!("access_key_id", "7", "uuid")
        ),
        delete: "DELETE FROM budgets WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.uuid()).bind(version(self.stamp.version)).bind(self.account_id.uuid());
        let statement = bind_label(statement, &self.label)
            .bind(self.owner.team_id().map(Id::uuid))
            .bind(self.owner.access_key_id().map(Id::uuid))
            .bind(self.window.name())
            .bind(self.hard.map(NanoUsd::nano_usd))
            .bind(self.soft.map(NanoUsd::nano_usd));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q BudgetFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.team_id.map(Id::uuid)).bind(filter.access_key_id.map(Id::uuid))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
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

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        match constraint {
            "budgets_name" => Some(StoreError::Conflict { what: format!("a budget with the name \"{}\"", self.label.name()) }),
            "budgets_owner_team" | "budgets_owner_key" => Some(StoreError::NotInAccount { what: "the owner" }),
            _ => None,
        }
    }

    async fn check(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let (id, text) = match self.owner {
            BudgetOwner::Account => return Ok(()),
            BudgetOwner::Team(id) => (id.uuid(), "SELECT FROM teams WHERE account_id = $1 AND id = $2"),
            BudgetOwner::AccessKey(id) => {
                (id.uuid(), "SELECT FROM access_keys WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL")
            }
        };
        match lent.row(sqlx::query(text).bind(self.account_id.uuid()).bind(id)).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::NotInAccount { what: "the owner" }),
        }
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM budgets WHERE account_id = $1");
        room(lent, there.bind(self.account_id.uuid()), BUDGETS_MAX, "budgets").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Budget {}
