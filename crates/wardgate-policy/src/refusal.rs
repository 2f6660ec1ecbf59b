//! Why something is not in a plan.

use crate::strategy::Failed;
use std::fmt;
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

impl Dropped {
    /// Something by this name of which nothing is known but the cause.
    #[must_use]
    pub const fn whole(model: String, why: Why) -> Self {
        Self { model, virtual_model: None, target: None, why, is_whole: true }
    }
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
    #[error("the provider {provider} does not serve {surface}{}", instead.as_ref().map(ToString::to_string).unwrap_or_default())]
    SurfaceNotServed {
        /// The provider.
        provider: ProviderName,
        /// The surface the client used.
        surface: Surface,
        /// What would do; none while something else may be tried.
        instead: Option<Box<Instead>>,
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
    /// The client does not want it.
    #[error("{wish} ({provider}:{model})")]
    Unwanted {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
        /// What it wants.
        wish: Wish,
    },
    /// The model cannot do what the request needs.
    #[error("{provider}:{model} cannot do what the request needs: {ability}")]
    CannotDo {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
        /// What that is.
        ability: &'static str,
    },
    /// The client wants nobody but the first, or those that it lists.
    #[error("provider.allow_fallbacks is false, and {provider}:{model} is not the one to try")]
    NotFirst {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// The auto router finds nothing.
    #[error(
        "the auto router finds no model that this access key may call and that fits the request; see its options in plugins"
    )]
    NothingToChoose,
    /// The free router finds nothing.
    #[error("no model that is known to cost nothing may be called by this access key and fits the request")]
    NothingFree,
    /// It is another spelling of what is in the plan already.
    #[error("it is {provider}:{model} again")]
    Again {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// No strategy of the configuration selected the model.
    #[error("the strategies of this access key's configuration did not select {provider}:{model}")]
    NotSelected {
        /// The provider.
        provider: ProviderName,
        /// The model in the provider's spelling.
        model: ModelName,
    },
    /// No strategy of the configuration selected a key for the model.
    #[error("the strategies of this access key's configuration selected no key of {provider}")]
    NoKeySelected {
        /// The provider.
        provider: ProviderName,
    },
    /// An expression of the configuration is not true of the request, which therefore goes no further.
    #[error("{}", message.as_deref().unwrap_or("the configuration of this access key does not admit this request"))]
    NotAdmitted {
        /// What the configuration says that the client is told.
        message: Option<String>,
    },
    /// An expression of the configuration cannot be worked out for the request, which therefore goes no further.
    #[error(transparent)]
    StrategyFailed(#[from] Failed),
    /// There are more models before it than are considered.
    #[error("only the first {} models of a request are considered", crate::plan::MODELS_MAX)]
    TooMany,
}

/// What would do in place of a provider that does not serve a surface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instead {
    /// What this provider does serve.
    pub surfaces: Vec<Surface>,
    /// Who serves the surface, of those that the access key may use: the first few.
    pub providers: Vec<ProviderName>,
    /// Whether there are credentials for these.
    pub is_ready: bool,
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let surfaces = self.surfaces.iter().map(|surface| surface.name()).collect::<Vec<_>>();
        if !surfaces.is_empty() {
            write!(f, ", but {}", surfaces.join(", "))?;
        }
        let providers = self.providers.iter().map(ProviderName::as_str).collect::<Vec<_>>().join(", ");
        match self.is_ready {
            _ if providers.is_empty() => f.write_str("; nobody whom this access key may use serves it"),
            true => write!(f, "; use a model of {providers}"),
            false => write!(f, "; it is served by {providers}, for which this account has no provider key yet"),
        }
    }
}

/// Something that a client wants and that a candidate is not, or is not known to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wish {
    /// In its list of those to use.
    #[error("provider.only does not list it")]
    Only,
    /// Not in its list of those to leave out.
    #[error("provider.ignore lists it")]
    Ignore,
    /// Not keeping anything.
    #[error("provider.zdr is true, and it is not known to keep nothing")]
    ZeroRetention,
    /// Neither keeping anything nor training on it.
    #[error("provider.data_collection is \"deny\", and it is not known to keep nothing and train on nothing")]
    DataCollection,
    /// Free to train other models on.
    #[error("provider.enforce_distillable_text is true, and nothing is known of whether it may be distilled")]
    Distillable,
    /// Served in one of the number formats.
    #[error("provider.quantizations does not list \"unknown\", and its number format is not known")]
    Quantization,
    /// Cheap enough.
    #[error("provider.max_price is lower than its price, or its price is not known")]
    MaxPrice,
    /// Understanding every parameter.
    #[error("provider.require_parameters is true, and it is not known to take {0:?}")]
    Parameters(Box<str>),
    /// For nothing.
    #[error("the ending :free asks for a price of zero")]
    Free,
    /// Searching the web.
    #[error(
        "the ending :online needs a search of the web, for which this gateway has no backend; try openrouter:author/model:online"
    )]
    Online,
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
    /// Does the client want it?
    Preference,
    /// Does it cost no more than the client allows?
    Price,
    /// Can the model do it?
    Ability,
    /// Is there a credential?
    Credential,
    /// Is it the one that is tried where only one is?
    Fallback,
    /// Is it new?
    Again,
    /// Did a strategy select it?
    Strategy,
    /// Is it within the bounds of a plan?
    Bound,
}

impl Filter {
    /// Every filter.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::Scope,
        Self::Tier,
        Self::Surface,
        Self::Preference,
        Self::Price,
        Self::Ability,
        Self::Credential,
        Self::Fallback,
        Self::Again,
        Self::Strategy,
        Self::Bound,
    ];

    /// Its name in APIs, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Scope => "scope",
            Self::Tier => "tier",
            Self::Surface => "surface",
            Self::Preference => "preference",
            Self::Price => "price",
            Self::Ability => "ability",
            Self::Credential => "credential",
            Self::Fallback => "fallback",
            Self::Again => "again",
            Self::Strategy => "strategy",
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
            Self::Preference => "not preferred",
            Self::Price => "too dear",
            Self::Ability => "not able to",
            Self::Credential => "without a credential",
            Self::Fallback => "not the first",
            Self::Again => "there already",
            Self::Strategy => "not selected",
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
            Self::Unwanted { wish: Wish::MaxPrice | Wish::Free, .. } | Self::NothingFree => Filter::Price,
            Self::Unwanted { .. } => Filter::Preference,
            Self::CannotDo { .. } | Self::NothingToChoose => Filter::Ability,
            Self::NotFirst { .. } => Filter::Fallback,
            Self::Again { .. } => Filter::Again,
            Self::NotSelected { .. } | Self::NoKeySelected { .. } | Self::NotAdmitted { .. } | Self::StrategyFailed(_) => {
                Filter::Strategy
            }
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
