//! The table of virtual models.

use super::Statement;
use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, list, read_label, read_list, read_stamp};
use super::table::{OfAccount, Table, Texts, kind_of, name_matches, room, texts};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::configuration::VirtualModel;
use wardgate_core::id::{AccountId, VirtualModelId};
use wardgate_store::kinds::{NameFilter, VIRTUAL_MODELS_MAX};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for VirtualModel {
    const TEXTS: Texts = texts! {
        account, "virtual_models",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by, models",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11",
        live: "TRUE",
        filter: (name_matches!("?4", "?5", "name", "description")),
        delete: "DELETE FROM virtual_models WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        bind_stamp(bind_label(statement, &self.label), &self.stamp).bind(list(&self.models))
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("virtual_models", row);
        Ok(Self {
            id: VirtualModelId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            models: read_list(&cells, "models")?,
            stamp: read_stamp(&cells)?,
        })
    }

    fn taken(&self) -> String {
        format!("a virtual model \"{}\"", self.label.name())
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting =
            sqlx::query("SELECT count(*) FROM virtual_models WHERE account_id = ?").bind(self.account_id.as_bytes().as_slice());
        room(connection, counting, VIRTUAL_MODELS_MAX, "virtual models").await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for VirtualModel {}
