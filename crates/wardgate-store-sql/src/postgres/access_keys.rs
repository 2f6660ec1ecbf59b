//! The table of access keys.

use super::database::Lent;
use super::id::Id;
use super::parts::{bind_label, bind_name_filter, bind_stamp, optional_text, read_label, read_stamp, texts as many, version};
use super::table::{OfAccount, Table, Texts, is_if_given, name_matches, texts};
use super::{PostgresStore, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use wardgate_core::access_key::{AccessKey, KeyStatus, PreviousSecret};
use wardgate_core::id::{AccessKeyId, AccountId, ConfigurationId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::AccessKeyFilter;
use wardgate_store::{Change, StoreError};

#[async_trait]
impl Table for AccessKey {
    const TEXTS: Texts = texts!(
        account, "access_keys",
        columns: "id, version, account_id, team_id, configuration_id, name, description, metadata, tags, secret_hash,
            previous_secret_hash, previous_secret_until, redacted, expires_at, disabled_at, allowed_networks, revoked_at,
            created_at, updated_at, created_by, updated_by",
        values: "$1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22",
        kept: "last_used_at" = "$4",
        live: "revoked_at IS NULL",
        filter: (
            name_matches!("4", "5", "name", "description"),
            is_if_given!("configuration_id", "6", "uuid"),
            is_if_given!("team_id", "7", "uuid"),
            " AND ($8::text IS NULL OR $8 = ANY(tags))
              AND ($9::text IS NULL OR $9 = CASE WHEN disabled_at IS NOT NULL THEN 'disabled'
                  WHEN expires_at <= $10 THEN 'expired' ELSE 'active' END)"
        ),
        delete: "UPDATE access_keys SET revoked_at = $2 WHERE id = $1",
    );

    fn owner(&self) -> Option<AccountId> {
        Some(self.account_id)
    }

    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let previous = self.previous_secret.as_ref();
        let statement = statement
            .bind(self.id.uuid())
            .bind(version(self.stamp.version))
            .bind(self.account_id.uuid())
            .bind(self.last_used_at.map(Timestamp::unix_micros))
            .bind(self.team_id.uuid())
            .bind(self.configuration_id.map(Id::uuid));
        let statement = bind_label(statement, &self.label)
            .bind(many(self.tags.iter().map(String::as_str)))
            .bind(&self.secret_hash)
            .bind(previous.map(|previous| &previous.hash))
            .bind(previous.map(|previous| previous.valid_until.unix_micros()))
            .bind(&self.redacted)
            .bind(self.expires_at.map(Timestamp::unix_micros))
            .bind(self.disabled_at.map(Timestamp::unix_micros))
            .bind(self.allowed_networks.iter().map(ToString::to_string).collect::<Vec<_>>())
            .bind(self.revoked_at.map(Timestamp::unix_micros));
        bind_stamp(statement, &self.stamp)
    }

    fn bind_filter<'q>(filter: &'q AccessKeyFilter, statement: Statement<'q>) -> Statement<'q> {
        bind_name_filter(statement, &filter.text)
            .bind(filter.configuration_id.map(Id::uuid))
            .bind(filter.team_id.map(Id::uuid))
            .bind(optional_text(filter.tag.as_deref()))
            .bind(filter.status.map(|(status, _): (KeyStatus, _)| status.name()))
            .bind(filter.status.map(|(_, now)| now.unix_micros()))
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("access_keys", row);
        let networks: Vec<String> = cells.get("allowed_networks")?;
        let networks = networks.iter().map(|network| network.parse()).collect::<Result<_, _>>();
        let previous_secret = match (cells.get("previous_secret_hash")?, cells.optional_time("previous_secret_until")?) {
            (Some(hash), Some(valid_until)) => Some(PreviousSecret { hash, valid_until }),
            _ => None,
        };
        Ok(Self {
            id: AccessKeyId::from_bytes(cells.id("id")?),
            account_id: AccountId::from_bytes(cells.id("account_id")?),
            team_id: TeamId::from_bytes(cells.id("team_id")?),
            configuration_id: cells.optional_id("configuration_id")?.map(ConfigurationId::from_bytes),
            label: read_label(&cells)?,
            tags: cells.get("tags")?,
            secret_hash: cells.get("secret_hash")?,
            previous_secret,
            redacted: cells.get("redacted")?,
            expires_at: cells.optional_time("expires_at")?,
            disabled_at: cells.optional_time("disabled_at")?,
            allowed_networks: networks.map_err(|error| cells.corrupt("allowed_networks", error))?,
            last_used_at: cells.optional_time("last_used_at")?,
            stamp: read_stamp(&cells)?,
            revoked_at: cells.optional_time("revoked_at")?,
        })
    }

    fn refused(&self, constraint: &str) -> Option<StoreError> {
        match constraint {
            "access_keys_team" => Some(StoreError::NotInAccount { what: "the team" }),
            "access_keys_configuration" => Some(StoreError::NotInAccount { what: "the configuration" }),
            _ => None,
        }
    }

    /// Nobody can spend with it any more.
    async fn deleting(&self, lent: &mut Lent) -> Result<(), StoreError> {
        let budgets = sqlx::query("DELETE FROM budgets WHERE access_key_id = $1").bind(self.id.uuid());
        lent.run(budgets).await.map_err(unavailable).map(|_| ())
    }

    fn change(&self) -> Option<Change> {
        Some(Change::AccessKey(self.id))
    }
}

impl OfAccount for AccessKey {}

/// Whosever it is, revoked or not.
pub(super) async fn find(store: &PostgresStore, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
    let statement = sqlx::query(
        "SELECT id, version, account_id, last_used_at, team_id, configuration_id, name, description, metadata, tags, secret_hash,
             previous_secret_hash, previous_secret_until, redacted, expires_at, disabled_at, allowed_networks, revoked_at,
             created_at, updated_at, created_by, updated_by
         FROM access_keys WHERE id = $1",
    );
    store.database().row(statement.bind(id.uuid())).await?.as_ref().map(AccessKey::read).transpose()
}
