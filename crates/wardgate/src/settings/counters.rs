//! Counters that gateways share.

use super::values::{duration, secret};
use std::time::Duration;
use wardgate_core::secret::Secret;
use wardgate_limits::limiter::WhenAway;

/// Where limits are counted.
#[derive(clap::Args)]
pub(crate) struct Counters {
    /// A Valkey or Redis server where gateways count limits together; without it, each counts by itself.
    #[arg(long, env = "WARDGATE_REDIS_URL", hide_env_values = true, value_parser = secret)]
    pub(crate) redis_url: Option<Secret>,
    /// How long a request waits for that server.
    #[arg(long, default_value = "20ms", env = "WARDGATE_REDIS_TIMEOUT", value_parser = duration)]
    pub(crate) redis_timeout: Duration,
    /// What happens to requests that have limits while that server is away.
    #[arg(long, value_enum, default_value_t = Away::Share, env = "WARDGATE_REDIS_AWAY")]
    pub(crate) redis_away: Away,
    /// How many gateways count together, which decides on the size of a share.
    #[arg(long, default_value_t = 1, env = "WARDGATE_GATEWAYS", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) gateways: u64,
}

/// What happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Away {
    /// Each gateway gives out its share of each limit.
    Share,
    /// They are refused with 503.
    Refuse,
}

impl From<Away> for WhenAway {
    fn from(away: Away) -> Self {
        match away {
            Away::Share => Self::Share,
            Away::Refuse => Self::Refuse,
        }
    }
}
