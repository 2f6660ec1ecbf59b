//! What a usage costs.

use wardgate_core::money::{NanoUsd, PicoUsdPerToken, round_pico};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::Usage;
use wardgate_model::{Origin, Target};

/// What the operator adds to what providers take. The default adds nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Margin {
    /// On requests with the operator's own keys, in millionths of what the provider takes.
    pub markup_ppm: u32,
    /// On all requests that used something, for each token of input and output.
    pub fee: PicoUsdPerToken,
}

/// What a usage costs, and what of it is for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// All of it.
    pub total: NanoUsd,
    /// What the provider takes for the input.
    pub input: NanoUsd,
    /// What the provider takes for the output.
    pub output: NanoUsd,
}

/// What a usage of a target costs whoever asked for it, at the prices of that moment. `None` when the price is not known, which
/// is never the same as nothing: only a provider of the tenant or the operator is free without a price.
///
/// What the operator adds is added to each attempt and rounded with it, so that the sum of attempts is the bill.
#[must_use]
pub fn cost(target: &Target, usage: &Usage, at: Timestamp, is_managed: bool, margin: Margin) -> Option<Cost> {
    let prices = target.known.as_ref().map(|model| model.prices_at(at));
    let (input, output) = match (prices.flatten(), target.provider.origin) {
        (Some(prices), _) => prices.pico_usd(usage),
        (None, Origin::Operator | Origin::Tenant) => (0, 0),
        (None, Origin::BuiltIn) => return None,
    };
    let provider = input + output;
    let markup = if is_managed { provider * u128::from(margin.markup_ppm) / 1_000_000 } else { 0 };
    let fee = margin.fee.times(usage.input().saturating_add(usage.output));
    Some(Cost { total: round_pico(provider + markup + fee), input: round_pico(input), output: round_pico(output) })
}
