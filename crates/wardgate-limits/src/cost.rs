//! What a usage costs.

use wardgate_core::money::NanoUsd;
use wardgate_core::usage::Usage;
use wardgate_model::{Origin, Target};

/// What a usage of a target costs. `None` when the price is not known, which is never the same as nothing: only a provider of
/// the tenant or the operator is free without a price.
#[must_use]
pub fn cost(target: &Target, usage: &Usage) -> Option<NanoUsd> {
    let prices = target.known.as_ref().and_then(|model| model.prices.as_ref());
    match (prices, target.provider.origin) {
        (Some(prices), _) => Some(prices.cost(usage)),
        (None, Origin::Operator | Origin::Tenant) => Some(NanoUsd::ZERO),
        (None, Origin::BuiltIn) => None,
    }
}
