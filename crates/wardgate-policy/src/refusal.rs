//! Why a model string gives nothing to try.

use wardgate_core::format::Surface;
use wardgate_core::name::ProviderName;
use wardgate_model::ResolveError;

/// A model string that was left out of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// As the client wrote it.
    pub model: String,
    /// The cause.
    pub why: Why,
}

/// The cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It names nothing that is known.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// The provider does not serve the surface that the client uses.
    #[error("the provider {provider} does not serve {surface}")]
    SurfaceNotServed {
        /// The provider.
        provider: ProviderName,
        /// The surface the client used.
        surface: Surface,
    },
    /// The account has no credential for the provider.
    #[error("this account has no provider key for {provider}; add one, or use a model of another provider")]
    NoCredential {
        /// The provider.
        provider: ProviderName,
    },
}
