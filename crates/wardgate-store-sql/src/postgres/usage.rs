//! The ledger: writing and listing.

use super::id::Id;
use super::parts::{optional_text, text};
use super::sums::{add_new_to_sums, summed_columns};
use super::upkeep;
use super::writing::retried;
use super::{PostgresStore, PostgresTenant, Statement};
use crate::row::{Cells, count, usage_source, usage_source_word};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::types::Uuid;
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ManagedKeyId, ProviderKeyId, RequestId, TeamId, UsageEventId};
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::{Completion, Usage, UsageEvent};
use wardgate_store::usage::{OverviewBucket, OverviewQuery, REQUEST_LASTS_MAX};
use wardgate_store::{Listed, StoreError, UsageEvents, UsageQuery};

macro_rules! columns {
    () => {
        "id, request_id, account_id, team_id, access_key_id, event_time, surface, provider, model, virtual_model, provider_key_id,
         managed_key_id, provider_key_redacted, attempt_number, is_final, status_code, completion, is_streaming, stop_reason,
         input_uncached, cache_read, cache_write_5m, cache_write_1h, cache_write_other, output, reasoning, usage_source,
         cost_nano_usd, duration_us, first_token_us"
    };
}

#[async_trait]
impl UsageEvents for PostgresTenant {
    async fn list_usage(&self, query: &UsageQuery) -> Result<Listed<UsageEvent>, StoreError> {
        // Two texts, so that each has the index that serves it. Without a cursor the list starts after the end of time.
        let sql = match query.access_key_id {
            None => concat!(
                "SELECT ",
                columns!(),
                " FROM usage_events
                 WHERE account_id = $1 AND $2::uuid IS NULL AND event_time BETWEEN $3 AND $4 AND ($5 OR is_final)
                     AND (event_time, id) < ($6, $7)
                 ORDER BY event_time DESC, id DESC LIMIT $8"
            ),
            Some(_) => concat!(
                "SELECT ",
                columns!(),
                " FROM usage_events
                 WHERE account_id = $1 AND access_key_id = $2 AND event_time BETWEEN $3 AND $4 AND ($5 OR is_final)
                     AND (event_time, id) < ($6, $7)
                 ORDER BY event_time DESC, id DESC LIMIT $8"
            ),
        };
        let (after_time, after_id) = match query.after {
            Some((time, id)) => (time.unix_micros(), id.uuid()),
            None => (i64::MAX, Uuid::nil()),
        };
        // Later than the cursor there is nothing to find, and a tighter range is a shorter walk through the index.
        let end = query.end.unix_micros().min(after_time);
        let statement = sqlx::query(sql)
            .bind(self.account_id.uuid())
            .bind(query.access_key_id.map(Id::uuid))
            .bind(query.start.unix_micros())
            .bind(end)
            .bind(query.include_retries)
            .bind(after_time)
            .bind(after_id)
            .bind(i64::from(query.limit) + 1);
        let rows = self.store.database().rows(statement).await?;
        Ok(Listed::cut(rows.iter().map(read).collect::<Result<_, _>>()?, query.limit))
    }

    async fn request_usage(&self, id: RequestId) -> Result<Vec<UsageEvent>, StoreError> {
        let statement = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM usage_events
             WHERE account_id = $1 AND request_id = $2 AND event_time BETWEEN $3 AND $4 ORDER BY attempt_number"
        ))
        .bind(self.account_id.uuid())
        .bind(id.uuid())
        .bind(id.made_at().unix_micros())
        .bind(id.made_at().plus(REQUEST_LASTS_MAX).unix_micros());
        self.store.database().rows(statement).await?.iter().map(read).collect()
    }

    async fn usage_overview(&self, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
        super::overview::read(self, query).await
    }
}

/// How many rows one statement inserts.
const ROWS_PER_STATEMENT: usize = 2_000;

