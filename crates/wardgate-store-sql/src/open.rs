//! Opening a SQLite database: one connection that writes, several that only read.
//!
//! SQLite has one writer at a time. When a pool of equals competes for that place, a transaction that begins by reading and
//! then writes fails at once, whatever the busy timeout. So all writes queue for a single connection and begin as writers,
//! and reads go past them on connections that cannot write at all. The timeout is for other processes, such as a backup.

use crate::file::create_private;
use crate::sqlite::SqliteStore;
use crate::{migrate, turn};
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many pages of 4 KiB the log may have before they go into the database: 16 MiB. Each page goes there once however often
/// it was written in between, and the disk is made to hold it once.
const CHECKPOINT_PAGES: &str = "4000";

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Connections for reading, at least 1.
    pub readers: u32,
    /// How long to wait for another process that holds the database.
    pub busy_timeout: Duration,
    /// How long a call waits for a connection before the store counts as not answering.
    pub wait_max: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4, busy_timeout: Duration::from_secs(5), wait_max: Duration::from_secs(5) }
    }
}

/// Why a database did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its directory cannot be made.
    #[error("the database file {} cannot be created", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another program has been opening the same database for longer than [`SqliteOptions::busy_timeout`].
    #[error("another program is opening the database at the same time and does not finish")]
    Busy,
    /// The file is there but no database that can be used.
    #[error("the database does not open")]
    Connect(#[source] sqlx::Error),
    /// The server did not answer at all.
    #[error("the database's server does not answer: is it running, and are host and port right?")]
    Silent(#[source] sqlx::Error),
    /// The server's certificate is not one that was asked for.
    #[error(
        "the database's server shows a certificate that cannot be trusted: name the file of the authority that signed it with \
         sslrootcert in the database's URL, and the host as the certificate has it"
    )]
    Untrusted(#[source] sqlx::Error),
    /// TLS was asked for, and the server has none.
    #[error("the database's URL asks for TLS, and its server speaks none: turn it on there (ssl = on), or leave out sslmode")]
    NoTls(#[source] sqlx::Error),
    /// A file of the URL is not there.
    #[error("a file that the database's URL names cannot be read: sslrootcert, sslcert, sslkey, or the directory of a socket")]
    UrlFile(#[source] sqlx::Error),
    /// A later version of this program was here.
    #[error(
        "the database has schema version {found}, this program knows {known}: start the newer program, or restore a backup"
    )]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// It is a database for the letters of some languages only.
    #[error("the database keeps texts as {found}: create one with ENCODING 'UTF8'")]
    Encoding {
        /// How it keeps texts.
        found: String,
    },
    /// It is there and does not answer as it should.
    #[error("the database opens but cannot be read")]
    Read(#[source] wardgate_store::StoreError),
    /// A migration failed.
    #[error("the database's schema cannot be brought up to date")]
    Migrate(#[source] MigrateError),
}

/// The file that a database URL names: `sqlite:wardgate.db`, `sqlite://wardgate.db`, `sqlite:///var/lib/wardgate.db`. `None`
/// for anything else, also for URLs with parameters, which would otherwise be ignored in silence.
#[must_use]
pub fn path_of_url(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    (!path.is_empty() && !path.contains(['?', '#']) && path != ":memory:").then(|| PathBuf::from(path))
}

impl SqliteStore {
    /// Opens the database in this file, creates it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(path: &Path, options: &SqliteOptions) -> Result<Self, OpenError> {
        create_private(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let _turn = turn::take(path, options.busy_timeout).await?;
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .busy_timeout(options.busy_timeout)
            .foreign_keys(true);
        // Connections to a file do not go stale, so none is tested, renewed or closed for being idle.
        let pool = || {
            let pool = SqlitePoolOptions::new().acquire_timeout(options.wait_max).test_before_acquire(false);
            pool.idle_timeout(None).max_lifetime(None)
        };
        let single = |connect| pool().max_connections(1).connect_with(connect);
        // A migration may sort more than memory should hold, so it has the connection to itself, with files to sort in.
        let migrating = single(connect.clone()).await.map_err(OpenError::Connect)?;
        migrate::sqlite(&migrating).await?;
        migrating.close().await;
        // From then on, what a statement keeps to be able to undo itself is a few pages. It would be written to a file of its own.
        let writer = single(connect.pragma("temp_store", "memory")).await.map_err(OpenError::Connect)?;
        // A reader sets no journal mode: it finds the one that the writer set.
        let read = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(options.busy_timeout);
        let readers = pool().max_connections(options.readers.max(1)).connect_with(read).await.map_err(OpenError::Connect)?;
        Ok(Self::new(writer, readers))
    }

    /// Which migrations [`SqliteStore::open`] would apply to the database in this file, oldest first. Changes nothing, and makes
    /// no file where there is none.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn pending(path: &Path, options: &SqliteOptions) -> Result<Vec<&'static str>, OpenError> {
        if !path.exists() {
            return Ok(migrate::all());
        }
        let read = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(options.busy_timeout);
        let mut connection = SqliteConnection::connect_with(&read).await.map_err(OpenError::Connect)?;
        let pending = migrate::pending(&mut connection).await;
        connection.close().await.map_err(OpenError::Connect)?;
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        let cases = [
            ("sqlite:wardgate.db", Some("wardgate.db")),
            ("sqlite://data/wardgate.db", Some("data/wardgate.db")),
            ("sqlite:///var/lib/wardgate.db", Some("/var/lib/wardgate.db")),
            ("sqlite::memory:", None),
            ("sqlite:", None),
            ("sqlite:a.db?mode=ro", None),
            ("postgres://localhost/wardgate", None),
            ("wardgate.db", None),
        ];
        for (url, expected) in cases {
            assert_eq!(path_of_url(url), expected.map(PathBuf::from), "{url}");
        }
    }
}
