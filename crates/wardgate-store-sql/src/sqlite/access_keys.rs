//! The table of access keys.

use super::parts::{bind_head, bind_label, bind_name_filter, bind_stamp, list, read_label, read_list, read_stamp};
use super::table::{OfAccount, Table, Texts, is_if_given, kind_of, name_matches, texts};
use super::{SqliteStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wardgate_core::access_key::{AccessKey, PreviousSecret};
use wardgate_core::id::{AccessKeyId, AccountId, ConfigurationId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::AccessKeyFilter;
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for AccessKey {
    const TEXTS: Texts = texts! {
        account, "access_keys",
        columns: "id, version, account_id, name, description, metadata, created_at, updated_at, created_by, updated_by, team_id,
            configuration_id, tags, secret_hash, previous_secret_hash, previous_secret_until, redacted, expires_at, disabled_at,
            allowed_networks, revoked_at",
        values: "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21",
        fixed: "last_used_at" = "?22",
        live: "revoked_at IS NULL",
        filter: (
            name_matches!("?4", "?5", "name", "description"),
            is_if_given!("configuration_id", "?6"),
            is_if_given!("team_id", "?7"),
            " AND (?8 IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?8))
            AND (?9 IS NULL OR ?9 = CASE
                WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN expires_at <= ?10 THEN 'expired' ELSE 'active' END)"
        ),
        delete: "UPDATE access_keys SET revoked_at = ?2 WHERE id = ?1",
    };

    const PARENT: &'static str = "the team or the configuration";

    kind_of!(account);

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let statement = bind_head(statement, self.id.as_bytes(), &self.stamp, self.account_id.as_bytes());
        let statement = bind_stamp(bind_label(statement, &self.label), &self.stamp);
        statement
            .bind(self.team_id.as_bytes().as_slice())
            .bind(self.configuration_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(list(&self.tags))
            .bind(&self.secret_hash)
            .bind(self.previous_secret.as_ref().map(|previous| previous.hash.as_str()))
            .bind(self.previous_secret.as_ref().map(|previous| previous.valid_until.unix_micros()))
            .bind(&self.redacted)
            .bind(self.expires_at.map(Timestamp::unix_micros))
            .bind(self.disabled_at.map(Timestamp::unix_micros))
            .bind(list(&self.allowed_networks))
            .bind(self.revoked_at.map(Timestamp::unix_micros))
            .bind(self.last_used_at.map(Timestamp::unix_micros))
    }

    fn bind_filter<'q>(filter: &'q AccessKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text)
            .bind(filter.configuration_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(filter.team_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(filter.tag.as_deref())
            .bind(filter.status.map(|(status, _)| status.name()))
            .bind(filter.status.map(|(_, now)| now.unix_micros()))
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::new("access_keys", row);
        let previous_secret_until = cells.optional_time("previous_secret_until")?;
        Ok(Self {
            id: AccessKeyId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            team_id: TeamId::from_bytes(cells.id("team_id")?),
            configuration_id: cells.optional_id("configuration_id")?.map(ConfigurationId::from_bytes),
            label: read_label(&cells)?,
            tags: read_list(&cells, "tags")?,
            secret_hash: cells.get("secret_hash")?,
            previous_secret: cells
                .get::<Option<String>>("previous_secret_hash")?
                .zip(previous_secret_until)
                .map(|(hash, valid_until)| PreviousSecret { hash, valid_until }),
            redacted: cells.get("redacted")?,
            expires_at: cells.optional_time("expires_at")?,
            disabled_at: cells.optional_time("disabled_at")?,
            allowed_networks: read_list(&cells, "allowed_networks")?,
            last_used_at: cells.optional_time("last_used_at")?,
            stamp: read_stamp(&cells)?,
            revoked_at: cells.optional_time("revoked_at")?,
        })
    }

    async fn deleting(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        // Nobody can spend with it any more.
        let budgets = sqlx::query("DELETE FROM budgets WHERE access_key_id = ?").bind(self.id.as_bytes().as_slice());
        budgets.execute(connection).await.map_err(unavailable)?;
        Ok(())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::AccessKey(self.id))
    }
}

impl OfAccount for AccessKey {}

/// The key with this id, revoked or not. The data plane waits for this, so it is one read by one index.
pub(super) async fn find(store: &SqliteStore, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
    let row = sqlx::query("SELECT * FROM access_keys WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(store.readers())
        .await
        .map_err(unavailable)?;
    row.as_ref().map(AccessKey::read).transpose()
}
