//! The table of the tiers that the operator made.

use super::Statement;
use super::parts::{bind_name_filter, bind_stamp, read_stamp, version};
use super::table::{OfGateway, Table, Texts, kind_of, name_matches, room, texts, unused};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::TierId;
use wardgate_core::tier::{Tier, TierName};
use wardgate_store::kinds::{NameFilter, TIERS_MAX};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Tier {
    const TEXTS: Texts = texts! {
        gateway, "tiers",
        columns: "id, version, name, document, created_at, updated_at, created_by, updated_by",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8",
        live: "TRUE",
        filter: (name_matches!("?3", "?4", "name")),
        delete: "DELETE FROM tiers WHERE id = ?1",
    };

    kind_of!(gateway);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.as_bytes().as_slice()).bind(version(self.stamp.version));
        bind_stamp(statement.bind(self.name.as_str()).bind(&self.document), &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("tiers", row);
        Ok(Self {
            id: TierId::from_bytes(cells.id("id")?),
            name: cells.word("name", |name| TierName::new(name).ok())?,
            document: cells.get("document")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn taken(&self) -> String {
        format!("a tier with the name \"{}\"", self.name)
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        room(connection, sqlx::query("SELECT count(*) FROM tiers"), TIERS_MAX, "tiers").await
    }

    async fn check_unused(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let account = sqlx::query("SELECT 1 FROM accounts WHERE tier = ? LIMIT 1").bind(self.name.as_str());
        unused(connection, account, "the tier", "an account").await?;
        let team = sqlx::query("SELECT 1 FROM teams WHERE tier = ? LIMIT 1").bind(self.name.as_str());
        unused(connection, team, "the tier", "a team").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Everything)
    }
}

impl OfGateway for Tier {}

/// The tier that an account or a team is on.
pub(super) fn read_name(cells: &Cells<'_, SqliteRow>) -> Result<Option<TierName>, StoreError> {
    let name: Option<String> = cells.get("tier")?;
    name.map(|name| TierName::new(&name).map_err(|error| cells.corrupt("tier", error))).transpose()
}
