//! The ledger.

use super::{SqliteStore, SqliteTenant, Statement, overview, sums};
use crate::error::unavailable;
use crate::row::{Cells, count, usage_source, usage_source_word};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::sync::{Arc, LazyLock};
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

/// How many rows one statement may insert, largest first. Each statement is a trip to the thread that owns the connection and
/// back, which costs more than a row itself, so a batch is cut into as few as these allow.
const ROWS_PER_STATEMENT: [usize; 4] = [256, 32, 8, 1];

const COLUMNS: &str = "INSERT INTO usage_events (id, request_id, account_id, team_id, access_key_id, event_time, surface,
     provider, model, provider_key_id, provider_key_redacted, attempt_number, is_final, status_code, completion, is_streaming,
     stop_reason, input_uncached, cache_read, cache_write_5m, cache_write_1h, cache_write_other, output, reasoning,
     usage_source, cost_nano_usd, duration_us, first_token_us, virtual_model, managed_key_id, is_summed) VALUES ";

const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)";

/// The statement for so many rows, made once.
fn insert_sql(rows: usize) -> &'static str {
    static STATEMENTS: LazyLock<[String; ROWS_PER_STATEMENT.len()]> = LazyLock::new(|| {
        ROWS_PER_STATEMENT.map(|rows| format!("{COLUMNS}{} ON CONFLICT DO NOTHING", vec![ROW; rows].join(", ")))
    });
    let index = ROWS_PER_STATEMENT.iter().position(|size| *size == rows).unwrap_or(ROWS_PER_STATEMENT.len() - 1);
    &STATEMENTS[index]
}

pub(super) async fn append(store: &SqliteStore, events: &[UsageEvent]) -> Result<u64, StoreError> {
    if events.is_empty() {
        return Ok(0);
    }
    let mut transaction = store.begin().await?;
    if insert(&mut transaction, events).await? == events.len() as u64 {
        sums::add(&mut transaction, events).await?;
        transaction.commit().await.map_err(unavailable)?;
        return Ok(events.len() as u64);
    }
    // A part of them was there already, which is rare: which part, only storing one by one tells.
    transaction.rollback().await.map_err(unavailable)?;
    let mut transaction = store.begin().await?;
    let mut new = Vec::new();
    for event in events {
        if insert(&mut transaction, std::slice::from_ref(event)).await? == 1 {
            new.push(event);
        }
    }
    let count = new.len() as u64;
    sums::add(&mut transaction, new.iter().copied()).await?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(count)
}

/// Stores those events that are not there yet, and says how many it were.
async fn insert(transaction: &mut SqliteConnection, events: &[UsageEvent]) -> Result<u64, StoreError> {
    let mut new = 0;
    let mut rest = events;
    for size in ROWS_PER_STATEMENT {
        while let Some((rows, behind)) = rest.split_at_checked(size) {
            let statement = rows.iter().fold(sqlx::query(insert_sql(size)), bind);
            new += statement.execute(&mut *transaction).await.map_err(unavailable)?.rows_affected();
            rest = behind;
        }
    }
    Ok(new)
}

fn bind<'q>(statement: Statement<'q>, event: &'q UsageEvent) -> Statement<'q> {
    statement
        .bind(event.id.as_bytes().as_slice())
        .bind(event.request_id.as_bytes().as_slice())
        .bind(event.account_id.as_bytes().as_slice())
        .bind(event.team_id.as_bytes().as_slice())
        .bind(event.access_key_id.as_bytes().as_slice())
        .bind(event.event_time.unix_micros())
        .bind(event.surface.name())
        .bind(event.provider.as_str())
        .bind(&*event.model)
        .bind(event.provider_key_id.as_ref().map(|id| id.as_bytes().as_slice()))
        .bind(event.provider_key_redacted.as_deref())
        .bind(event.attempt_number)
        .bind(event.is_final)
        .bind(event.status_code)
        .bind(event.completion.name())
        .bind(event.is_streaming)
        .bind(event.stop_reason.as_deref())
        .bind(count(event.usage.input_uncached))
        .bind(count(event.usage.cache_read))
        .bind(count(event.usage.cache_write_5m))
        .bind(count(event.usage.cache_write_1h))
        .bind(count(event.usage.cache_write_other))
        .bind(count(event.usage.output))
        .bind(count(event.usage.reasoning))
        .bind(usage_source_word(event.usage_source))
        .bind(event.cost.map(NanoUsd::nano_usd))
        .bind(count(event.duration_us))
        .bind(event.first_token_us.map(count))
        .bind(event.virtual_model.as_deref())
        .bind(event.managed_key_id.as_ref().map(|id| id.as_bytes().as_slice()))
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
        },
        usage_source: cells.word("usage_source", usage_source)?,
        cost: cells.get::<Option<i64>>("cost_nano_usd")?.map(NanoUsd::new),
        duration_us: cells.number("duration_us")?,
        first_token_us: cells.get::<Option<i64>>("first_token_us")?.and_then(|micros| u64::try_from(micros).ok()),
    })
}
