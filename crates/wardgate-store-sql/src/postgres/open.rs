//! Opening a Postgres database.

use super::database::{Database, Pooler};
use super::feed::{Feed, Follower, listen};
use super::{PostgresStore, migrate};
use crate::open::OpenError;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

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
        Self::open_with(connect.clone(), connect, false, options).await
    }

    /// Opens the database behind a pooler that lends sessions by transaction, such as PgBouncer. What takes a session of one's
    /// own, which is changing the schema and being notified, goes to the second URL, that of the same database itself.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_pooled(url: &str, direct_url: &str, options: &PostgresOptions) -> Result<Self, OpenError> {
        // A pooler refuses settings of a session that it does not know, and the server's own will do.
        let pooled = connect_options(url, options)?.statement_cache_capacity(0).extra_float_digits(None);
        Self::open_with(pooled, connect_options(direct_url, options)?, true, options).await
    }

    async fn open_with(
        connect: PgConnectOptions,
        direct: PgConnectOptions,
        is_pooled: bool,
        options: &PostgresOptions,
    ) -> Result<Self, OpenError> {
        reach(&direct, options.acquire_max).await?;
        let schema = schema_pool(&direct, options);
        migrate::check_encoding(&schema).await?;
        migrate::run(&schema).await?;
        schema.close().await;

        // A transaction that its client forgot would hold what it locked for ever.
        let idle_max = options.statement_max + STATEMENT_GRACE;
        let bounds = [
            ("statement_timeout", options.statement_max.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", idle_max.as_millis().to_string()),
        ];
        let (connect, pooler) = if is_pooled {
            let settings: String = bounds.iter().map(|(name, value)| format!("SET LOCAL {name} = {value};")).collect();
            (connect, Some(Pooler(settings.into())))
        } else {
            (connect.options(bounds.clone()), None)
        };
        let direct = direct.options(bounds);
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
        if is_pooled {
            reach(&connect, options.acquire_max).await?;
        }
        let pool = pool.connect_with(connect).await.map_err(OpenError::Connect)?;
        let database = Database::new(pool, options.statement_max + STATEMENT_GRACE, pooler);
        let feed = Arc::new(Feed::default());
        let follower = Follower::new(database.clone(), Arc::clone(&feed)).await.map_err(OpenError::Read)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(follower.run());
        tasks.spawn(listen(direct, Arc::clone(&feed)));
        Ok(Self::new(database, feed, tasks))
    }

    /// Which migrations [`PostgresStore::open`] would apply, oldest first. Changes nothing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn pending(url: &str, options: &PostgresOptions) -> Result<Vec<&'static str>, OpenError> {
        let connect = connect_options(url, options)?;
        reach(&connect, options.acquire_max).await?;
        let pool = schema_pool(&connect, options);
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

/// Connects once, so that what is in the way is told: a pool would only say that it waited. A server that is just starting
/// refuses connections, and is asked again for so long.
async fn reach(connect: &PgConnectOptions, within: Duration) -> Result<(), OpenError> {
    let mut refused = sqlx::Error::PoolTimedOut;
    let attempts = async {
        loop {
            match PgConnection::connect_with(connect).await {
                Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => refused = sqlx::Error::Io(error),
                done => return done,
            }
            sleep(REACH_AGAIN_AFTER).await;
        }
    };
    match timeout(within, attempts).await {
        Ok(Ok(connection)) => {
            // How the two part does not matter.
            let _ = timeout(REACH_AGAIN_AFTER, connection.close()).await;
            Ok(())
        }
        Ok(Err(error)) => Err(unreached(error)),
        Err(_) => Err(OpenError::Silent(refused)),
    }
}

/// How long to wait before a server is asked again that refused a connection.
const REACH_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What was in the way, as far as there is something to be done about it.
fn unreached(error: sqlx::Error) -> OpenError {
    match &error {
        sqlx::Error::Tls(_) => OpenError::NoTls(error),
        sqlx::Error::Io(io) if io.kind() == ErrorKind::NotFound => OpenError::UrlFile(error),
        // The handshake ends with an error of input and output, which tells its cause in words alone.
        sqlx::Error::Io(io) if io.to_string().contains("certificate") => OpenError::Untrusted(error),
        sqlx::Error::Io(_) => OpenError::Silent(error),
        _ => OpenError::Connect(error),
    }
}

/// One connection, for the schema.
fn schema_pool(connect: &PgConnectOptions, options: &PostgresOptions) -> PgPool {
    let connect = connect.clone().options([("lock_timeout", options.migrate_wait_max.as_millis().to_string())]);
    PgPoolOptions::new().max_connections(1).acquire_timeout(options.acquire_max).connect_lazy_with(connect)
}
