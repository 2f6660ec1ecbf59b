//! The table of operator keys.

use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, version};
use super::table::{OfGateway, Table, Texts, name_matches, room, texts};
use super::{PostgresStore, Statement};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::api_key::OperatorKey;
use wardgate_core::id::{AccountId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{API_KEYS_MAX, NameFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for OperatorKey {
    const TEXTS: Texts = texts!(
        gateway, "operator_keys",
        columns: "id, version, name, description, metadata, secret_hash, redacted, expires_at, deleted_at, created_at, updated_at,
            created_by, updated_by",
        values: "$1, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14",
        kept: "last_used_at" = "$3",
        live: "deleted_at IS NULL",
        filter: (name_matches!("3", "4", "name", "description")),
        delete: "UPDATE operator_keys SET deleted_at = $2 WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        None
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.last_used_at.map(Timestamp::unix_micros));
        let statement = bind_label(statement, &self.label)
            .bind(&self.secret_hash)
            .bind(&self.redacted)
            .bind(self.expires_at.map(Timestamp::unix_micros))
            .bind(self.deleted_at.map(Timestamp::unix_micros));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q NameFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, filter)
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
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

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM operator_keys WHERE deleted_at IS NULL");
        room(lent, there, API_KEYS_MAX, "operator keys").await
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfGateway for OperatorKey {}

/// Deleted or not.
pub(super) async fn find(store: &PostgresStore, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError> {
    let statement = sqlx::query(
        "SELECT id, version, last_used_at, name, description, metadata, secret_hash, redacted, expires_at, deleted_at, created_at,
             updated_at, created_by, updated_by
         FROM operator_keys WHERE id = $1",
    );
    store.database().row(statement.bind(id.uuid())).await?.as_ref().map(OperatorKey::read).transpose()
}
