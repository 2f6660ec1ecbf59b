//! What the API needs, and how it is set.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::format::Surface;
use wardgate_core::random::Random;
use wardgate_core::tier::TierName;
use wardgate_core::time::Clock;
use wardgate_keys::seal::MasterKey;
use wardgate_limits::lane::Lane;
use wardgate_limits::tier::TierLimits;
use wardgate_model::LiveCatalog;
use wardgate_policy::Explanation;
use wardgate_store::Store;

/// The API's collaborators.
pub struct Deps {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub random: Arc<dyn Random>,
    /// Opens the accounts' data keys.
    pub master_key: MasterKey,
    /// The providers and models that every account knows.
    pub catalog: Arc<LiveCatalog>,
    /// The tiers that come with the gateway or from the operator's file.
    pub tiers: Arc<BTreeMap<TierName, TierLimits>>,
    /// Where keys are hashed and checked; shared with the data plane, so that the two together stay within its bounds.
    pub hash_lane: Arc<Lane>,
    /// Whether this process should be sent requests.
    pub readiness: Arc<dyn Readiness>,
    /// How those whom the data plane asks have done lately.
    pub health: Arc<wardgate_health::Health>,
    /// Plans requests as the data plane does.
    pub explainer: Arc<dyn Explainer>,
    /// All metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The settings.
    pub options: Options,
}

/// The API's settings.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest request body, in bytes.
    pub body_bytes_max: usize,
    /// What stands before the path in every `uri` of a response, without a slash at its end.
    pub public_url: String,
    /// The page where credits are paid for, if there is one. A checkout leads there, with the purchase's id in the query.
    pub checkout_url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { body_bytes_max: 1024 * 1024, public_url: String::new(), checkout_url: None }
    }
}

/// Knows whether this process can do its work.
pub trait Readiness: Send + Sync {
    /// The state as of now. It must not wait: probes come often, also when everything else is slow.
    fn report(&self) -> ReadinessReport;
}

/// Whether to send requests here.
#[derive(Debug, Clone)]
pub struct ReadinessReport {
    /// The answer.
    pub ready: bool,
    /// What was looked at and how it is, for people: (`store`, `answers`).
    pub notes: Vec<(String, String)>,
}

/// Plans requests as the data plane does, without sending any.
pub trait Explainer: Send + Sync {
    /// How a request of this key would be routed: the surface it would be sent to, and its body.
    fn explain(&self, key: AccessKey, surface: Surface, body: Vec<u8>) -> Explaining<'_>;
}

/// An explanation on its way.
pub type Explaining<'e> = Pin<Box<dyn Future<Output = Result<Explanation, NotExplained>> + Send + 'e>>;

/// Why a request cannot be planned at all.
#[derive(Debug)]
pub struct NotExplained {
    /// The HTTP status that a client of the data plane would get.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// The text for people.
    pub message: String,
}
