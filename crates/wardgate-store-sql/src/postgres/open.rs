//! Opening a Postgres database.

use super::database::Database;
use super::feed::{Feed, Follower, listen};
use super::{PostgresStore, migrate};
use crate::open::OpenError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How a database is opened. Where it is, who asks and whether by TLS stands in its URL.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The most connections, at least 2; one more listens for news.
    pub connections_max: u32,
    /// How long a call waits for a connection before the store counts as not answering.
    pub acquire_max: Duration,
    /// How long one statement may take.
    pub statement_max: Duration,
    /// How long to wait for another program that is changing the schema.
    pub migrate_wait_max: Duration,
    /// The name under which the server shows the connections, unless the URL has one.
    pub application_name: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections_max: 16,
            acquire_max: Duration::from_secs(2),
            statement_max: Duration::from_secs(5),
            migrate_wait_max: Duration::from_secs(60),
            application_name: "wardgate".to_owned(),
        }
    }
}

/// How much longer than the server we wait for the end of a statement: its own word is better than a closed connection.
const STATEMENT_GRACE: Duration = Duration::from_millis(500);

/// How long a connection may have been idle and be used without asking first whether it still is one.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// After how long a connection is replaced, so that they move on when the database does.
const CONNECTION_LASTS: Duration = Duration::from_secs(30 * 60);

impl PostgresStore {
    /// Opens the database at this URL and brings its schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(url: &str, options: &PostgresOptions) -> Result<Self, OpenError> {
        let connect = connect_options(url, options)?;
        let schema = schema_pool(&connect, options);
        migrate::check_encoding(&schema).await?;
        migrate::run(&schema).await?;
        schema.close().await;

        // A transaction that its client forgot would hold what it locked for ever.
        let idle_max = options.statement_max + STATEMENT_GRACE;
        let connect = connect.options([
            ("statement_timeout", options.statement_max.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", idle_max.as_millis().to_string()),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max.max(2))
            .acquire_timeout(options.acquire_max)
            .max_lifetime(CONNECTION_LASTS)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > FRESH_FOR {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            });
        let pool = pool.connect_with(connect.clone()).await.map_err(OpenError::Connect)?;
        let database = Database::new(pool, options.statement_max + STATEMENT_GRACE);
        let feed = Arc::new(Feed::default());
        let follower = Follower::new(database.clone(), Arc::clone(&feed)).await.map_err(OpenError::Read)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(follower.run());
        tasks.spawn(listen(connect, Arc::clone(&feed)));
        Ok(Self::new(database, feed, tasks))
    }

    /// Which migrations [`PostgresStore::open`] would apply, oldest first. Changes nothing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn pending(url: &str, options: &PostgresOptions) -> Result<Vec<&'static str>, OpenError> {
        let pool = schema_pool(&connect_options(url, options)?, options);
        let pending = migrate::pending(&pool).await;
        pool.close().await;
        pending
    }
}

fn connect_options(url: &str, options: &PostgresOptions) -> Result<PgConnectOptions, OpenError> {
    let connect: PgConnectOptions = url.parse().map_err(OpenError::Connect)?;
    let is_named = connect.get_application_name().is_some();
    Ok(if is_named { connect } else { connect.application_name(&options.application_name) })
}

/// One connection, for the schema.
fn schema_pool(connect: &PgConnectOptions, options: &PostgresOptions) -> PgPool {
    let connect = connect.clone().options([("lock_timeout", options.migrate_wait_max.as_millis().to_string())]);
    PgPoolOptions::new().max_connections(1).acquire_timeout(options.acquire_max).connect_lazy_with(connect)
}
