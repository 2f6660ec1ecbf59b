//! The ledger: sums over a time.

use super::PostgresTenant;
use super::id::Id;
use crate::row::{Cells, sums};
use sqlx::postgres::PgRow;
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_store::StoreError;
use wardgate_store::usage::sums::Span;
use wardgate_store::usage::{GroupBy, Interval, OVERVIEW_BUCKETS_MAX, OverviewBucket, OverviewQuery};

/// Hours before the first full day, full days, and hours after the last, by bucket and one more expression. `$9` is how long a
/// bucket is, or none where there is one for all of the time, which starts at `$2`. Days are of 86,400 s, and the ones before
/// 1970 begin where they should as well. A sum is of a wider type, so it does not overflow before it is held at the end of ours.
macro_rules! overview {
    ($group:literal from $table:literal where $which:literal) => {
        concat!(
            "SELECT coalesce(start - ((start % $9) + $9) % $9, $8) AS bucket, ",
            $group,
            " AS grouped,
                 least(sum(cost_nano_usd), 9223372036854775807)::bigint AS cost_nano_usd,
                 least(sum(attempts), 9223372036854775807)::bigint AS attempts,
                 least(sum(unpriced), 9223372036854775807)::bigint AS unpriced,
                 least(sum(requests), 9223372036854775807)::bigint AS requests,
                 least(sum(errors), 9223372036854775807)::bigint AS errors,
                 least(sum(input_tokens), 9223372036854775807)::bigint AS input_tokens,
                 least(sum(cache_read_tokens), 9223372036854775807)::bigint AS cache_read_tokens,
                 least(sum(cache_write_tokens), 9223372036854775807)::bigint AS cache_write_tokens,
                 least(sum(output_tokens), 9223372036854775807)::bigint AS output_tokens,
                 least(sum(reasoning_tokens), 9223372036854775807)::bigint AS reasoning_tokens
             FROM (
                 SELECT * FROM ",
            $table,
            " WHERE account_id = $1 AND span_hours = 1 AND start >= $2 AND start < $3
                 UNION ALL
                 SELECT * FROM ",
            $table,
            " WHERE account_id = $1 AND span_hours = 24 AND start >= $4 AND start < $5
                 UNION ALL
                 SELECT * FROM ",
            $table,
            " WHERE account_id = $1 AND span_hours = 1 AND start >= $6 AND start < $7
             ) AS parts
             WHERE ",
            $which,
            "
             GROUP BY bucket, grouped LIMIT $10"
        )
    };
}

/// Of all keys.
macro_rules! of_teams {
    ($group:literal) => {
        overview!($group from "usage_team_sums" where "$11::uuid IS NULL")
    };
}

/// By key, or of one.
macro_rules! of_keys {
    ($group:literal) => {
        overview!($group from "usage_sums" where "$11::uuid IS NULL OR access_key_id = $11")
    };
}

pub(super) async fn read(tenant: &PostgresTenant, query: &OverviewQuery) -> Result<Vec<OverviewBucket>, StoreError> {
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
    let mut statement = sqlx::query(text).bind(tenant.account_id.uuid());
    for range in [parts.hours_before, parts.days, parts.hours_after] {
        statement = statement.bind(range.start.unix_micros()).bind(range.end.unix_micros());
    }
    let statement = statement
        .bind(query.hours().start.unix_micros())
        .bind(match query.interval {
            Interval::Hour => Some(Span::Hour.micros()),
            Interval::Day => Some(Span::Day.micros()),
            Interval::Whole => None,
        })
        .bind(OVERVIEW_BUCKETS_MAX as i64 + 1)
        .bind(query.access_key_id.map(Id::uuid));
    let rows = tenant.store.database().rows(statement).await?;
    if rows.len() > OVERVIEW_BUCKETS_MAX {
        return Err(StoreError::Full { what: "buckets in an overview", max: OVERVIEW_BUCKETS_MAX });
    }
    let mut buckets = rows.iter().map(|row| bucket(row, query.group_by)).collect::<Result<Vec<_>, _>>()?;
    // The order of texts is ours, not that of the database's language.
    buckets.sort_unstable_by(|one, other| (one.start, &one.group).cmp(&(other.start, &other.group)));
    Ok(buckets)
}

fn bucket(row: &PgRow, by: GroupBy) -> Result<OverviewBucket, StoreError> {
    let cells = Cells::new("usage_sums", row);
    Ok(OverviewBucket {
        start: cells.get("bucket").map(Timestamp::from_unix_micros)?,
        group: match by {
            GroupBy::Provider | GroupBy::Model | GroupBy::Nothing => cells.get("grouped")?,
            GroupBy::AccessKey => AccessKeyId::from_bytes(cells.id("grouped")?).to_string(),
            GroupBy::Team => TeamId::from_bytes(cells.id("grouped")?).to_string(),
        },
        sums: sums(&cells)?,
    })
}
