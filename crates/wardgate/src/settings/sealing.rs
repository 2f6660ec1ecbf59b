//! Where the master keys are.

use super::values::secret;
use std::path::PathBuf;
use wardgate_core::secret::Secret;

/// The master key, and while it is being replaced the one before. Each has three places, of which one is set at most.
#[derive(clap::Args)]
pub(crate) struct Sealing {
    /// A file with the master key that seals provider keys: 32 bytes in base64.
    #[arg(long, env = "WARDGATE_MASTER_KEY_FILE", conflicts_with_all = ["master_key", "master_key_command"])]
    pub(crate) master_key_file: Option<PathBuf>,
    /// The master key itself: better in the environment than on the command line, which others can read.
    #[arg(long, env = "WARDGATE_MASTER_KEY", hide_env_values = true, value_parser = secret, conflicts_with = "master_key_command")]
    pub(crate) master_key: Option<Secret>,
    /// A command that prints the master key, run by `sh` at the start.
    #[arg(long, env = "WARDGATE_MASTER_KEY_COMMAND")]
    pub(crate) master_key_command: Option<String>,
    /// A file with the master key before this one; see `wardgate rotate-master-key --help`.
    #[arg(
        long,
        env = "WARDGATE_PREVIOUS_MASTER_KEY_FILE",
        conflicts_with_all = ["previous_master_key", "previous_master_key_command"]
    )]
    pub(crate) previous_master_key_file: Option<PathBuf>,
    /// That key itself.
    #[arg(
        long,
        env = "WARDGATE_PREVIOUS_MASTER_KEY",
        hide_env_values = true,
        value_parser = secret,
        conflicts_with = "previous_master_key_command"
    )]
    pub(crate) previous_master_key: Option<Secret>,
    /// A command that prints it.
    #[arg(long, env = "WARDGATE_PREVIOUS_MASTER_KEY_COMMAND")]
    pub(crate) previous_master_key_command: Option<String>,
}
