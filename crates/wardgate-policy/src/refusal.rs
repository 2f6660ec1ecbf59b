//! Why something is not in a plan.

use wardgate_core::format::Surface;
use wardgate_core::name::{ModelName, ProviderName};
use wardgate_core::tier::TierName;
use wardgate_model::ResolveError;

/// Something that a plan might have held and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The model string: as the client wrote it, or as the virtual model lists it.
    pub model: String,
    /// The virtual model that the client asked for, if it asked for one.
    pub virtual_model: Option<ModelName>,
    /// Whom it would have been asked of, and in whose spelling, once it was known to name something.
    pub target: Option<(ProviderName, ModelName)>,
    /// The cause.
    pub why: Why,
    /// Whether nothing of the model is in the plan. Otherwise one of the ways to call it is not.
    pub is_whole: bool,
}

/// The cause. The order is that of the filters that a model string goes through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It names nothing that is known.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// The scope of the access key does not hold the provider.
    #[error("this access key may not use the provider {provider}; its configuration does not allow it")]
    ProviderOutOfScope {
        /// The provider.
        provider: ProviderName,
    },
    /// The scope of the access key does not hold the model.
    #[error("this access key may not use {provider}:{model}; its configuration does not allow it")]
    ModelOutOfScope {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// A tier that the account or the team is on does not hold the model.
    #[error("the tier {tier} does not hold {provider}:{model}; use a model that costs nothing, or ask for another tier")]
    NotInTier {
        /// The tier.
        tier: TierName,
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
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
    /// The rule names a key that is not there any more.
    #[error("the rule for {provider} names a provider key that this account does not have any more")]
    KeyGone {
        /// The provider.
        provider: ProviderName,
    },
    /// The rule wants a managed key, and the account was granted none.
    #[error("the rule for {provider} wants a managed key, and the operator granted this account none")]
    NotGranted {
        /// The provider.
        provider: ProviderName,
    },
    /// Only a managed key is there, and the catalog does not know the model, so that its use could not be reckoned.
    #[error("{provider}:{model} is not in the catalog and so needs a provider key of this account's own")]
    NotCatalogued {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// Only a managed key is there, and the model has no price.
    #[error("{provider}:{model} has no known price and so needs a provider key of this account's own")]
    NotPriced {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// It is another spelling of what is in the plan already.
    #[error("it is {provider}:{model} again")]
    Again {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// There are more models before it than are considered.
    #[error("only the first {} models of a request are considered", crate::plan::MODELS_MAX)]
    TooMany,
}

/// A filter that leaves candidates out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Does it name something?
    Name,
    /// Does the scope of the access key hold it?
    Scope,
    /// Does the tier hold it?
    Tier,
    /// Does the provider serve the surface?
    Surface,
    /// Is there a credential?
    Credential,
    /// Is it new?
    Again,
    /// Is it within the bounds of a plan?
    Bound,
}

impl Filter {
    /// Every filter.
    pub const ALL: [Self; 7] = [Self::Name, Self::Scope, Self::Tier, Self::Surface, Self::Credential, Self::Again, Self::Bound];

    /// Its name in APIs, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Scope => "scope",
            Self::Tier => "tier",
            Self::Surface => "surface",
            Self::Credential => "credential",
            Self::Again => "again",
            Self::Bound => "bound",
        }
    }

    /// What became of those that it left out, for people.
    const fn words(self) -> &'static str {
        match self {
            Self::Name => "unknown",
            Self::Scope => "out of scope",
            Self::Tier => "not in the tier",
            Self::Surface => "without the surface",
            Self::Credential => "without a credential",
            Self::Again => "there already",
            Self::Bound => "too many",
        }
    }
}

impl Why {
    /// The filter that left it out.
    #[must_use]
    pub const fn filter(&self) -> Filter {
        match self {
            Self::Unresolved(_) => Filter::Name,
            Self::ProviderOutOfScope { .. } | Self::ModelOutOfScope { .. } => Filter::Scope,
            Self::NotInTier { .. } => Filter::Tier,
            Self::SurfaceNotServed { .. } => Filter::Surface,
            Self::NoCredential { .. }
            | Self::KeyGone { .. }
            | Self::NotGranted { .. }
            | Self::NotCatalogued { .. }
            | Self::NotPriced { .. } => Filter::Credential,
            Self::Again { .. } => Filter::Again,
            Self::TooMany => Filter::Bound,
        }
    }
}

/// How many each filter left out, in few words: `2 out of scope, 1 without a credential`.
#[must_use]
pub fn tally(dropped: &[Dropped]) -> String {
    let counts = Filter::ALL.into_iter().filter_map(|filter| {
        let count = dropped.iter().filter(|dropped| dropped.why.filter() == filter).count();
        (count > 0).then(|| format!("{count} {}", filter.words()))
    });
    counts.collect::<Vec<_>>().join(", ")
}
