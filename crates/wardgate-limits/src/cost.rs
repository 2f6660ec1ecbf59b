//! What a usage costs, and what a request may cost before anyone knows.

use wardgate_core::money::{NanoUsd, PicoUsdPerToken, round_pico};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Units, Usage};
use wardgate_model::price::Prices;
use wardgate_model::{Origin, Target};

/// The tokens of output that are reckoned with where a request does not say how many it takes at most. Models may answer with
/// thirty times as many and hardly ever do.
const OUTPUT_TOKENS_UNSAID: u64 = 4_096;

/// The tokens of output that are reckoned with at most, where nobody knows where the model stops.
const OUTPUT_TOKENS_MAX: u64 = 131_072;

/// What the operator adds to what providers take. The default adds nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Margin {
    /// On requests with the operator's own keys, in millionths of what the provider takes.
    pub markup_ppm: u32,
    /// On all requests that used something, for each token of input and output.
    pub fee: PicoUsdPerToken,
}

/// The largest markup, in per cent.
const PERCENT_MAX: u32 = 1_000;

/// A markup as people write it, `5%` or `2.5%`, in millionths.
#[must_use]
pub fn markup_from_percent(text: &str) -> Option<u32> {
    // A price for a million tokens has six digits after the point, and a share in millionths has four.
    let share = text.strip_suffix('%').and_then(PicoUsdPerToken::from_usd_per_million)?;
    let millionths = u32::try_from(share.times(1) / 100).ok().filter(|_| share.times(1) % 100 == 0)?;
    (millionths <= PERCENT_MAX * 10_000).then_some(millionths)
}

/// What [`markup_from_percent`] reads back.
#[must_use]
pub fn percent(markup_ppm: u32) -> String {
    let fraction = format!("{:04}", markup_ppm % 10_000);
    match fraction.trim_end_matches('0') {
        "" => format!("{}%", markup_ppm / 10_000),
        fraction => format!("{}.{fraction}%", markup_ppm / 10_000),
    }
}

/// By what a request is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// When it was asked: the prices of that moment count.
    pub at: Timestamp,
    /// What the operator adds.
    pub margin: Margin,
    /// What the account takes for an unknown price, if it takes any.
    pub unknown_price: Option<PicoUsdPerToken>,
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

/// What a usage of a target costs whoever asked for it. `None` when the price is not known, which is never the same as nothing:
/// only a provider of the tenant or the operator is free without a price.
///
/// What the operator adds is added to each attempt and rounded with it, so that the sum of attempts is the bill.
#[must_use]
pub fn cost(target: &Target, usage: &Usage, is_managed: bool, terms: &Terms) -> Option<Cost> {
    let (input, output) = match (prices_at(target, terms.at), target.provider.origin) {
        (Some(prices), _) => prices.pico_usd(usage),
        (None, Origin::Operator | Origin::Tenant) => (0, 0),
        (None, Origin::BuiltIn) => {
            let price = terms.unknown_price?;
            (price.times(usage.input()), price.times(usage.output))
        }
    };
    let total = with_margin(input + output, usage.input().saturating_add(usage.output), is_managed, terms.margin);
    Some(Cost { total, input: round_pico(input), output: round_pico(output) })
}

fn with_margin(provider: u128, tokens: u64, is_managed: bool, margin: Margin) -> NanoUsd {
    let markup = if is_managed { provider * u128::from(margin.markup_ppm) / 1_000_000 } else { 0 };
    round_pico(provider + markup + margin.fee.times(tokens))
}

/// Whether a usage tells all that its target charges for: what passes unread may be told in no tokens. A target without prices
/// charges for tokens as far as anyone knows.
#[must_use]
pub fn is_told(target: &Target, usage: &Usage, at: Timestamp) -> bool {
    prices_at(target, at).map_or_else(|| usage.input() > 0 || usage.output > 0, |prices| prices.covers(usage))
}

/// What a request for these units costs, where they are all that its target charges for.
#[must_use]
pub fn of_units(target: &Target, units: Units, is_managed: bool, terms: &Terms) -> Option<NanoUsd> {
    let usage = Usage { units: Units { requests: 1, ..units }, ..Usage::default() };
    is_told(target, &usage, terms.at).then(|| cost(target, &usage, is_managed, terms)).flatten().map(|cost| cost.total)
}

/// What a target's tokens cost today: by the catalog, or as its tenant declares.
#[must_use]
pub fn prices(target: &Target) -> Option<&Prices> {
    match &target.known {
        Some(known) => known.prices.as_ref(),
        None => declared(target),
    }
}

fn prices_at(target: &Target, at: Timestamp) -> Option<&Prices> {
    match &target.known {
        Some(known) => known.prices_at(at),
        None => declared(target),
    }
}

