//! Prices of a model, and what a usage costs under them.

use wardgate_core::money::{NanoUsd, PicoUsdPerToken, round_pico};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::Usage;

/// The rates of a model, and the tiers that replace them for long inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// What holds for every request that no tier claims.
    pub base: Rates,
    /// Rates for requests whose whole input is longer than a threshold, thresholds ascending.
    pub tiers: Vec<(u64, Rates)>,
}

/// Prices that held until an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerPrices {
    /// Until then, exclusive.
    pub until: Timestamp,
    /// What they were; none when that is not known.
    pub prices: Option<Prices>,
}

/// One set of rates. A class without a rate of its own costs what `input` or `output` costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Input that no cache held.
    pub input: PicoUsdPerToken,
    /// Output.
    pub output: PicoUsdPerToken,
    /// Input read from a cache.
    pub cache_read: Option<PicoUsdPerToken>,
    /// Input written to a short-lived cache.
    pub cache_write: Option<PicoUsdPerToken>,
    /// Input written to a cache of an hour or more.
    pub cache_write_1h: Option<PicoUsdPerToken>,
    /// Reasoning, where it costs something else than other output.
    pub reasoning: Option<PicoUsdPerToken>,
}

impl Rates {
    /// What a token of a usual mixture costs in pico-dollars: three of input to one of output. For comparing, not for billing.
    #[must_use]
    pub const fn blended(&self) -> u64 {
        self.input.pico_usd().saturating_mul(3).saturating_add(self.output.pico_usd()) / 4
    }
}

impl Prices {
    /// Nothing for everything.
    #[must_use]
    pub fn free() -> Self {
        Self::default()
    }

    /// The rates for an input of this many tokens.
    #[must_use]
    pub fn rates_for(&self, input_tokens: u64) -> &Rates {
        self.tiers.iter().rev().find(|(above, _)| input_tokens > *above).map_or(&self.base, |(_, rates)| rates)
    }

    /// What a usage costs.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> NanoUsd {
        let (input, output) = self.pico_usd(usage);
        round_pico(input + output)
    }

    /// What its input and its output cost, in pico-dollars, unrounded.
    #[must_use]
    pub fn pico_usd(&self, usage: &Usage) -> (u128, u128) {
        let rates = self.rates_for(usage.input());
        let cache_write = rates.cache_write.unwrap_or(rates.input);
        let reasoning = usage.reasoning.min(usage.output);
        let input = rates.input.times(usage.input_uncached)
            + rates.cache_read.unwrap_or(rates.input).times(usage.cache_read)
            + cache_write.times(usage.cache_write_5m.saturating_add(usage.cache_write_other))
            + rates.cache_write_1h.unwrap_or(cache_write).times(usage.cache_write_1h);
        let output = rates.output.times(usage.output - reasoning) + rates.reasoning.unwrap_or(rates.output).times(reasoning);
        (input, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> PicoUsdPerToken {
        PicoUsdPerToken::from_usd_per_million(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn each_class_is_charged_once_at_its_own_rate() {
        let prices = Prices {
            base: Rates {
                input: dollars("3"),
                output: dollars("15"),
                cache_read: Some(dollars("0.3")),
                cache_write: Some(dollars("3.75")),
                cache_write_1h: Some(dollars("6")),
                reasoning: None,
            },
            tiers: Vec::new(),
        };
        let usage = Usage {
            input_uncached: 10,
            cache_read: 90,
            cache_write_5m: 5,
            cache_write_1h: 2,
            cache_write_other: 0,
            output: 20,
            reasoning: 8,
        };
        // 10×3000 + 90×300 + 5×3750 + 2×6000 + 20×15000 nano-dollars
        assert_eq!(prices.cost(&usage), NanoUsd::new(30_000 + 27_000 + 18_750 + 12_000 + 300_000));
    }

    #[test]
    fn a_long_input_moves_the_whole_request_to_its_tier() {
        let rates = |input| Rates { input: dollars(input), ..Rates::default() };
        let prices = Prices { base: rates("1"), tiers: vec![(100, rates("2")), (200, rates("4"))] };
        let cost = |input_uncached| prices.cost(&Usage { input_uncached, ..Usage::default() }).nano_usd();
        assert_eq!((cost(100), cost(101), cost(201)), (100_000, 202_000, 804_000));
    }
}