pub(super) async fn append(store: &PostgresStore, events: &[UsageEvent]) -> Result<u64, StoreError> {
    // Of two who send the same events at the same time each waits for the other's, so all insert in the same order.
    let mut sorted: Vec<&UsageEvent> = events.iter().collect();
    sorted.sort_unstable_by_key(|event| (event.account_id, event.event_time, event.id));
    retried(|| append_sorted(store, &sorted)).await
}

async fn append_sorted(store: &PostgresStore, events: &[&UsageEvent]) -> Result<u64, StoreError> {
    if events.len() <= ROWS_PER_STATEMENT {
        return if events.is_empty() { Ok(0) } else { upkeep::new(store.database().row(insert(events)).await?) };
    }
    let mut lent = store.database().lend().await?;
    lent.begin("BEGIN").await?;
    let mut new = 0;
    for rows in events.chunks(ROWS_PER_STATEMENT) {
        new += upkeep::new(lent.row(insert(rows)).await?)?;
    }
    lent.end("COMMIT").await?;
    Ok(new)
}

/// Stores the events and adds them to the sums. One array a column: the statement is the same however many rows there are, so it is prepared once.
fn insert<'e>(events: &[&'e UsageEvent]) -> Statement<'e> {
    fn column<'e, T>(events: &[&'e UsageEvent], cell: impl Fn(&'e UsageEvent) -> T) -> Vec<T> {
        events.iter().copied().map(cell).collect()
    }
    sqlx::query(concat!(
        "WITH new AS (INSERT INTO usage_events (", columns!(), ", is_summed)
         SELECT *, TRUE FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::text[], $14::bigint[], $15::boolean[], $16::bigint[],
             $17::text[], $18::boolean[], $19::text[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[],
             $25::bigint[], $26::bigint[], $27::text[], $28::bigint[], $29::bigint[], $30::bigint[])
         ON CONFLICT DO NOTHING RETURNING ", summed_columns!(), ")", add_new_to_sums!()
    ))
    .bind(column(events, |event| event.id.uuid()))
    .bind(column(events, |event| event.request_id.uuid()))
    .bind(column(events, |event| event.account_id.uuid()))
    .bind(column(events, |event| event.team_id.uuid()))
    .bind(column(events, |event| event.access_key_id.uuid()))
    .bind(column(events, |event| event.event_time.unix_micros()))
    .bind(column(events, |event| event.surface.name()))
    .bind(column(events, |event| event.provider.as_str()))
    .bind(column(events, |event| text(&event.model)))
    .bind(column(events, |event| optional_text(event.virtual_model.as_deref())))
    .bind(column(events, |event| event.provider_key_id.map(Id::uuid)))
    .bind(column(events, |event| event.managed_key_id.map(Id::uuid)))
    .bind(column(events, |event| optional_text(event.provider_key_redacted.as_deref())))
    .bind(column(events, |event| i64::from(event.attempt_number)))
    .bind(column(events, |event| event.is_final))
    .bind(column(events, |event| i64::from(event.status_code)))
    .bind(column(events, |event| event.completion.name()))
    .bind(column(events, |event| event.is_streaming))
    .bind(column(events, |event| optional_text(event.stop_reason.as_deref())))
    .bind(column(events, |event| count(event.usage.input_uncached)))
    .bind(column(events, |event| count(event.usage.cache_read)))
    .bind(column(events, |event| count(event.usage.cache_write_5m)))
    .bind(column(events, |event| count(event.usage.cache_write_1h)))
    .bind(column(events, |event| count(event.usage.cache_write_other)))
    .bind(column(events, |event| count(event.usage.output)))
    .bind(column(events, |event| count(event.usage.reasoning)))
    .bind(column(events, |event| usage_source_word(event.usage_source)))
    .bind(column(events, |event| event.cost.map(NanoUsd::nano_usd)))
    .bind(column(events, |event| count(event.duration_us)))
    .bind(column(events, |event| event.first_token_us.map(count)))
}

fn read(row: &PgRow) -> Result<UsageEvent, StoreError> {
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
