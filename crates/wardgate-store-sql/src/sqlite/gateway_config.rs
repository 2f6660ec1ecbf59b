//! The table of accounts' settings.

use super::parts::{bind_stamp, read_stamp, version};
use super::{SqliteTenant, audit};
use crate::error::{of_insert, unavailable};
use crate::row::{Cells, count};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::time::Duration;
use wardgate_core::audit::AuditEvent;
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::id::AccountId;
use wardgate_core::stamp::Version;
use wardgate_store::{Change, GatewayConfigs, StoreError};

const INSERT: &str = "INSERT INTO gateway_configs (account_id, version, created_at, updated_at, created_by, updated_by,
         total_timeout_us, per_request_timeout_us, input_tokens_max, output_tokens_max, metadata, unknown_price)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING";

const UPDATE: &str = "UPDATE gateway_configs SET (version, created_at, updated_at, created_by, updated_by,
         total_timeout_us, per_request_timeout_us, input_tokens_max, output_tokens_max, metadata, unknown_price)
         = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
     WHERE account_id = ?1 AND version = ?2 - 1";

#[async_trait]
impl GatewayConfigs for SqliteTenant {
    async fn gateway_config(&self) -> Result<Option<GatewayConfig>, StoreError> {
        find(&mut *self.store.snapshot().await?, self.account_id).await
    }

    async fn put_gateway_config(&self, config: &GatewayConfig, event: &AuditEvent) -> Result<(), StoreError> {
        self.require_own(config.account_id, "the gateway config")?;
        let changed = || StoreError::Changed { what: "the gateway config".to_owned() };
        let stamp = config.stamp.as_ref().ok_or_else(changed)?;
        let text = if stamp.version == Version::FIRST { INSERT } else { UPDATE };
        let mut transaction = self.store.begin().await?;
        let statement = sqlx::query(text).bind(self.account()).bind(version(stamp.version));
        let written = bind_stamp(statement, stamp)
            .bind(micros(config.total_timeout))
            .bind(micros(config.per_request_timeout))
            .bind(config.input_tokens_max.map(count))
            .bind(config.output_tokens_max.map(count))
            .bind(config.metadata.as_deref())
            .bind(config.unknown_price.map(|price| count(price.pico_usd())))
            .execute(&mut *transaction)
            .await
            .map_err(|error| of_insert(error, || "the gateway config".to_owned(), "the account"))?;
        if written.rows_affected() == 0 {
            return Err(changed());
        }
        audit::append(&mut transaction, event).await?;
        transaction.commit().await.map_err(unavailable)?;
        self.store.tell(Some(Change::Account(self.account_id))).await;
        Ok(())
    }
}

/// An account's settings; the unwritten ones where it never wrote any.
pub(super) async fn find(connection: &mut SqliteConnection, id: AccountId) -> Result<Option<GatewayConfig>, StoreError> {
    let row = sqlx::query(
        "SELECT accounts.id, gateway_configs.* FROM accounts
         LEFT JOIN gateway_configs ON gateway_configs.account_id = accounts.id WHERE accounts.id = ?",
    )
    .bind(id.as_bytes().as_slice())
    .fetch_optional(connection)
    .await
    .map_err(unavailable)?;
    row.map(|row| read(&row, id)).transpose()
}

fn read(row: &SqliteRow, account_id: AccountId) -> Result<GatewayConfig, StoreError> {
    let cells = Cells::new("gateway_configs", row);
    if cells.optional_id("account_id")?.is_none() {
        return Ok(GatewayConfig::unwritten(account_id));
    }
    let optional_number = |column| Ok(cells.get::<Option<i64>>(column)?.map(|number| u64::try_from(number).unwrap_or(0)));
    Ok(GatewayConfig {
        account_id,
        total_timeout: Duration::from_micros(cells.number("total_timeout_us")?),
        per_request_timeout: Duration::from_micros(cells.number("per_request_timeout_us")?),
        input_tokens_max: optional_number("input_tokens_max")?,
        output_tokens_max: optional_number("output_tokens_max")?,
        unknown_price: cells.price("unknown_price")?,
        metadata: cells.get("metadata")?,
        stamp: Some(read_stamp(&cells)?),
    })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
