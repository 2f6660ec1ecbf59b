//! What can be set about calling providers.

use crate::guard::AllowedAddresses;
use std::time::Duration;

/// Settings of all clients.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a connection may take to be made, TLS included.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// How many unused connections are kept for one host.
    pub idle_per_host_max: usize,
    /// Where tenants' own providers may be besides the public internet.
    pub allowed: AllowedAddresses,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
            idle_per_host_max: 1_024,
            allowed: AllowedAddresses::default(),
        }
    }
}
