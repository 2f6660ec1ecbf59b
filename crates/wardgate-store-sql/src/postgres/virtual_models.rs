//! The table of virtual models.

use super::Statement;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, texts as many, version};
use super::table::{OfAccount, Table, Texts, name_matches, room, texts};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::configuration::VirtualModel;
use wardgate_core::id::{AccountId, VirtualModelId};
use wardgate_store::kinds::{NameFilter, VIRTUAL_MODELS_MAX};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for VirtualModel {
    const TEXTS: Texts = texts!(
        account, "virtual_models",
        columns: "id, version, account_id, name, description, metadata, models, created_at, updated_at, created_by, updated_by",
        values: "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11",
        live: "TRUE",
        filter: (name_matches!("4", "5", "name", "description")),
        delete: "DELETE FROM virtual_models WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.uuid()).bind(version(self.stamp.version)).bind(self.account_id.uuid());
        let statement = bind_label(statement, &self.label).bind(many(self.models.iter().map(String::as_str)));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("virtual_models", row);
        Ok(Self {
            id: VirtualModelId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            models: cells.get("models")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        let what = || format!("a virtual model \"{}\"", self.label.name());
        (constraint == "virtual_models_name").then(|| StoreError::Conflict { what: what() })
    }

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM virtual_models WHERE account_id = $1");
        room(lent, there.bind(self.account_id.uuid()), VIRTUAL_MODELS_MAX, "virtual models").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for VirtualModel {}
