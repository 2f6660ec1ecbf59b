//! The table of operator keys.

use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, version};
use super::table::{OfGateway, Table, Texts, kind_of, name_matches, room, texts};
use super::{SqliteStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::api_key::OperatorKey;
use wardgate_core::id::OperatorKeyId;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{API_KEYS_MAX, NameFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for OperatorKey {
    const TEXTS: Texts = texts! {
        gateway, "operator_keys",
        columns: "id, version, name, description, metadata, created_at, updated_at, created_by, updated_by, secret_hash, redacted,
            expires_at, deleted_at",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13",
        fixed: "last_used_at" = "?14",
        live: "deleted_at IS NULL",
        filter: (name_matches!("?3", "?4", "name", "description")),
        delete: "UPDATE operator_keys SET deleted_at = ?2 WHERE id = ?1",
    };

    kind_of!(gateway);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement.bind(self.id.as_bytes().as_slice()).bind(version(self.stamp.version));
        let statement = bind_stamp(bind_label(statement, &self.label), &self.stamp);
        statement
            .bind(&self.secret_hash)
            .bind(&self.redacted)
            .bind(self.expires_at.map(Timestamp::unix_micros))
            .bind(self.deleted_at.map(Timestamp::unix_micros))
            .bind(self.last_used_at.map(Timestamp::unix_micros))
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("operator_keys", row);
        Ok(Self {
            id: OperatorKeyId::from_bytes(cells.id("id")?),
            label: read_label(&cells)?,
            secret_hash: cells.get("secret_hash")?,
            redacted: cells.get("redacted")?,
            expires_at: cells.optional_time("expires_at")?,
            last_used_at: cells.optional_time("last_used_at")?,
            stamp: read_stamp(&cells)?,
            deleted_at: cells.optional_time("deleted_at")?,
        })
    }

    async fn check_room(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let counting = sqlx::query("SELECT count(*) FROM operator_keys WHERE deleted_at IS NULL");
        room(connection, counting, API_KEYS_MAX, "operator keys").await
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfGateway for OperatorKey {}

/// The key with this id, deleted or not.
pub(super) async fn find(store: &SqliteStore, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM operator_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    row.as_ref().map(OperatorKey::read).transpose()
}
