//! The ledger: sums.

use super::PostgresTenant;
use super::id::Id;
use crate::row::Cells;
use sqlx::postgres::PgRow;
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::Completion;
use wardgate_store::StoreError;
use wardgate_store::usage::{GroupBy, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery};

/// Days are of 86,400 s, and the ones before 1970 begin where they should as well. A sum is of a wider type, so it does not
/// overflow before it is held at the end of ours.
macro_rules! sums {
    ($group:literal) => {
        concat!(
            "SELECT event_time - ((event_time % 86400000000) + 86400000000) % 86400000000 AS day, ",
            $group,
            " AS grouped,
                 least(coalesce(sum(cost_nano_usd), 0), 9223372036854775807)::bigint AS cost,
                 count(*) FILTER (WHERE is_final) AS requests,
                 count(*) FILTER (WHERE is_final AND (completion <> $4 OR status_code >= 400)) AS errors,
                 least(sum(input_uncached::numeric + cache_read + cache_write_5m + cache_write_1h + cache_write_other),
                     9223372036854775807)::bigint AS input_tokens,
                 least(sum(output), 9223372036854775807)::bigint AS output_tokens
             FROM usage_events WHERE account_id = $1 AND event_time BETWEEN $2 AND $3
             GROUP BY day, grouped LIMIT $5"
        )
    };
}

pub(super) async fn read(tenant: &PostgresTenant, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
    let text = match query.group_by {
        GroupBy::Provider => sums!("provider"),
        GroupBy::AccessKey => sums!("access_key_id"),
        GroupBy::Team => sums!("team_id"),
        GroupBy::Model => sums!("provider || ':' || model"),
    };
    let statement = sqlx::query(text)
        .bind(tenant.account_id.uuid())
        .bind(query.start.unix_micros())
        .bind(query.end.unix_micros())
        .bind(Completion::Succeeded.name())
        .bind(OVERVIEW_BUCKETS_MAX as i64 + 1);
    let rows = tenant.store.database().rows(statement).await?;
    if rows.len() > OVERVIEW_BUCKETS_MAX {
        return Err(StoreError::Full { what: "buckets in an overview", max: OVERVIEW_BUCKETS_MAX });
    }
    let mut buckets = rows.iter().map(|row| bucket(row, query.group_by)).collect::<Result<Vec<_>, _>>()?;
    // The order of texts is ours, not that of the database's language.
    buckets.sort_unstable_by(|one, other| (one.day, &one.group).cmp(&(other.day, &other.group)));
    Ok(buckets)
}

fn bucket(row: &PgRow, by: GroupBy) -> Result<OverviewBucket, StoreError> {
    let cells = Cells::new("usage_events", row);
    Ok(OverviewBucket {
        day: cells.get("day").map(Timestamp::from_unix_micros)?,
        group: match by {
            GroupBy::Provider | GroupBy::Model => cells.get("grouped")?,
            GroupBy::AccessKey => AccessKeyId::from_bytes(cells.id("grouped")?).to_string(),
            GroupBy::Team => TeamId::from_bytes(cells.id("grouped")?).to_string(),
        },
        cost: cells.get("cost").map(NanoUsd::new)?,
        requests: cells.number("requests")?,
        errors: cells.number("errors")?,
        input_tokens: cells.number("input_tokens")?,
        output_tokens: cells.number("output_tokens")?,
    })
}
