//! What the data plane works with, and what can be set.

use crate::affinity::Affinity;
use crate::cache::{KeyCache, TenantCache};
use crate::drain::Drain;
use crate::keepsakes::Keepsakes;
use crate::recall::Recall;
use crate::tenant::TenantSnapshot;
use http::HeaderValue;
use ipnet::IpNet;
use std::sync::Arc;
use std::time::Duration;
use wardgate_core::id::TeamId;
use wardgate_core::random::Random;
use wardgate_core::time::{Clock, Timestamp};
use wardgate_ledger::Ledger;
use wardgate_limits::cost::{Margin, Terms};
use wardgate_limits::escrow::Escrow;
use wardgate_limits::gate::Gate;
use wardgate_limits::lane::Lane;
use wardgate_limits::limiter::Limiter;
use wardgate_limits::memory::MemoryBudget;
use wardgate_limits::retry_budget::RetryBudget;
use wardgate_telemetry::Recorder;
use wardgate_upstream::Upstream;

/// The collaborators.
pub struct Deps {
    /// What can be set.
    pub options: Options,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub random: Arc<dyn Random>,
    /// Access keys.
    pub keys: KeyCache,
    /// Accounts' providers and credentials.
    pub tenants: TenantCache,
    /// The way to providers.
    pub upstream: Upstream,
    /// Requests in flight.
    pub gate: Arc<Gate>,
    /// What callers may take.
    pub limiter: Limiter,
    /// What callers may spend.
    pub escrow: Arc<Escrow>,
    /// Memory for bodies.
    pub memory: Arc<MemoryBudget>,
    /// Retries.
    pub retry_budget: RetryBudget,
    /// Who made the reasoning that comes back with conversations.
    pub affinity: Affinity,
    /// What clients forget of answers.
    pub keepsakes: Keepsakes,
    /// Turns that clients of Responses name by id alone.
    pub recall: Recall,
    /// How those who are asked have done lately.
    pub health: Arc<wardgate_health::Health>,
    /// Hashing.
    pub lane: Arc<Lane>,
    /// Metrics and the request log.
    pub recorder: Arc<Recorder>,
    /// Usage events on their way to the store.
    pub ledger: Arc<Ledger>,
    /// Whether this process is stopping.
    pub drain: Arc<Drain>,
    /// What this process writes into its calls to providers, to know itself again in a loop.
    pub loop_mark: HeaderValue,
}

impl Deps {
    /// By what a request of a team is billed that was asked at this moment.
    pub(crate) fn terms(&self, at: Timestamp, tenant: &TenantSnapshot, team_id: TeamId) -> Terms {
        let margin = tenant.allowance.margin(team_id, self.options.margin);
        Terms { at, margin, unknown_price: tenant.unknown_price }
    }
}

/// The settings, with their defaults.
#[derive(Debug, Clone)]
pub struct Options {
    /// The largest request body, in bytes.
    pub body_bytes_max: usize,
    /// The largest unstreamed answer, in bytes.
    pub reply_bytes_max: usize,
    /// How long a client may take for a request's head, once it has begun to send it.
    pub head_timeout: Duration,
    /// How long a connection may be without a request.
    pub idle_connection_timeout: Duration,
    /// How long a client may take to read what is written to it.
    pub write_stall_timeout: Duration,
    /// The time over which a request body must make [`Options::body_progress_bytes_min`] of progress.
    pub body_progress_window: Duration,
    /// The least that must arrive of a body in each window, in bytes.
    pub body_progress_bytes_min: usize,
    /// How long an attempt may take until the first event of a stream, or for a whole unstreamed answer.
    pub per_request_timeout: Duration,
    /// How long all attempts together may take until the first content.
    pub total_timeout: Duration,
    /// The longest silence of a provider in the middle of a stream.
    pub idle_event_timeout: Duration,
    /// After how much silence a client is sent a sign of life.
    pub keep_alive_after: Duration,
    /// Client connections at once.
    pub connections_max: usize,
    /// What the operator adds to what providers take.
    pub margin: Margin,
    /// Where the operator's own proxies are, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_bytes_max: 32 * 1024 * 1024,
            reply_bytes_max: 64 * 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            idle_connection_timeout: Duration::from_secs(75),
            write_stall_timeout: Duration::from_secs(60),
            body_progress_window: Duration::from_secs(30),
            body_progress_bytes_min: 30 * 1024,
            per_request_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(120),
            idle_event_timeout: Duration::from_secs(120),
            keep_alive_after: Duration::from_secs(15),
            connections_max: 16_384,
            margin: Margin::default(),
            trusted_proxies: Vec::new(),
        }
    }
}
