//! The table of API keys.

use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, read_label, read_stamp};
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, name_matches, room, texts};
use super::{SqliteStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::api_key::{ApiKey, Role};
use wardgate_core::id::{AccountId, ApiKeyId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{API_KEYS_MAX, ApiKeyFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for ApiKey {
    const TEXTS: Texts = texts! {
        account, "api_keys",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by, role,
            secret_hash, redacted, expires_at, deleted_at",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15",
        fixed: "last_used_at" = "?16",
        live: "deleted_at IS NULL",
        filter: (name_matches!("?4", "?5", "name", "description"), is_if_given!("role", "?6")),
        delete: "UPDATE api_keys SET deleted_at = ?2 WHERE id = ?1",
    };

    const PARENT: &'static str = "the account";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        let statement = bind_stamp(bind_label(statement, &self.label), &self.stamp);
        statement
            .bind(self.role.name())
            .bind(&self.secret_hash)
            .bind(&self.redacted)
            .bind(self.expires_at.map(Timestamp::unix_micros))
            .bind(self.deleted_at.map(Timestamp::unix_micros))
            .bind(self.last_used_at.map(Timestamp::unix_micros))
    }

    fn bind_filter<'q>(filter: &'q ApiKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.role.map(Role::name))
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("api_keys", row);
        Ok(Self {
            id: ApiKeyId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            role: cells.word("role", Role::from_name)?,
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
        let counting = sqlx::query("SELECT count(*) FROM api_keys WHERE account_id = ? AND deleted_at IS NULL")
            .bind(self.account_id.as_bytes().as_slice());
        room(connection, counting, API_KEYS_MAX, "API keys").await
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfAccount for ApiKey {}

/// The key with this id, deleted or not.
pub(super) async fn find(store: &SqliteStore, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM api_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    row.as_ref().map(ApiKey::read).transpose()
}
