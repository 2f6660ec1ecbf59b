//! The task that reads the table of changes and tells this process's listeners.

use super::cursor::{Cursor, LOOK_BACK};
use super::{Feed, Own, Written};
use crate::postgres::database::Database;
use crate::row::Cells;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use wardgate_store::{Change, StoreError};

/// How often the table is read when no notification comes.
const READ_EVERY: Duration = Duration::from_secs(1);

/// The most rows that are caught up with one by one.
const BEHIND_MAX: usize = 1_000;

/// How often old rows are deleted.
const TRIM_EVERY: Duration = Duration::from_secs(5 * 60);

/// For how long rows are kept.
const KEEP_FOR: Duration = Duration::from_secs(3_600);

/// How many rows are deleted at a time.
const TRIM_MAX: u32 = 1_000;

/// Reads the table from where it ended when this was made.
pub(in crate::postgres) struct Follower {
    database: Database,
    feed: Arc<Feed>,
    cursor: Cursor,
}

impl Follower {
    pub(in crate::postgres) async fn new(database: Database, feed: Arc<Feed>) -> Result<Self, StoreError> {
        let cursor = at_end(&database).await?;
        Ok(Self { database, feed, cursor })
    }

    /// Goes on until it is dropped.
    pub(in crate::postgres) async fn run(mut self) {
        let mut is_away = false;
        let mut trim_at = Instant::now();
        loop {
            // It reads in either case.
            let _ = timeout(READ_EVERY, self.feed.nudge.notified()).await;
            let read = self.read().await;
            match &read {
                Err(error) if !is_away => tracing::warn!(?error, "changes that other processes make cannot be heard"),
                Ok(()) if is_away => tracing::info!("changes that other processes make are heard again"),
                _ => {}
            }
            is_away = read.is_err();
            // If there is more to delete, it goes on after the next reading.
            if trim_at <= Instant::now() && self.trim().await.is_ok_and(|deleted| deleted < u64::from(TRIM_MAX)) {
                trim_at = Instant::now() + TRIM_EVERY;
            }
        }
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        let statement = sqlx::query("SELECT seq, kind, id FROM changes WHERE seq >= $1 OR seq = ANY($2) ORDER BY seq LIMIT $3")
            .bind(self.cursor.last())
            .bind(self.cursor.open())
            .bind(BEHIND_MAX as i64 + 1);
        let rows = self.database.rows(statement).await?;
        let written = rows.iter().map(Written::read).collect::<Result<Vec<_>, _>>()?;
        let seqs: Vec<i64> = written.iter().map(|written| written.seq).collect();
        let now = Instant::now();
        let Ok(new) = self.cursor.pass(&seqs, now) else { return self.start_over().await };
        if rows.len() > BEHIND_MAX {
            return self.start_over().await;
        }
        let mut changes = Vec::new();
        for Written { seq, change } in written.into_iter().filter(|written| new.binary_search(&written.seq).is_ok()) {
            let mut own = self.feed.own();
            match own.get(&seq) {
                // Whoever makes it tells it, or leaves it to the next reading.
                Some(Own::Untold) => self.cursor.reopen(seq, now),
                Some(Own::Told) => {
                    own.remove(&seq);
                }
                None if changes.contains(&change) => {}
                None => changes.push(change),
            }
        }
        for change in changes {
            self.feed.local.tell(change).await;
        }
        Ok(())
    }

    async fn start_over(&mut self) -> Result<(), StoreError> {
        self.cursor = at_end(&self.database).await?;
        let last = self.cursor.last();
        self.feed.own().retain(|seq, own| *own == Own::Untold || *seq > last);
        tracing::warn!("too many changes were missed: everything that is cached is forgotten");
        self.feed.local.tell(Change::Everything).await;
        Ok(())
    }

    /// Deletes the oldest rows, but never the newest one: it shows those who come back after long how far they are behind.
    async fn trim(&self) -> Result<u64, StoreError> {
        let statement = sqlx::query(
            "DELETE FROM changes WHERE seq IN (
                 SELECT seq FROM (SELECT seq, at FROM changes ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED) AS oldest
                 WHERE at < (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT - $2
                     AND seq < (SELECT max(seq) FROM changes))",
        );
        self.database.run(statement.bind(i64::from(TRIM_MAX)).bind(KEEP_FOR.as_micros() as i64)).await
    }
}

async fn at_end(database: &Database) -> Result<Cursor, StoreError> {
    let statement = sqlx::query("SELECT seq FROM changes ORDER BY seq DESC LIMIT $1").bind(LOOK_BACK as i64);
    let rows = database.rows(statement).await?;
    let seqs = rows.iter().map(|row| Cells::new("changes", row).get("seq")).collect::<Result<Vec<i64>, _>>()?;
    Ok(Cursor::at_end(&seqs, Instant::now()))
}
