//! Sums of the ledger.

use super::SqliteTenant;
use crate::error::unavailable;
use crate::row::{Cells, count};
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_store::StoreError;
use wardgate_store::usage::{GroupBy, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery};

/// Sums by day and one more expression. The range is a part of the table's own order.
macro_rules! sums {
    ($group:literal) => {
        concat!(
            "SELECT event_time - event_time % 86400000000 AS day, ",
            $group,
            " AS grouped, coalesce(sum(cost_nano_usd), 0) AS cost, sum(is_final) AS requests,
                 sum(is_final AND (completion <> 'succeeded' OR status_code >= 400)) AS errors,
                 sum(input_uncached + cache_read + cache_write_5m + cache_write_1h + cache_write_other) AS input_tokens,
                 sum(output) AS output_tokens
             FROM usage_events WHERE account_id = ? AND event_time BETWEEN ? AND ? GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?"
        )
    };
}

pub(super) async fn sums(tenant: &SqliteTenant, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
    let text = match query.group_by {
        GroupBy::Provider => sums!("provider"),
        GroupBy::AccessKey => sums!("access_key_id"),
        GroupBy::Team => sums!("team_id"),
        GroupBy::Model => sums!("provider || ':' || model"),
    };
    let rows = sqlx::query(text)
        .bind(tenant.account())
        .bind(query.start.unix_micros())
        .bind(query.end.unix_micros())
        .bind(count(OVERVIEW_BUCKETS_MAX as u64 + 1))
        .fetch_all(tenant.store.readers())
        .await
        .map_err(unavailable)?;
    if rows.len() > OVERVIEW_BUCKETS_MAX {
        return Err(StoreError::Full { what: "buckets in an overview", max: OVERVIEW_BUCKETS_MAX });
    }
    rows.iter().map(|row| read(query.group_by, row)).collect()
}

fn read(by: GroupBy, row: &SqliteRow) -> Result<OverviewBucket, StoreError> {
    let cells = Cells::new("usage_events", row);
    Ok(OverviewBucket {
        day: cells.time("day")?,
        // The text of an id sorts as its bytes do.
        group: match by {
            GroupBy::AccessKey => AccessKeyId::from_bytes(cells.id("grouped")?).to_string(),
            GroupBy::Team => TeamId::from_bytes(cells.id("grouped")?).to_string(),
            GroupBy::Provider | GroupBy::Model => cells.get("grouped")?,
        },
        cost: NanoUsd::new(cells.get("cost")?),
        requests: cells.number("requests")?,
        errors: cells.number("errors")?,
        input_tokens: cells.number("input_tokens")?,
        output_tokens: cells.number("output_tokens")?,
    })
}
