//! What expressions see: the request, who makes it, and what could answer it.

use crate::credential::Credential;
use crate::health::Health;
use std::borrow::Cow;
use std::fmt;
use wardgate_core::format::Surface;
use wardgate_core::health::Standing;
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_core::zone::ZoneTime;
use wardgate_model::Target;

/// Everything that an expression can ask for.
#[derive(Debug)]
pub struct World<'w> {
    /// The request.
    pub request: &'w RequestFacts<'w>,
    /// Who makes it.
    pub caller: &'w CallerFacts<'w>,
    /// The models that could answer it, in order.
    pub models: &'w [ModelFacts<'w>],
    /// The model that is about to be called, where one is.
    pub model: Option<&'w ModelFacts<'w>>,
    /// The provider keys that it can be called with, in order.
    pub keys: &'w [KeyFacts<'w>],
}

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'w> {
    /// The surface it came in on.
    pub surface: Surface,
    /// The model strings that it names, in order; never empty.
    pub models: &'w [String],
    /// Whether its answer is to be a stream.
    pub is_stream: bool,
    /// The most tokens that it wants as an answer, if it says so.
    pub output_tokens_max: Option<u64>,
    /// About how many tokens it has.
    pub input_tokens: u64,
    /// When it came.
    pub now: Timestamp,
    /// Any number, another one for each request.
    pub random: u64,
}

/// What is known of who calls. Everything is text that people wrote, and may be empty.
#[derive(Debug, Clone, Copy)]
pub struct CallerFacts<'w> {
    /// The access key.
    pub key_id: AccessKeyId,
    /// Its name.
    pub key_name: &'w str,
    /// Its metadata.
    pub key_metadata: &'w str,
    /// Its tags.
    pub tags: &'w [String],
    /// Its team.
    pub team_id: TeamId,
    /// That team's name.
    pub team_name: &'w str,
    /// Its account.
    pub account_id: AccountId,
    /// That account's name.
    pub account_name: &'w str,
}

/// A model that could answer.
#[derive(Debug, Clone, Copy)]
pub struct ModelFacts<'w> {
    /// The model at its provider.
    pub target: &'w Target,
    /// Where it stands among all that could answer, whatever a strategy makes of their order.
    pub place: usize,
    /// Whether it is not asked for, but added by the configuration.
    pub is_fallback: bool,
    /// The request, for what it would cost.
    pub request: &'w RequestFacts<'w>,
    /// How it has done lately with the first of its keys.
    pub lately: Lately<'w>,
}

/// A provider key that could be used.
#[derive(Debug, Clone, Copy)]
pub struct KeyFacts<'w> {
    /// Which.
    pub credential: Credential,
    /// What it is called; empty for the operator's.
    pub name: &'w str,
    /// How its model has done lately with it.
    pub lately: Lately<'w>,
}

/// How a model has done lately with a key. It is looked up when an expression asks for it, and not before.
#[derive(Clone, Copy)]
pub struct Lately<'w> {
    /// The model.
    pub target: &'w Target,
    /// The key.
    pub credential: Credential,
    /// Who knows it; none: nobody watches.
    pub health: Option<&'w dyn Health>,
}

impl fmt::Debug for Lately<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} lately", self.target.provider.name, self.target.model)
    }
}

impl Lately<'_> {
    pub(super) fn standing(&self) -> Standing {
        self.health.map_or_else(Standing::default, |health| health.standing(self.target, self.credential))
    }
}

/// An instant, and how it reads where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) instant: Timestamp,
    pub(crate) read: ZoneTime,
}

/// How many tokens of output a request without a cap of its own is taken to get.
const OUTPUT_TOKENS_GUESS: u64 = 1_024;

impl RequestFacts<'_> {
    /// How many tokens of output are reckoned with.
    pub(super) fn output_tokens(&self) -> u64 {
        self.output_tokens_max.unwrap_or(OUTPUT_TOKENS_GUESS)
    }

    /// A number from 0 up to, and without, 1.
    pub(super) fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what the number holds")]
        let share = (self.random >> 11) as f64 / (1u64 << 53) as f64;
        share
    }

    pub(super) fn time(&self) -> At {
        At { instant: self.now, read: ZoneTime::utc(self.now) }
    }
}

impl<'w> ModelFacts<'w> {
    pub(super) fn provider_id(&self) -> &'w str {
        self.target.provider.name.as_str()
    }

    pub(super) fn author(&self) -> &'w str {
        self.target.known.as_ref().map_or("", |known| known.author.as_str())
    }

    /// Whether a text is one of its names, whatever the case.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let is = |own: &str| own.eq_ignore_ascii_case(name);
        let with_provider = || {
            let model = name.strip_prefix(self.provider_id()).and_then(|rest| rest.strip_prefix(':'));
            model.is_some_and(|model| self.target.model.eq_ignore_ascii_case(model))
        };
        is(&self.target.model) || self.target.known.as_ref().is_some_and(|known| is(&known.slug)) || with_provider()
    }

    pub(super) fn datacenters(&self) -> &'w [wardgate_model::Datacenter] {
        &self.target.provider.datacenters
    }

    /// What the request would cost at this model, in dollars; not-a-number when its price is not known.
    pub(super) fn estimated_cost(&self) -> f64 {
        let Some(prices) = self.prices() else { return f64::NAN };
        let rates = prices.rates_for(self.request.input_tokens);
        let pico = rates.input.times(self.request.input_tokens) + rates.output.times(self.request.output_tokens());
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let dollars = pico as f64 / 1e12;
        dollars
    }

    pub(super) fn prices(&self) -> Option<&'w wardgate_model::price::Prices> {
        let declared = || {
            let models = &self.target.provider.declared_models;
            models.iter().find(|declared| declared.upstream_id == self.target.model)?.prices.as_ref()
        };
        match &self.target.known {
            Some(known) => known.prices.as_ref(),
            None => declared(),
        }
    }

    /// Whether its context holds the request. What is not known does not fit.
    pub(super) fn fits(&self) -> bool {
        let Some(known) = &self.target.known else { return false };
        let asked = self.request.output_tokens_max.unwrap_or(0);
        known.context_window.is_some_and(|window| self.request.input_tokens.saturating_add(asked) <= window)
            && known.output_tokens_max.is_none_or(|most| asked <= most)
    }
}

impl KeyFacts<'_> {
    pub(super) fn id(&self) -> Cow<'static, str> {
        match self.credential {
            Credential::None => Cow::Borrowed(""),
            Credential::User(id) => Cow::Owned(id.to_text().to_string()),
            Credential::Managed(id) => Cow::Owned(id.to_text().to_string()),
        }
    }
}
