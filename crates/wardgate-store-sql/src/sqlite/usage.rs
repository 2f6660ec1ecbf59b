//! The ledger.

mod append;

pub(super) use append::append;

use super::{SqliteTenant, overview};
use crate::error::unavailable;
use crate::row::{Cells, usage_source};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ManagedKeyId, ProviderKeyId, RequestId, TeamId, UsageEventId};
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::{Completion, Usage, UsageEvent};
use wardgate_store::usage::{OverviewBucket, OverviewQuery, REQUEST_LASTS_MAX};
use wardgate_store::{Listed, StoreError, UsageEvents, UsageQuery};

#[async_trait]
impl UsageEvents for SqliteTenant {
    async fn list_usage(&self, query: &UsageQuery) -> Result<Listed<UsageEvent>, StoreError> {
        // Two texts, so that each has the index that serves it. Without a cursor the list starts after the end of time.
        let sql = match query.access_key_id {
            None => {
                "SELECT * FROM usage_events
                 WHERE account_id = ?1 AND ?2 IS NULL AND event_time BETWEEN ?3 AND ?4 AND (?5 OR is_final = 1)
                     AND (event_time, id) < (?6, ?7)
                 ORDER BY event_time DESC, id DESC LIMIT ?8"
            }
            Some(_) => {
                "SELECT * FROM usage_events
                 WHERE account_id = ?1 AND access_key_id = ?2 AND event_time BETWEEN ?3 AND ?4 AND (?5 OR is_final = 1)
                     AND (event_time, id) < (?6, ?7)
                 ORDER BY event_time DESC, id DESC LIMIT ?8"
            }
        };
        let (after_time, after_id) = match &query.after {
            Some((time, id)) => (time.unix_micros(), id.as_bytes().as_slice()),
            None => (i64::MAX, [].as_slice()),
        };
        // Later than the cursor there is nothing to find, and a tighter range is a shorter walk through the index.
        let end = query.end.unix_micros().min(after_time);
        let rows = sqlx::query(sql)
            .bind(self.account())
            .bind(query.access_key_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(query.start.unix_micros())
            .bind(end)
            .bind(query.include_retries)
            .bind(after_time)
            .bind(after_id)
            .bind(i64::from(query.limit) + 1)
            .fetch_all(self.store.readers())
            .await
            .map_err(unavailable)?;
        Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, query.limit))
    }

    async fn request_usage(&self, id: RequestId) -> Result<Vec<UsageEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM usage_events INDEXED BY usage_events_by_request
             WHERE account_id = ? AND request_id = ? AND event_time BETWEEN ? AND ? ORDER BY attempt_number",
        )
        .bind(self.account())
        .bind(id.as_bytes().as_slice())
        .bind(id.made_at().unix_micros())
        .bind(id.made_at().plus(REQUEST_LASTS_MAX).unix_micros())
        .fetch_all(self.store.readers())
        .await
        .map_err(unavailable)?;
        rows.iter().map(read).collect()
    }

    async fn usage_overview(&self, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
        overview::read(self, query).await
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<UsageEvent, StoreError> {
    let cells = Cells::new("usage_events", row);
    Ok(UsageEvent {
        id: UsageEventId::from_bytes(cells.id("id")?),
        request_id: RequestId::from_bytes(cells.id("request_id")?),
        account_id: AccountId::from_bytes(cells.id("account_id")?),
        team_id: TeamId::from_bytes(cells.id("team_id")?),
        access_key_id: AccessKeyId::from_bytes(cells.id("access_key_id")?),
        event_time: cells.time("event_time")?,
        surface: cells.word("surface", Surface::from_name)?,
        provider: cells.provider_name("provider")?,
        model: Arc::from(cells.get::<String>("model")?),
        virtual_model: cells.get::<Option<String>>("virtual_model")?.map(Arc::from),
        provider_key_id: cells.optional_id("provider_key_id")?.map(ProviderKeyId::from_bytes),
        managed_key_id: cells.optional_id("managed_key_id")?.map(ManagedKeyId::from_bytes),
        provider_key_redacted: cells.get("provider_key_redacted")?,
        attempt_number: cells.number("attempt_number")?,
        is_final: cells.get("is_final")?,
        status_code: cells.number("status_code")?,
        completion: cells.word("completion", Completion::from_name)?,
        is_streaming: cells.get("is_streaming")?,
        stop_reason: cells.get("stop_reason")?,
        usage: Usage {
            input_uncached: cells.number("input_uncached")?,
            cache_read: cells.number("cache_read")?,
            cache_write_5m: cells.number("cache_write_5m")?,
            cache_write_1h: cells.number("cache_write_1h")?,
            cache_write_other: cells.number("cache_write_other")?,
            output: cells.number("output")?,
            reasoning: cells.number("reasoning")?,
            ..Usage::default()
        },
        usage_source: cells.word("usage_source", usage_source)?,
        cost: cells.get::<Option<i64>>("cost_nano_usd")?.map(NanoUsd::new),
        duration_us: cells.number("duration_us")?,
        first_token_us: cells.get::<Option<i64>>("first_token_us")?.and_then(|micros| u64::try_from(micros).ok()),
    })
}
