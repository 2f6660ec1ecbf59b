//! The table of API keys.

use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, read_label, read_stamp, version};
use super::table::{OfAccount, Table, Texts, is_if_given, name_matches, room, texts};
use super::{PostgresStore, Statement};
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::api_key::{ApiKey, Role};
use wardgate_core::id::{AccountId, ApiKeyId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::{API_KEYS_MAX, ApiKeyFilter};
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for ApiKey {
    const TEXTS: Texts = texts!(
        account, "api_keys",
        columns: "id, version, account_id, role, name, description, metadata, secret_hash, redacted, expires_at, deleted_at,
            created_at, updated_at, created_by, updated_by",
        values: "$1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16",
        kept: "last_used_at" = "$4",
        live: "deleted_at IS NULL",
        filter: (name_matches!("4", "5", "name", "description"), is_if_given!("role", "6", "text")),
        delete: "UPDATE api_keys SET deleted_at = $2 WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.account_id.uuid())
            .bind(self.last_used_at.map(Timestamp::unix_micros))
            .bind(self.role.name());
        let statement = bind_label(statement, &self.label)
            .bind(&self.secret_hash)
            .bind(&self.redacted)
            .bind(self.expires_at.map(Timestamp::unix_micros))
            .bind(self.deleted_at.map(Timestamp::unix_micros));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q ApiKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text).bind(filter.role.map(Role::name))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
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

    async fn check_room(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let there = sqlx::query("SELECT count(*) AS matching FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL");
        room(lent, there.bind(self.account_id.uuid()), API_KEYS_MAX, "API keys").await
    }

    fn change(&self) -> Option<Change> {
        None
    }
}

impl OfAccount for ApiKey {}

/// Whosever it is, deleted or not.
pub(super) async fn find(store: &PostgresStore, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    let statement = sqlx::query(
        "SELECT id, version, account_id, last_used_at, role, name, description, metadata, secret_hash, redacted, expires_at,
             deleted_at, created_at, updated_at, created_by, updated_by
         FROM api_keys WHERE id = $1",
    );
    store.database().row(statement.bind(id.uuid())).await?.as_ref().map(ApiKey::read).transpose()
}
