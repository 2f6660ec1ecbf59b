//! How those who could be asked have done lately, as far as somebody watches.

use crate::credential::Credential;
use wardgate_core::health::Standing;
use wardgate_model::Target;

/// Knows it. Asked several times for each plan, so it must be quick, and asking must change nothing.
pub trait Health {
    /// How a model of a provider does with a credential.
    fn standing(&self, target: &Target, credential: Credential) -> Standing;
}
