//! The table of configurations. What their documents name is in `references.rs`.

use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, read_label, read_stamp};
use super::table::{OfAccount, Table, Texts, kind_of, name_matches, room, texts, unused};
use super::{Statement, references};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::configuration::{Configuration, References};
use wardgate_core::id::{AccountId, ConfigurationId};
use wardgate_store::kinds::{CONFIGURATIONS_MAX, NameFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for Configuration {
    const TEXTS: Texts = texts! {
        account, "configurations",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by, document",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11",
        live: "TRUE",
        filter: (name_matches!("?4", "?5", "name", "description")),
        delete: "DELETE FROM configurations WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    const HAS_PARTS: bool = true;

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        bind_stamp(bind_label(statement, &self.label), &self.stamp).bind(&self.document)
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    /// Without its references.
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("configurations", row);
        Ok(Self {
            id: ConfigurationId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            label: read_label(&cells)?,
            document: cells.get("document")?,
            references: References::default(),
            stamp: read_stamp(&cells)?,
        })
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting =
            sqlx::query("SELECT count(*) FROM configurations WHERE account_id = ?").bind(self.account_id.as_bytes().as_slice());
        room(connection, counting, CONFIGURATIONS_MAX, "configurations").await
    }

    async fn check_unused(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let key = sqlx::query(
            "SELECT 1 FROM access_keys WHERE account_id = ? AND configuration_id = ? AND revoked_at IS NULL LIMIT 1",
        )
        .bind(self.account_id.as_bytes().as_slice())
        .bind(self.id.as_bytes().as_slice());
        unused(connection, key, "the configuration", "an access key").await
    }

    async fn created(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        references::insert(connection, self).await
    }

    async fn updated(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        references::delete(connection, self).await?;
        references::insert(connection, self).await
    }

    async fn deleting(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        // Revoked keys are kept, and lose their link.
        sqlx::query("UPDATE access_keys SET configuration_id = NULL WHERE account_id = ? AND configuration_id = ?")
            .bind(self.account_id.as_bytes().as_slice())
            .bind(self.id.as_bytes().as_slice())
            .execute(connection)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn fill(configurations: &mut [Self], connection: &mut SqliteConnection) -> Result<(), StoreError> {
        references::fill(connection, configurations).await
    }

    fn change(&self) -> Option<Change> {
        Some(Change::Account(self.account_id))
    }
}

impl OfAccount for Configuration {}
