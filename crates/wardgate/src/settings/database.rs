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
}
