//! The table of tiers.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_name_filter, bind_stamp, read_stamp, text, version};
use super::table::{OfGateway, Table, Texts, name_matches, room, texts, unused};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::id::{AccountId, TierId};
use wardgate_core::tier::{Tier, TierName};
use wardgate_store::kinds::{NameFilter, TIERS_MAX};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Tier {
    const TEXTS: Texts = texts!(
        gateway, "tiers",
        columns: "id, version, name, document, created_at, updated_at, created_by, updated_by",
        values: "$1, $2, $3, $4, $5, $6, $7, $8",
        live: "TRUE",
        filter: (name_matches!("3", "4", "name")),
        delete: "DELETE FROM tiers WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.name.as_str())
            .bind(text(&self.document));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("tiers", row);
        let name: String = cells.get("name")?;
        Ok(Self {
            id: TierId::from_bytes(cells.id("id")?),
            name: TierName::new(&name).map_err(|error| cells.corrupt("name", error))?,
            document: cells.get("document")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        let what = || format!("a tier with the name \"{}\"", self.name);
        (constraint == "tiers_name").then(|| StoreError::Conflict { what: what() })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        room(lent, sqlx::query("SELECT count(*) AS matching FROM tiers"), TIERS_MAX, "tiers").await
    }

    async fn check_unused(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let account = sqlx::query("SELECT FROM accounts WHERE tier = $1 LIMIT 1").bind(self.name.as_str());
        unused(lent, account, "the tier", "an account").await?;
        let team = sqlx::query("SELECT FROM teams WHERE tier = $1 LIMIT 1").bind(self.name.as_str());
        unused(lent, team, "the tier", "a team").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

impl OfGateway for Tier {}