fn declared(target: &Target) -> Option<&Prices> {
    let declared = target.provider.declared_models.iter().find(|declared| declared.upstream_id == target.model);
    declared.and_then(|declared| declared.prices.as_ref())
}

/// What is known of a request before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Its input tokens, about.
    pub input: u64,
    /// The most output tokens that it takes, if it says so, or its account for it.
    pub output_max: Option<u64>,
    /// How many answers it asks for, each of which may have as many.
    pub answers: u64,
}

/// What a request to a target may cost. `None` when the price is not known. Where the request bounds its output, and has no
/// more input than expected, it is no less than the request will cost.
#[must_use]
pub fn estimate(target: &Target, expected: Expected, is_managed: bool, terms: &Terms) -> Option<NanoUsd> {
    let window = target.known.as_ref().and_then(|model| model.context_window).unwrap_or(u64::MAX);
    let model_max = target.known.as_ref().and_then(|model| model.output_tokens_max).unwrap_or(OUTPUT_TOKENS_MAX);
    let input = expected.input.min(window);
    let output = expected.output_max.unwrap_or(OUTPUT_TOKENS_UNSAID).min(model_max).saturating_mul(expected.answers);
    let provider = match (prices_at(target, terms.at), target.provider.origin) {
        (Some(prices), _) => {
            let rates = prices.rates_for(input);
            // What goes into a cache costs more than what does not.
            let input_price = rates.input.max(rates.cache_write.unwrap_or(rates.input));
            let output_price = rates.output.max(rates.reasoning.unwrap_or(rates.output));
            input_price.times(input) + output_price.times(output) + prices.units.request.times(1)
        }
        (None, Origin::Operator | Origin::Tenant) => 0,
        (None, Origin::BuiltIn) => terms.unknown_price?.times(input.saturating_add(output)),
    };
    Some(with_margin(provider, input.saturating_add(output), is_managed, terms.margin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use wardgate_model::{Catalog, Overlay, resolve};

    const TERMS: Terms = Terms {
        at: Timestamp::from_unix_micros(1_795_325_445_250_123),
        margin: Margin { markup_ppm: 50_000, fee: PicoUsdPerToken::new(50_000) },
        unknown_price: None,
    };

    fn target(model: &str) -> Arc<Target> {
        let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        let overlay = Overlay::new(Arc::new(catalog), &[]);
        resolve(model, &overlay).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn an_estimate_is_no_less_than_what_the_bounded_request_costs() {
        let target = target("openai:gpt-4o");
        let expected = Expected { input: 1_000, output_max: Some(500), answers: 1 };
        for is_managed in [false, true] {
            let bounded = estimate(&target, expected, is_managed, &TERMS);
            let usage = Usage { input_uncached: 1_000, output: 500, ..Usage::default() };
            let cost = cost(&target, &usage, is_managed, &TERMS).map(|cost| cost.total);
            assert!(bounded >= cost && cost > Some(NanoUsd::ZERO), "{bounded:?} {cost:?}");
            let three = estimate(&target, Expected { answers: 3, ..expected }, is_managed, &TERMS);
            let usage = Usage { output: 1_500, ..usage };
            let cost = super::cost(&target, &usage, is_managed, &TERMS).map(|cost| cost.total);
            assert!(three >= cost && cost > bounded, "{three:?} {cost:?}");
            let unsaid = Expected { output_max: None, ..expected };
            assert!(estimate(&target, unsaid, is_managed, &TERMS) > bounded);
            let absurd = Expected { input: u64::MAX, output_max: Some(u64::MAX), answers: 1 };
            let bound = NanoUsd::new(10_000_000_000);
            assert!(estimate(&target, absurd, is_managed, &TERMS).is_some_and(|cost| cost < bound));
        }
    }

    #[test]
    fn an_unknown_price_is_a_ceiling_or_none_and_never_nothing() {
        let target = target("openai:not-catalogued-at-all");
        let usage = Usage { input_uncached: 10, output: 5, ..Usage::default() };
        let expected = Expected { input: 10, output_max: Some(5), answers: 1 };
        assert_eq!((cost(&target, &usage, false, &TERMS), estimate(&target, expected, false, &TERMS)), (None, None));
        let terms = Terms { unknown_price: Some(PicoUsdPerToken::new(1_000)), margin: Margin::default(), ..TERMS };
        let total = cost(&target, &usage, false, &terms).map(|cost| cost.total);
        assert_eq!((total, estimate(&target, expected, false, &terms)), (Some(NanoUsd::new(15)), Some(NanoUsd::new(15))));
    }
}
