//! The limits of a tier on each key, end user and model, in bodies.

use super::create::LIMIT;
use crate::body::{Change, Entries, Nested, Nullable, Optional, body};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use wardgate_limits::rate::Rates;
use wardgate_limits::tier::{MODEL_BYTES_MAX, MODELS_MAX};

body! {
    /// Limits on each of a kind. One that is left out does not apply.
    TierRates {
        /// Requests in any minute.
        requests_per_minute: Option<u64> = Optional(LIMIT),
        /// Requests in a day (UTC).
        requests_per_day: Option<u64> = Optional(LIMIT),
        /// Tokens, input and output together, in any minute.
        tokens_per_minute: Option<u64> = Optional(LIMIT),
        /// Requests that are being answered at once.
        concurrent_requests: Option<u64> = Optional(LIMIT),
    }
    example {"requestsPerMinute": 5}
}

body! {
    /// What changes limits on each of a kind. One that is null does not apply.
    TierRatesUpdate {
        /// Requests in any minute.
        requests_per_minute: Change<u64> = Nullable(LIMIT),
        /// Requests in a day (UTC).
        requests_per_day: Change<u64> = Nullable(LIMIT),
        /// Tokens, input and output together, in any minute.
        tokens_per_minute: Change<u64> = Nullable(LIMIT),
        /// Requests that are being answered at once.
        concurrent_requests: Change<u64> = Nullable(LIMIT),
    }
    example {"requestsPerMinute": 5}
}

/// Limits by the names of models.
pub(super) fn models() -> Entries<Nested<TierRates>> {
    Entries::of(Nested::new(), MODELS_MAX, MODEL_BYTES_MAX)
}

/// What limits them in a tier.
pub(super) fn by_name(models: &[(String, TierRates)]) -> BTreeMap<String, Rates> {
    let rates = models.iter().map(|(name, rates)| (name.to_ascii_lowercase(), rates.rates()));
    rates.filter(|(_, rates)| !rates.is_empty()).collect()
}

impl TierRates {
    pub(super) const fn rates(&self) -> Rates {
        Rates {
            requests_per_minute: self.requests_per_minute,
            requests_per_day: self.requests_per_day,
            tokens_per_minute: self.tokens_per_minute,
            concurrent_requests: self.concurrent_requests,
        }
    }
}

impl TierRatesUpdate {
    fn apply(&self, rates: &mut Rates) {
        self.requests_per_minute.apply_to(&mut rates.requests_per_minute);
        self.requests_per_day.apply_to(&mut rates.requests_per_day);
        self.tokens_per_minute.apply_to(&mut rates.tokens_per_minute);
        self.concurrent_requests.apply_to(&mut rates.concurrent_requests);
    }
}

/// Changes limits on each of a kind, those that are named.
pub(super) fn change(wanted: &Change<TierRatesUpdate>, rates: &mut Rates) {
    match wanted {
        Change::Keep => {}
        Change::Clear => *rates = Rates::default(),
        Change::Set(wanted) => wanted.apply(rates),
    }
}

/// Such limits as the API shows them. One that is null does not apply.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TierRatesShown")]
pub(super) struct RatesBody {
    /// Requests in any minute.
    requests_per_minute: Option<u64>,
    /// Requests in a day (UTC).
    requests_per_day: Option<u64>,
    /// Tokens, input and output together, in any minute.
    tokens_per_minute: Option<u64>,
    /// Requests that are being answered at once.
    concurrent_requests: Option<u64>,
}

impl RatesBody {
    /// None where nothing is limited.
    pub(super) fn of(rates: &Rates) -> Option<Self> {
        (!rates.is_empty()).then_some(Self {
            requests_per_minute: rates.requests_per_minute,
            requests_per_day: rates.requests_per_day,
            tokens_per_minute: rates.tokens_per_minute,
            concurrent_requests: rates.concurrent_requests,
        })
    }
}
