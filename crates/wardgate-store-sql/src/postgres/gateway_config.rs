//! The settings of accounts.

use super::PostgresTenant;
use super::database::Lent;
use super::id::Id;
use super::parts::{bind_stamp, optional_text, read_stamp, version};
use super::writing::{Writing, retried};
use crate::error::unavailable;
use crate::row::{Cells, count};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use std::time::Duration;
use wardgate_core::audit::AuditEvent;
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::id::AccountId;
use wardgate_core::stamp::Version;
use wardgate_store::{Change, GatewayConfigs, StoreError};

#[async_trait]
impl GatewayConfigs for PostgresTenant {
    async fn gateway_config(&self) -> Result<Option<GatewayConfig>, StoreError> {
        find(&mut self.store.database().lend().await?, self.account_id).await
    }

    async fn put_gateway_config(&self, config: &GatewayConfig, event: &AuditEvent) -> Result<(), StoreError> {
        if config.account_id != self.account_id {
            return Err(StoreError::NotInAccount { what: "the gateway config" });
        }
        retried(|| async {
            let mut writing = Writing::begin_for(&self.store, Some(self.account_id)).await?;
            let done = put(&mut writing, config, event).await;
            writing.end(done).await
        })
        .await
    }
}

async fn put(writing: &mut Writing, config: &GatewayConfig, event: &AuditEvent) -> Result<(), StoreError> {
    let changed = || StoreError::Changed { what: "the gateway config".to_owned() };
    let stamp = config.stamp.as_ref().ok_or_else(changed)?;
    let text = if stamp.version.previous() == Version::new(0) {
        "INSERT INTO gateway_configs (account_id, version, total_timeout_us, per_request_timeout_us, input_tokens_max,
             output_tokens_max, metadata, unknown_price, created_at, updated_at, created_by, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE gateway_configs SET (version, total_timeout_us, per_request_timeout_us, input_tokens_max, output_tokens_max,
             metadata, unknown_price, created_at, updated_at, created_by, updated_by)
             = ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         WHERE account_id = $1 AND version = $2 - 1"
    };
    let statement = sqlx::query(text)
        .bind(config.account_id.uuid())
        .bind(version(stamp.version))
        .bind(micros(config.total_timeout))
        .bind(micros(config.per_request_timeout))
        .bind(config.input_tokens_max.map(count))
        .bind(config.output_tokens_max.map(count))
        .bind(optional_text(config.metadata.as_deref()))
        .bind(config.unknown_price.map(|price| count(price.pico_usd())));
    if writing.lent().run(bind_stamp(statement, stamp)).await.map_err(unavailable)? == 0 {
        return Err(changed());
    }
    writing.record(Some(Change::Account(config.account_id)), event).await
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// An account's settings; none when the account is gone.
pub(super) async fn find(lent: &mut Lent, account_id: AccountId) -> Result<Option<GatewayConfig>, StoreError> {
    let statement = sqlx::query(
        "SELECT account_id, gateway_configs.version, total_timeout_us, per_request_timeout_us, input_tokens_max, output_tokens_max,
             gateway_configs.metadata, unknown_price, gateway_configs.created_at, gateway_configs.updated_at, gateway_configs.created_by,
             gateway_configs.updated_by
         FROM accounts LEFT JOIN gateway_configs ON account_id = accounts.id WHERE accounts.id = $1",
    );
    let Some(row) = lent.row(statement.bind(account_id.uuid())).await? else { return Ok(None) };
    match Cells::new("gateway_configs", &row).optional_id("account_id")? {
        None => Ok(Some(GatewayConfig::unwritten(account_id))),
        Some(_) => read(&row).map(Some),
    }
}

fn read(row: &PgRow) -> Result<GatewayConfig, StoreError> {
    let cells = Cells::new("gateway_configs", row);
    let number = |column| -> Result<Option<u64>, StoreError> {
        let number: Option<i64> = cells.get(column)?;
        number.map(|number| u64::try_from(number).map_err(|error| cells.corrupt(column, error))).transpose()
    };
    Ok(GatewayConfig {
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        total_timeout: Duration::from_micros(cells.number("total_timeout_us")?),
        per_request_timeout: Duration::from_micros(cells.number("per_request_timeout_us")?),
        input_tokens_max: number("input_tokens_max")?,
        output_tokens_max: number("output_tokens_max")?,
        unknown_price: cells.price("unknown_price")?,
        metadata: cells.get("metadata")?,
        stamp: Some(read_stamp(&cells)?),
    })
}
