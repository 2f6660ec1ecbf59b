//! Connections, lent for one call, that cannot keep a caller waiting.
//!
//! A server may be gone without a word: frozen, or behind a network that drops everything. So every step on a connection has
//! a time within which it ends, and a connection on which a step did not end is closed, never returned to the pool: what its
//! server still owes would be read by the next caller. The pool then opens another, and so recovers by itself.

use super::Statement;
use crate::error::unavailable;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Executor as _, PgConnection, Postgres};
use std::io;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use wardgate_store::StoreError;

/// How long the server may take to say that a connection is fit for the next call.
const RETURN_WITHIN: Duration = Duration::from_secs(2);

/// How long closing may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// The pool, and how long a step may take.
#[derive(Clone)]
pub(super) struct Database {
    pool: PgPool,
    step_max: Duration,
}

impl Database {
    pub(super) const fn new(pool: PgPool, step_max: Duration) -> Self {
        Self { pool, step_max }
    }

    /// A connection for one call.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let connection = self.pool.acquire().await.map_err(unavailable)?;
        Ok(Lent { connection, step_max: self.step_max, is_in_step: false, is_in_transaction: false })
    }

    pub(super) async fn rows(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        self.lend().await?.rows(statement).await
    }

    pub(super) async fn row(&self, statement: Statement<'_>) -> Result<Option<PgRow>, StoreError> {
        self.lend().await?.row(statement).await
    }

    pub(super) async fn run(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.lend().await?.run(statement).await.map_err(unavailable)
    }

    /// Waits for running calls, a while, and closes all connections.
    pub(super) async fn close(&self) {
        // Whatever is left open then ends with the process.
        let _ = timeout(CLOSE_WITHIN, self.pool.close()).await;
    }
}

/// A connection that is lent.
pub(super) struct Lent {
    connection: PoolConnection<Postgres>,
    step_max: Duration,
    is_in_step: bool,
    is_in_transaction: bool,
}

impl Lent {
    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        let (connection, within) = self.step();
        let done = timeout(within, statement.fetch_all(connection)).await;
        self.ended(done).map_err(unavailable)
    }

    pub(super) async fn row(&mut self, statement: Statement<'_>) -> Result<Option<PgRow>, StoreError> {
        let (connection, within) = self.step();
        let done = timeout(within, statement.fetch_optional(connection)).await;
        self.ended(done).map_err(unavailable)
    }

    /// How many rows were written. The error is the database's own, since only the caller knows which rule was to be kept.
    pub(super) async fn run(&mut self, statement: Statement<'_>) -> sqlx::Result<u64> {
        let (connection, within) = self.step();
        let done = timeout(within, statement.execute(connection)).await;
        self.ended(done).map(|done| done.rows_affected())
    }

    /// Begins a transaction, by a command that does. If the connection is dropped before the transaction is ended it is closed,
    /// which rolls it back.
    pub(super) async fn begin(&mut self, command: &'static str) -> Result<(), StoreError> {
        self.is_in_transaction = true;
        self.command(command).await
    }

    /// Ends the transaction, by `COMMIT` or `ROLLBACK`.
    pub(super) async fn end(&mut self, command: &'static str) -> Result<(), StoreError> {
        self.command(command).await?;
        self.is_in_transaction = false;
        Ok(())
    }

    async fn command(&mut self, command: &'static str) -> Result<(), StoreError> {
        let (connection, within) = self.step();
        let done = timeout(within, connection.execute(command)).await;
        self.ended(done).map_err(unavailable).map(|_| ())
    }

    fn step(&mut self) -> (&mut PgConnection, Duration) {
        self.is_in_step = true;
        (&mut self.connection, self.step_max)
    }

    fn ended<T>(&mut self, done: Result<sqlx::Result<T>, Elapsed>) -> sqlx::Result<T> {
        let done = done.unwrap_or_else(|_| {
            let why = format!("no answer within {} ms", self.step_max.as_millis());
            Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, why)))
        });
        // An error that the server told in so many words ends the step; after any other nobody knows where the two stand.
        self.is_in_step = !matches!(done, Ok(_) | Err(sqlx::Error::Database(_)));
        done
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.is_in_step || self.is_in_transaction {
            self.connection.close_on_drop();
        } else if let Ok(runtime) = Handle::try_current() {
            // The pool asks the server before it takes a connection back, and would wait for the answer for ever.
            runtime.spawn(timeout(RETURN_WITHIN, self.connection.return_to_pool()));
        }
    }
}
