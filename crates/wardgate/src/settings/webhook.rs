//! Who is told when a budget passes its soft limit.

use super::values::duration;
use std::path::PathBuf;
use std::time::Duration;

/// The receiver.
#[derive(clap::Args)]
pub(crate) struct Webhook {
    /// Where it is told that a budget has passed its soft limit, by a signed POST.
    #[arg(long, env = "WARDGATE_WEBHOOK_URL", requires = "webhook_secret_file")]
    pub(crate) webhook_url: Option<String>,
    /// A file with the secret that signs: at least 16 bytes, or whsec_ and as many in base64.
    #[arg(long, env = "WARDGATE_WEBHOOK_SECRET_FILE", requires = "webhook_url")]
    pub(crate) webhook_secret_file: Option<PathBuf>,
    /// How long the receiver may take to answer before it is told again.
    #[arg(long, default_value = "10s", env = "WARDGATE_WEBHOOK_TIMEOUT", value_parser = duration)]
    pub(crate) webhook_timeout: Duration,
}
