//! One thing that can be tried.

use wardgate_core::id::ProviderKeyId;
use wardgate_model::{Endpoint, Target};

/// A model at a provider's endpoint, with one credential.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which of the ask's model strings it answers: two candidates with one number are the same model to the client.
    pub model_index: usize,
    /// The provider and the model in its spelling.
    pub target: Target,
    /// Where and how the provider is called.
    pub endpoint: Endpoint,
    /// The credential; none for a provider that works without.
    pub key: Option<ProviderKeyId>,
}

impl Candidate {
    /// Whether another candidate would ask the same provider for the same model, with whatever credential.
    #[must_use]
    pub fn is_same_backend(&self, other: &Self) -> bool {
        self.target.provider.name == other.target.provider.name && self.target.model == other.target.model
    }
}
