//! Opening the database that the settings name.

use crate::settings::database::Database;
use anyhow::bail;
use std::path::PathBuf;
use std::sync::Arc;
use wardgate_core::secret::Secret;
use wardgate_store::Store;
use wardgate_store_sql::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, path_of_url};

/// How URLs of Postgres begin.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a database is.
pub(crate) enum Place {
    /// In a file, for one process.
    Sqlite(PathBuf),
    /// On a server, for any number.
    Postgres(Server),
}

/// Where a database on a server is.
pub(crate) struct Server {
    url: Secret,
    /// Past the pooler that the URL leads to.
    direct_url: Option<Secret>,
}

impl Server {
    /// Where the schema is looked after.
    fn direct(&self) -> &str {
        self.direct_url.as_ref().unwrap_or(&self.url).expose()
    }
}

/// An open database.
pub(crate) enum Open {
    /// In a file.
    Sqlite(SqliteStore),
    /// On a server.
    Postgres(PostgresStore),
}

impl Place {
    /// Where the settings say.
    pub(crate) fn of(database: &Database) -> anyhow::Result<Self> {
        let is_postgres = |url: &String| POSTGRES.iter().any(|scheme| url.starts_with(scheme));
        if let Some(direct_url) = &database.database_direct_url
            && !(is_postgres(direct_url) && database.database_url.as_ref().is_some_and(is_postgres))
        {
            bail!(
                "--database-direct-url: it and --database-url are to lead to one Postgres database, as postgres://user@host/name"
            );
        }
        match &database.database_url {
            None => Ok(Self::Sqlite(database.data_dir.join("wardgate.db"))),
            Some(url) if is_postgres(url) => {
                let direct_url = database.database_direct_url.as_deref().map(Secret::from);
                Ok(Self::Postgres(Server { url: Secret::from(url.as_str()), direct_url }))
            }
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
            Self::Postgres(_) => true,
        }
    }

    /// Its URL, without any password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(server) => without_password(server.url.expose()),
        }
    }

    /// What opening it would add to its schema, oldest first. Changes nothing, and makes no file.
    pub(crate) async fn pending(&self) -> anyhow::Result<Vec<&'static str>> {
        match self {
            Self::Sqlite(path) => Ok(SqliteStore::pending(path, &SqliteOptions::default()).await?),
            Self::Postgres(server) => Ok(PostgresStore::pending(server.direct(), &PostgresOptions::default()).await?),
        }
    }

    /// Opens it, and brings its schema up to date.
    pub(crate) async fn open(&self) -> anyhow::Result<Open> {
        match self {
            Self::Sqlite(path) => Ok(Open::Sqlite(SqliteStore::open(path, &SqliteOptions::default()).await?)),
            Self::Postgres(Server { url, direct_url }) => {
                let options = PostgresOptions::default();
                let opened = match direct_url {
                    None => PostgresStore::open(url.expose(), &options).await?,
                    Some(direct_url) => PostgresStore::open_pooled(url.expose(), direct_url.expose(), &options).await?,
                };
                Ok(Open::Postgres(opened))
            }
        }
    }
}

impl Open {
    /// The store.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Waits for running calls and closes it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// A URL with what stands between the first colon of its user part and its host cut out, and no parameters, since these may hold
/// a password, too.
fn without_password(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return String::new();
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = user.split(':').next().unwrap_or_default();
    let at = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{at}{host}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_password() {
        let cases = [
            ("postgres://wardgate:s3:cr@et@db:5432/gateway", "postgres://wardgate@db:5432/gateway"),
            ("postgresql://db/gateway?user=a&password=b", "postgresql://db/gateway"),
            ("postgres://u@db", "postgres://u@db/"),
        ];
        for (url, shown) in cases {
            assert_eq!(without_password(url), shown);
        }
    }
}
