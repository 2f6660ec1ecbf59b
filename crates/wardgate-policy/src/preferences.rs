//! What a client wants of whoever answers, beside the model: OpenRouter's `provider`, `route` and `plugins`.
//!
//! Preferences narrow what the scope allows and order it. They never widen it: a filter leaves candidates out, and the order says
//! which of the rest comes first.

mod read;

pub use read::{Fields, read};

use wardgate_core::money::PicoUsdPerToken;
use wardgate_model::{AbilitySet, Provider};

/// The most entries of a list in preferences.
pub const ENTRIES_MAX: usize = 100;

/// What was asked for. The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preferences {
    /// Whom to try first, in this order.
    pub order: Vec<Named>,
    /// The only ones to try; none: any.
    pub only: Option<Vec<Named>>,
    /// Whom not to try.
    pub ignore: Vec<Named>,
    /// Whether nobody but the first, or those in `order`, may be tried.
    pub forbids_fallbacks: bool,
    /// Whether every parameter of the request must be understood.
    pub requires_parameters: bool,
    /// Whether nothing may be kept or trained on.
    pub denies_collection: bool,
    /// Whether nothing may be kept.
    pub wants_zero_retention: bool,
    /// Whether the answers must be free to train other models on.
    pub wants_distillable: bool,
    /// The number formats that the model may be served in; none: any.
    pub quantizations: Option<Vec<String>>,
    /// What to order by.
    pub sort: Option<Sort>,
    /// Whether to order all models together and not each by itself.
    pub mixes_models: bool,
    /// The most that it may cost.
    pub max_price: MaxPrice,
    /// Tokens a second: who is slower comes last.
    pub throughput_min: Percentiles,
    /// Seconds to the first token: who takes longer comes last.
    pub latency_max: Percentiles,
    /// How the auto router chooses.
    pub auto: AutoOptions,
}

/// A provider as a client names it: by its id or by what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(String);

/// What to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The cheapest first.
    Price,
    /// The one that writes fastest first.
    Throughput,
    /// The one that begins soonest first.
    Latency,
    /// The one that fails least first.
    Exacto,
    /// The one with the longest context first.
    Context,
}

impl Sort {
    /// Its name in explanations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Throughput => "throughput",
            Self::Latency => "latency",
            Self::Exacto => "exacto",
            Self::Context => "context",
        }
    }
}

/// The most that tokens may cost; none: anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxPrice {
    /// Of input.
    pub prompt: Option<PicoUsdPerToken>,
    /// Of output.
    pub completion: Option<PicoUsdPerToken>,
}

/// Bounds on what half, three quarters, nine tenths and ninety-nine hundredths of the requests see.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Percentiles(pub [Option<f64>; 4]);

impl Percentiles {
    /// Whether nothing is bounded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// How the auto router chooses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AutoOptions {
    /// Patterns of models that it may choose; empty: any.
    pub allowed: Vec<String>,
    /// Patterns of models that it may not choose.
    pub excluded: Vec<String>,
    /// The share of the models, by price, that it chooses from: from and to, in hundredths.
    pub band: Option<(u8, u8)>,
}

/// What a request needs of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needs {
    /// What the model must be able to do.
    pub abilities: AbilitySet,
    /// About how many tokens it has.
    pub input_tokens: u64,
    /// The most tokens that it wants to be answered with.
    pub output_tokens_max: Option<u64>,
    /// The names at the top of its body that are parameters.
    pub params: Vec<String>,
}

/// Everything that a request wants beside its models.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wishes {
    /// What the client prefers.
    pub preferences: Preferences,
    /// What the request needs.
    pub needs: Needs,
    /// What decides where chance does: the same for all requests of a conversation, so that they go the same way.
    pub draw: u64,
    /// Whether the client names the session that this is drawn for.
    pub has_session: bool,
}

impl Named {
    /// Takes a name.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(plain(text).collect())
    }

    /// Whether it names this provider. A name with a slash means one endpoint of a provider, and none has several here.
    #[must_use]
    pub fn is(&self, provider: &Provider) -> bool {
        let same = |name: &str| plain(name).eq(self.0.chars());
        same(provider.name.as_str()) || same(&provider.display_name)
    }
}

/// A name without what people write in different ways.
fn plain(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !matches!(character, ' ' | '.' | '-' | '_')).map(|character| character.to_ascii_lowercase())
}

impl Preferences {
    /// Where in the wanted order a provider stands.
    #[must_use]
    pub fn place(&self, provider: &Provider) -> Option<usize> {
        self.order.iter().position(|named| named.is(provider))
    }
}
