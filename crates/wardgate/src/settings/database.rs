//! Where the data are.

use std::path::PathBuf;

/// The database, and the directory of what is not in it.
#[derive(clap::Args)]
pub(crate) struct Database {
    /// Where the gateway keeps its files.
    #[arg(long, default_value = ".wardgate", env = "WARDGATE_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The database: sqlite:/path/to/file for one process, postgres://user@host/name for many; without it, wardgate.db in the
    /// data directory.
    #[arg(long, env = "WARDGATE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The same Postgres database past a pooler that lends sessions by transaction, as PgBouncer does: changes of the schema and
    /// notifications go there. To be set where --database-url leads to such a pooler, and only there.
    #[arg(long, env = "WARDGATE_DATABASE_DIRECT_URL", hide_env_values = true)]
    pub(crate) database_direct_url: Option<String>,
}
