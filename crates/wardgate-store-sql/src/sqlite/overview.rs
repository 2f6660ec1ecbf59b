//! Sums of the ledger over a time.

use super::SqliteTenant;
use crate::error::unavailable;
use crate::row::{Cells, count, sums};
use sqlx::sqlite::SqliteRow;
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_store::StoreError;
use wardgate_store::usage::sums::Span;
use wardgate_store::usage::{GroupBy, Interval, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery};

/// Hours before the first full day, full days, and hours after the last, by bucket and one more expression. Each of the three is
/// a range of the table's own order. `?9` is how long a bucket is, or none where there is one for all of the time, whose start
/// is `?8`.
macro_rules! overview {
    ($group:literal from $table:literal where $which:literal) => {
        concat!(
            "SELECT coalesce(start - (start % ?9 + ?9) % ?9, ?8) AS bucket, ",
            $group,
            " AS grouped, sum(cost_nano_usd) AS cost_nano_usd, sum(attempts) AS attempts, sum(unpriced) AS unpriced,
                 sum(requests) AS requests, sum(errors) AS errors, sum(input_tokens) AS input_tokens,
                 sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
                 sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens
             FROM (
                 SELECT * FROM ",
            $table,
            " WHERE account_id = ?1 AND span_hours = 1 AND start >= ?2 AND start < ?3
                 UNION ALL
                 SELECT * FROM ",
            $table,
            " WHERE account_id = ?1 AND span_hours = 24 AND start >= ?4 AND start < ?5
                 UNION ALL
                 SELECT * FROM ",
            $table,
            " WHERE account_id = ?1 AND span_hours = 1 AND start >= ?6 AND start < ?7
             )
             WHERE ",
            $which,
            "
             GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?10"
        )
    };
}

/// Of all keys.
macro_rules! of_teams {
    ($group:literal) => {
        overview!($group from "usage_team_sums" where "?11 IS NULL")
    };
}

/// By key, or of one.
macro_rules! of_keys {
    ($group:literal) => {
        overview!($group from "usage_sums" where "?11 IS NULL OR access_key_id = ?11")
    };
}

pub(super) async fn read(tenant: &SqliteTenant, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
    let text = match (query.group_by, query.access_key_id) {
        (GroupBy::Provider, None) => of_teams!("provider"),
        (GroupBy::Team, None) => of_teams!("team_id"),
        (GroupBy::Model, None) => of_teams!("provider || ':' || model"),
        (GroupBy::Nothing, None) => of_teams!("''"),
        (GroupBy::Provider, Some(_)) => of_keys!("provider"),
        (GroupBy::AccessKey, _) => of_keys!("access_key_id"),
        (GroupBy::Team, Some(_)) => of_keys!("team_id"),
        (GroupBy::Model, Some(_)) => of_keys!("provider || ':' || model"),
        (GroupBy::Nothing, Some(_)) => of_keys!("''"),
    };
    let parts = query.parts();
    let mut statement = sqlx::query(text).bind(tenant.account());
    for range in [parts.hours_before, parts.days, parts.hours_after] {
        statement = statement.bind(range.start.unix_micros()).bind(range.end.unix_micros());
    }
    let rows = statement
        .bind(query.hours().start.unix_micros())
        .bind(match query.interval {
            Interval::Hour => Some(Span::Hour.micros()),
            Interval::Day => Some(Span::Day.micros()),
            Interval::Whole => None,
        })
        .bind(count(OVERVIEW_BUCKETS_MAX as u64 + 1))
        .bind(query.access_key_id.as_ref().map(|id| id.as_bytes().as_slice()))
        .fetch_all(tenant.store.readers())
        .await
        .map_err(unavailable)?;
    if rows.len() > OVERVIEW_BUCKETS_MAX {
        return Err(StoreError::Full { what: "buckets in an overview", max: OVERVIEW_BUCKETS_MAX });
    }
    rows.iter().map(|row| bucket(row, query.group_by)).collect()
}

fn bucket(row: &SqliteRow, by: GroupBy) -> Result<OverviewBucket, StoreError> {
    let cells = Cells::new("usage_sums", row);
    Ok(OverviewBucket {
        start: cells.time("bucket")?,
        // The text of an id sorts as its bytes do.
        group: match by {
            GroupBy::AccessKey => AccessKeyId::from_bytes(cells.id("grouped")?).to_string(),
            GroupBy::Team => TeamId::from_bytes(cells.id("grouped")?).to_string(),
            GroupBy::Provider | GroupBy::Model | GroupBy::Nothing => cells.get("grouped")?,
        },
        sums: sums(&cells)?,
    })
}
