//! An account's configurations, each compiled when a key first needs it.
//!
//! There may be a thousand of them, of which one process serves a few.

use crate::cache::Hasher;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use wardgate_core::configuration::Configuration;
use wardgate_core::id::ConfigurationId;
use wardgate_model::Overlay;
use wardgate_policy::Policy;
use wardgate_policy::configuration::{BadDocument, Document};

/// Why there is nothing to check a key's requests against. What it may call is not known then, so it may call nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPolicy {
    /// There is no configuration of this id in this version of the account.
    Unknown,
    /// Its document cannot be understood.
    Unreadable,
}

pub(super) struct Configurations {
    by_id: HashMap<ConfigurationId, Compiled, Hasher>,
    everything: Policy,
}

struct Compiled {
    document: String,
    /// None inside: it cannot be understood.
    policy: OnceLock<Option<Arc<Policy>>>,
}

impl Configurations {
    pub(super) fn new(configurations: Vec<Configuration>) -> Self {
        let by_id = configurations
            .into_iter()
            .map(|configuration| (configuration.id, Compiled { document: configuration.document, policy: OnceLock::new() }));
        Self { by_id: by_id.collect(), everything: Policy::default() }
    }

    /// The policy of a key without a configuration.
    pub(super) const fn everything(&self) -> &Policy {
        &self.everything
    }

    pub(super) fn policy(&self, id: ConfigurationId, overlay: &Overlay) -> Result<&Arc<Policy>, NoPolicy> {
        let compiled = self.by_id.get(&id).ok_or(NoPolicy::Unknown)?;
        let policy = compiled.policy.get_or_init(|| match compile(&compiled.document, overlay) {
            Ok(policy) => Some(Arc::new(policy)),
            Err(error) => {
                tracing::error!(configuration = %id, %error, "a stored configuration cannot be read, so its access keys are refused");
                None
            }
        });
        policy.as_ref().ok_or(NoPolicy::Unreadable)
    }
}

fn compile(document: &str, overlay: &Overlay) -> Result<Policy, BadDocument> {
    Document::from_text(document).map(|document| Policy::compile(&document, overlay))
}
