//! Connections, lent for one call, that cannot keep a caller waiting.
//!
//! A server may be gone without a word: frozen, or behind a network that drops everything. So every step on a connection has
//! a time within which it ends, and a connection on which a step did not end is closed, never returned to the pool: what its
//! server still owes would be read by the next caller. The pool then opens another, and so recovers by itself.
//!
//! Behind a pooler that lends sessions by transaction no session is ours for longer than that. So every statement is then in a
//! transaction, which says itself how long it may take, and no statement is prepared for the next time.

use super::Statement;
use crate::error::unavailable;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Postgres, SqlSafeStr};
use std::io;
use std::sync::Arc;
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
    pooler: Option<Pooler>,
}

/// That sessions are lent by transaction: what each of these begins with, which else a session would.
#[derive(Clone)]
pub(super) struct Pooler(pub(super) Arc<str>);

impl Database {
    pub(super) const fn new(pool: PgPool, step_max: Duration, pooler: Option<Pooler>) -> Self {
        Self { pool, step_max, pooler }
    }

    /// A connection for one call.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let connection = self.pool.acquire().await.map_err(unavailable)?;
        let (step_max, pooler) = (self.step_max, self.pooler.clone());
        Ok(Lent { connection, step_max, pooler, is_in_step: false, is_in_transaction: false })
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
    pooler: Option<Pooler>,
    is_in_step: bool,
    is_in_transaction: bool,
}

impl Lent {
    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        let is_alone = self.enter().await.map_err(unavailable)?;
        let statement = self.fitting(statement);
        let (connection, within) = self.step();
        let done = timeout(within, statement.fetch_all(connection)).await;
        let done = self.ended(done);
        self.leave(is_alone, done).await.map_err(unavailable)
    }

    pub(super) async fn row(&mut self, statement: Statement<'_>) -> Result<Option<PgRow>, StoreError> {
        let is_alone = self.enter().await.map_err(unavailable)?;
        let statement = self.fitting(statement);
        let (connection, within) = self.step();
        let done = timeout(within, statement.fetch_optional(connection)).await;
        let done = self.ended(done);
        self.leave(is_alone, done).await.map_err(unavailable)
    }

    /// How many rows were written. The error is the database's own, since only the caller knows which rule was to be kept.
    pub(super) async fn run(&mut self, statement: Statement<'_>) -> sqlx::Result<u64> {
        let is_alone = self.enter().await?;
        let statement = self.fitting(statement);
        let (connection, within) = self.step();
        let done = timeout(within, statement.execute(connection)).await;
        let done = self.ended(done).map(|done| done.rows_affected());
        self.leave(is_alone, done).await
    }

    /// Begins a transaction, by a command that does. If the connection is dropped before the transaction is ended it is closed,
    /// which rolls it back.
    pub(super) async fn begin(&mut self, command: &'static str) -> Result<(), StoreError> {
        self.open(command).await.map_err(unavailable)
    }

    /// Ends the transaction, by `COMMIT` or `ROLLBACK`.
    pub(super) async fn end(&mut self, command: &'static str) -> Result<(), StoreError> {
        self.close(command).await.map_err(unavailable)
    }

    async fn open(&mut self, command: &'static str) -> sqlx::Result<()> {
        self.is_in_transaction = true;
        match &self.pooler {
            None => self.command(command).await,
            Some(Pooler(settings)) => {
                let commands = AssertSqlSafe(format!("{command}; {settings}"));
                self.command(commands).await
            }
        }
    }

    async fn close(&mut self, command: &'static str) -> sqlx::Result<()> {
        self.command(command).await?;
        self.is_in_transaction = false;
        Ok(())
    }

    async fn command(&mut self, command: impl SqlSafeStr + Send) -> sqlx::Result<()> {
        let (connection, within) = self.step();
        let done = timeout(within, connection.execute(command.into_sql_str())).await;
        self.ended(done).map(|_| ())
    }

    /// Begins a transaction for one statement where one is needed, and says whether.
    async fn enter(&mut self) -> sqlx::Result<bool> {
        let is_alone = self.pooler.is_some() && !self.is_in_transaction;
        if is_alone {
            self.open("BEGIN").await?;
        }
        Ok(is_alone)
    }

    /// Ends the transaction of one statement.
    async fn leave<T>(&mut self, is_alone: bool, done: sqlx::Result<T>) -> sqlx::Result<T> {
        match done {
            Ok(value) if is_alone => self.close("COMMIT").await.map(|()| value),
            Err(error) if is_alone && !self.is_in_step => {
                // If this fails the connection is closed, which takes it back as well.
                let _ = self.close("ROLLBACK").await;
                Err(error)
            }
            done => done,
        }
    }

    /// A statement that is prepared for the next time would be so in a session that someone else gets.
    fn fitting<'q>(&self, statement: Statement<'q>) -> Statement<'q> {
        if self.pooler.is_some() { statement.persistent(false) } else { statement }
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
