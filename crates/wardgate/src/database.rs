//! Opening the database that the settings name.

use crate::settings::database::Database;
use anyhow::bail;
use std::path::PathBuf;
use std::sync::Arc;
use wardgate_store::Store;
use wardgate_store_sql::{SqliteOptions, SqliteStore, path_of_url};

/// Where a database is.
pub(crate) enum Place {
    /// In a file, for one process.
    Sqlite(PathBuf),
}

/// An open database.
pub(crate) enum Open {
    /// In a file.
    Sqlite(SqliteStore),
}

impl Place {
    /// Where the settings say.
    pub(crate) fn of(database: &Database) -> anyhow::Result<Self> {
        match &database.database_url {
            None => Ok(Self::Sqlite(database.data_dir.join("wardgate.db"))),
            Some(url) => match path_of_url(url) {
                Some(path) => Ok(Self::Sqlite(path)),
                None => {
                    bail!("--database-url: write it as sqlite:/path/to/wardgate.db or postgres://user:password@host/database")
                }
            },
        }
    }

    /// Whether other processes may work on the same data.
    pub(crate) const fn is_shared(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
        }
    }

    /// Its URL, without any password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }

    /// What opening it would add to its schema, oldest first. Changes nothing, and makes no file.
    pub(crate) async fn pending(&self) -> anyhow::Result<Vec<&'static str>> {
        match self {
            Self::Sqlite(path) => Ok(SqliteStore::pending(path, &SqliteOptions::default()).await?),
        }
    }

    /// Opens it, and brings its schema up to date.
    pub(crate) async fn open(&self) -> anyhow::Result<Open> {
        match self {
            Self::Sqlite(path) => Ok(Open::Sqlite(SqliteStore::open(path, &SqliteOptions::default()).await?)),
        }
    }
}

impl Open {
    /// The store.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::new(store.clone()),
        }
    }

    /// Waits for running calls and closes it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
        }
    }
}
