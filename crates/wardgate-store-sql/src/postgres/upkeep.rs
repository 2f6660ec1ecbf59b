//! The ledger while time passes: what is left to sum up, a table for each day, and the end of old ones.
//!
//! A table is made days before its day. What arrives for a day without one, such as a journal of last year, goes to the default
//! table, where all of the ledger may be that was written before there were tables for days. A table cannot be made for a day
//! of which that one has rows: then the day stays there.

use super::PostgresStore;
use super::database::Lent;
use super::sums::{add_new_to_sums, summed_columns};
use super::writing::retried;
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use std::borrow::Cow;
use wardgate_core::time::Timestamp;
use wardgate_store::usage::sums::Span;
use wardgate_store::{StoreError, UsageUpkeep};

/// For how many days after today there are tables.
const DAYS_AHEAD: i64 = 7;

/// The lock of the database that the one process holds which changes the tables of days: the letters "wgusage".
const LOCK: i64 = 0x77_67_75_73_61_67_65;

/// How long a table may be waited for, and then held: whoever writes events waits behind. Making a table looks through all that the
/// default one has, which may be too much.
const BOUNDS: &str = "SELECT set_config('lock_timeout', '1s', TRUE), set_config('statement_timeout', '2s', TRUE)";

/// What Postgres says when rows are in the way, when a lock is waited for too long, and when a statement takes too long.
const CHECK_VIOLATION: &str = "23514";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const QUERY_CANCELED: &str = "57014";

/// What became of a change of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Done,
    /// Rows of the default table are in the way.
    InTheWay,
    /// Someone else is at it, or it takes too long now.
    Later,
}

#[async_trait]
impl UsageUpkeep for PostgresStore {
    async fn sum_up_usage(&self, max: u32) -> Result<u64, StoreError> {
        retried(|| async {
            let statement = sqlx::query(concat!(
                "WITH due AS (
                     SELECT account_id, event_time, id FROM usage_events WHERE NOT is_summed LIMIT $1 FOR UPDATE SKIP LOCKED
                 ), new AS (
                     UPDATE usage_events SET is_summed = TRUE FROM due
                     WHERE usage_events.account_id = due.account_id AND usage_events.event_time = due.event_time
                         AND usage_events.id = due.id
                     RETURNING ",
                summed_columns!(),
                ")",
                add_new_to_sums!()
            ));
            new(self.database().lend().await?.row(statement.bind(i64::from(max))).await?)
        })
        .await
    }

    async fn make_room_for_usage(&self, now: Timestamp) -> Result<(), StoreError> {
        let today = Span::Day.start_of(now).unix_micros();
        let days = days(&mut self.database().lend().await?).await?;
        for ahead in 0..=DAYS_AHEAD {
            let Some(start) = today.checked_add(ahead * Span::Day.micros()) else { break };
            let day = Day { start };
            if !days.contains(&day) {
                let text = format!(
                    "CREATE TABLE IF NOT EXISTS {} PARTITION OF usage_events FOR VALUES FROM ({start}) TO ({})",
                    day.table(),
                    day.end()
                );
                if self.alone(text).await? == Change::Later {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn delete_usage(&self, before: Timestamp, max: u32) -> Result<bool, StoreError> {
        let before = before.unix_micros();
        let days = days(&mut self.database().lend().await?).await?;
        for day in days.into_iter().filter(|day| day.end() <= before) {
            let table = day.table();
            let left_out = AssertSqlSafe(format!("SELECT 1 AS one FROM {table} WHERE NOT is_summed LIMIT 1"));
            let is_left_out = self.database().row(sqlx::query(left_out).persistent(false)).await?.is_some();
            if !is_left_out && self.alone(format!("DROP TABLE IF EXISTS {table}")).await? == Change::Done {
                return Ok(true);
            }
        }
        // Of the day in which the time is, and what the default table has.
        let statement = sqlx::query(
            "DELETE FROM usage_events USING (
                 SELECT account_id, event_time, id FROM usage_events WHERE event_time < $1 AND is_summed LIMIT $2
                 FOR UPDATE SKIP LOCKED
             ) AS due
             WHERE usage_events.account_id = due.account_id AND usage_events.event_time = due.event_time
                 AND usage_events.id = due.id",
        );
        let deleted = self.database().run(statement.bind(before).bind(i64::from(max))).await?;
        Ok(deleted >= u64::from(max))
    }
}

/// How many events were new, from the one row that such a statement gives.
pub(super) fn new(row: Option<sqlx::postgres::PgRow>) -> Result<u64, StoreError> {
    let row = row.ok_or_else(|| StoreError::Corrupt { table: "usage_events", why: "a count gave no row".to_owned() })?;
    Cells::new("usage_events", &row).number("new")
}

impl PostgresStore {
    /// Changes tables, unless another process is changing some as well.
    async fn alone(&self, text: String) -> Result<Change, StoreError> {
        let mut lent = self.database().lend().await?;
        lent.begin("BEGIN").await?;
        lent.run(sqlx::query(BOUNDS)).await.map_err(unavailable)?;
        let lock = lent.row(sqlx::query("SELECT pg_try_advisory_xact_lock($1) AS is_ours").bind(LOCK)).await?;
        let is_ours = lock.map(|row| Cells::new("pg_locks", &row).get("is_ours")).transpose()?.unwrap_or(false);
        if !is_ours {
            lent.end("ROLLBACK").await?;
            return Ok(Change::Later);
        }
        match lent.run(sqlx::query(AssertSqlSafe(text)).persistent(false)).await {
            Ok(_) => lent.end("COMMIT").await.map(|()| Change::Done),
            Err(error) => {
                lent.end("ROLLBACK").await?;
                let code = error.as_database_error().and_then(|error| error.code()).map(Cow::into_owned);
                match code.as_deref() {
                    Some(CHECK_VIOLATION) => Ok(Change::InTheWay),
                    Some(LOCK_NOT_AVAILABLE | QUERY_CANCELED) => Ok(Change::Later),
                    _ => Err(unavailable(error)),
                }
            }
        }
    }
}

/// A day that has a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Day {
    start: i64,
}

impl Day {
    const fn end(self) -> i64 {
        self.start.saturating_add(Span::Day.micros())
    }

    /// By the date, which people look for.
    fn table(self) -> String {
        let text = Timestamp::from_unix_micros(self.start).to_string();
        let date: String = text.split('T').next().unwrap_or_default().chars().filter(|letter| *letter != '-').collect();
        format!("usage_events_{date}")
    }
}

/// The days that have a table, the oldest first.
async fn days(lent: &mut Lent) -> Result<Vec<Day>, StoreError> {
    let rows = lent
        .rows(sqlx::query(
            "SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \\(''?(-?\\d+)')::bigint AS start
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = 'usage_events'::regclass AND c.relname ~ '^usage_events_\\d{8}$'",
        ))
        .await?;
    let mut days = rows
        .iter()
        .map(|row| Cells::new("pg_class", row).get("start").map(|start| Day { start }))
        .collect::<Result<Vec<_>, _>>()?;
    days.sort_unstable();
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_table_is_named_by_its_date() {
        let noon = Timestamp::parse("2026-11-22T12:34:56Z").unwrap();
        let day = Day { start: Span::Day.start_of(noon).unix_micros() };
        assert_eq!(day.table(), "usage_events_20261122");
        assert_eq!(day.end() - day.start, 86_400_000_000);
    }
}
