//! One thing that can be tried.

use crate::credential::Credential;
use std::sync::Arc;
use wardgate_core::name::ModelName;
use wardgate_model::{Endpoint, Target};

/// A model at a provider's endpoint, with one credential.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which of the ask's models it answers, virtual ones expanded: two candidates with one number are the same model to the
    /// client.
    pub model_index: usize,
    /// The provider and the model in its spelling.
    pub target: Arc<Target>,
    /// Where and how the provider is called.
    pub endpoint: Arc<Endpoint>,
    /// With what.
    pub credential: Credential,
    /// The virtual model that the client asked for, if it asked for one, in the spelling of who made it.
    pub virtual_model: Option<ModelName>,
    /// Whether nobody asked for it: the configuration adds it behind what the client named.
    pub is_fallback: bool,
}

impl Candidate {
    /// Whether another candidate would ask the same provider for the same model, with whatever credential.
    #[must_use]
    pub fn is_same_backend(&self, other: &Self) -> bool {
        self.target.is_same(&other.target)
    }

    /// Whether another candidate would use the same credential.
    #[must_use]
    pub fn shares_credential(&self, other: &Self) -> bool {
        self.credential != Credential::None && self.credential == other.credential
    }
}
