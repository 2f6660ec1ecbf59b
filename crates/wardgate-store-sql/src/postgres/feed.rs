//! News of changes, for this process and for others on the same database.
//!
//! Every change is a row of the table `changes`, written in the transaction that makes the change, and a notification without
//! content. A process reads the table when it is notified and once a second besides, since a notification is lost with its
//! connection, and behind a pooler that lends connections by transaction none ever comes. Telling what was read already needs
//! no thought: the table says it all. What this process did itself it tells as it returns, without waiting for the table, and
//! then passes over the row.
//!
//! While the database is away nothing is told: nobody can have changed anything that this process could know, and its caches
//! go on serving. Once it is back the rows that were missed are read. Only when these are too many, or may have been deleted
//! meanwhile, is [`Change::Everything`] told.

mod cursor;
mod ear;
mod follow;

use super::database::Lent;
use super::id::Id;
use crate::row::Cells;
use sqlx::postgres::PgRow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wardgate_core::id::{AccessKeyId, AccountId};
use wardgate_store::changes::LocalFeed;
use wardgate_store::{Change, Listener, StoreError};

pub(super) use ear::listen;
pub(super) use follow::Follower;

/// The channel that is notified. It carries nothing but the fact.
const CHANNEL: &str = "wardgate_changes";

/// This process's end of the feed.
#[derive(Default)]
pub(super) struct Feed {
    local: LocalFeed,
    /// Rows that this process wrote and has not met in the table yet, and whether its listeners have been told of them.
    own: Mutex<BTreeMap<i64, Own>>,
    /// There may be news in the table.
    nudge: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Untold,
    Told,
}

impl Feed {
    pub(super) fn listen(&self, listener: Arc<dyn Listener>) {
        self.local.listen(listener);
    }

    /// Writes a change down within the transaction that makes it.
    pub(super) async fn record(self: &Arc<Self>, lent: &mut Lent, change: Change) -> Result<Untold, StoreError> {
        let (kind, id) = match change {
            Change::AccessKey(id) => ("access_key", Some(id.uuid())),
            Change::Account(id) => ("account", Some(id.uuid())),
            Change::Everything => ("everything", None),
        };
        let statement = sqlx::query(
            "WITH written AS (INSERT INTO changes (kind, id) VALUES ($1, $2) RETURNING seq)
             SELECT seq, pg_notify($3, '') FROM written",
        );
        let row = lent.row(statement.bind(kind).bind(id).bind(CHANNEL)).await?;
        let row = row.ok_or_else(|| StoreError::Corrupt { table: "changes", why: "an insert gave no row".to_owned() })?;
        let seq = Cells::new("changes", &row).get("seq")?;
        self.own().insert(seq, Own::Untold);
        Ok(Untold { feed: Arc::clone(self), seq, change })
    }

    fn own(&self) -> MutexGuard<'_, BTreeMap<i64, Own>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change that this process makes and has not told. If it never does, because whoever waited for it left or because nobody
/// knows whether the commit happened, then the row, if there is one, is told like another process's.
pub(super) struct Untold {
    feed: Arc<Feed>,
    seq: i64,
    change: Change,
}

impl Untold {
    /// Tells this process's listeners. Call it after the commit.
    pub(super) async fn tell(self) {
        self.feed.local.tell(self.change).await;
        if let Some(own) = self.feed.own().get_mut(&self.seq) {
            *own = Own::Told;
        }
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        let mut own = self.feed.own();
        if own.get(&self.seq) == Some(&Own::Untold) {
            own.remove(&self.seq);
        }
    }
}

/// A row of the table.
struct Written {
    seq: i64,
    change: Change,
}

impl Written {
    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let cells = Cells::new("changes", row);
        let kind: String = cells.get("kind")?;
        let change = match kind.as_str() {
            "access_key" => Change::AccessKey(AccessKeyId::from_bytes(cells.id("id")?)),
            "account" => Change::Account(AccountId::from_bytes(cells.id("id")?)),
            // A newer version of the program may have news that this one has no word for.
            _ => Change::Everything,
        };
        Ok(Self { seq: cells.get("seq")?, change })
    }
}
