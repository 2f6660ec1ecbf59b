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
    /// What is charged beside tokens, or in their place.
    pub units: UnitPrices,
}

/// What is charged for other things than tokens. Nothing: it costs nothing by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitPrices {
    /// For each request that is answered.
    pub request: PicoUsdPerToken,
    /// For each image that is made, where its tokens are not told.
    pub image: PicoUsdPerToken,
    /// For a second of sound that is listened to, where its tokens are not told.
    pub audio_second: PicoUsdPerToken,
    /// For a character that is spoken, where its tokens are not told.
    pub character: PicoUsdPerToken,
    /// For a search among documents.
    pub query: PicoUsdPerToken,
    /// For a search in the web.
    pub web_search: PicoUsdPerToken,
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
    /// Tokens of images in the input.
    pub input_image: Option<PicoUsdPerToken>,
    /// Tokens of sound in the input.
    pub input_audio: Option<PicoUsdPerToken>,
    /// Tokens of images in the output.
    pub output_image: Option<PicoUsdPerToken>,
    /// Tokens of sound in the output.
    pub output_audio: Option<PicoUsdPerToken>,
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
        let (units, prices) = (&usage.units, &self.units);
        let (images, sound, text) = shares(usage.input_uncached, units.input_image, units.input_audio);
        let input = rates.input.times(text)
            + rates.input_image.unwrap_or(rates.input).times(images)
            + rates.input_audio.unwrap_or(rates.input).times(sound)
            + rates.cache_read.unwrap_or(rates.input).times(usage.cache_read)
            + cache_write.times(usage.cache_write_5m.saturating_add(usage.cache_write_other))
            + rates.cache_write_1h.unwrap_or(cache_write).times(usage.cache_write_1h)
            + prices.request.times(units.requests.into())
            + prices.query.times(units.queries.into())
            + prices.web_search.times(units.web_searches.into());
        let reasoning = usage.reasoning.min(usage.output);
        let (images, sound, text) = shares(usage.output - reasoning, units.output_image, units.output_audio);
        let output = rates.output.times(text)
            + rates.output_image.unwrap_or(rates.output).times(images)
            + rates.output_audio.unwrap_or(rates.output).times(sound)
            + rates.reasoning.unwrap_or(rates.output).times(reasoning);
        // Some models have a price for either way of counting, of which one is charged.
        if has_tokens(usage) {
            return (input, output);
        }
        let input =
            input + prices.audio_second.times(units.audio_ms).div_ceil(1_000) + prices.character.times(units.characters);
        (input, output + prices.image.times(units.images.into()))
    }

    /// Whether a usage tells all that is charged: tokens, or else the units that these prices are for. A model that costs
    /// nothing at all needs none.
    #[must_use]
    pub fn covers(&self, usage: &Usage) -> bool {
        let (units, prices) = (&usage.units, &self.units);
        let counted = [
            (prices.image, u64::from(units.images)),
            (prices.audio_second, units.audio_ms),
            (prices.character, units.characters),
            (prices.query, u64::from(units.queries)),
        ];
        let is_counted = counted.iter().any(|(price, count)| *price > PicoUsdPerToken::ZERO && *count > 0);
        has_tokens(usage) || is_counted || self.is_free()
    }
}

impl Prices {
    fn is_free(&self) -> bool {
        let costs_nothing = |rates: &Rates| rates.input == PicoUsdPerToken::ZERO && rates.output == PicoUsdPerToken::ZERO;
        costs_nothing(&self.base) && self.tiers.is_empty() && self.units == UnitPrices::default()
    }
}

const fn has_tokens(usage: &Usage) -> bool {
    usage.input() > 0 || usage.output > 0
}

/// Divides tokens into those of images, those of sound and the rest.
fn shares(all: u64, images: u64, sound: u64) -> (u64, u64, u64) {
    let images = images.min(all);
    let sound = sound.min(all - images);
    (images, sound, all - images - sound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::usage::Units;

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
                ..Rates::default()
            },
            ..Prices::default()
        };
        let usage = Usage {
            input_uncached: 10,
            cache_read: 90,
            cache_write_5m: 5,
            cache_write_1h: 2,
            cache_write_other: 0,
            output: 20,
            reasoning: 8,
            ..Usage::default()
        };
        // 10×3000 + 90×300 + 5×3750 + 2×6000 + 20×15000 nano-dollars
        assert_eq!(prices.cost(&usage), NanoUsd::new(30_000 + 27_000 + 18_750 + 12_000 + 300_000));
    }

    #[test]
    fn a_long_input_moves_the_whole_request_to_its_tier() {
        let rates = |input| Rates { input: dollars(input), ..Rates::default() };
        let prices = Prices { base: rates("1"), tiers: vec![(100, rates("2")), (200, rates("4"))], ..Prices::default() };
        let cost = |input_uncached| prices.cost(&Usage { input_uncached, ..Usage::default() }).nano_usd();
        assert_eq!((cost(100), cost(101), cost(201)), (100_000, 202_000, 804_000));
    }

    #[test]
    fn what_is_no_token_is_charged_by_its_own_price() {
        let usd = |text: &str| PicoUsdPerToken::from_usd(text).unwrap_or_else(|| panic!("{text}"));
        let check = |prices: &Prices, units: Units, output: u64, expected: Option<i64>| {
            let usage = Usage { output, units, ..Usage::default() };
            let cost = prices.covers(&usage).then(|| prices.cost(&usage).nano_usd());
            assert_eq!(cost, expected, "{units:?} {output}");
        };
        let of = |units| Prices { units, base: Rates { output: dollars("10"), ..Rates::default() }, ..Prices::default() };
        let images = of(UnitPrices { image: usd("0.04"), ..UnitPrices::default() });
        check(&images, Units { images: 2, ..Units::default() }, 0, Some(80_000_000));
        // The tokens are charged where they are told.
        check(&images, Units { images: 2, ..Units::default() }, 100, Some(1_000_000));
        check(&images, Units { audio_ms: 5, ..Units::default() }, 0, None);
        let sound = of(UnitPrices { audio_second: usd("0.0001"), ..UnitPrices::default() });
        check(&sound, Units { audio_ms: 1_500, ..Units::default() }, 0, Some(150_000));
        let speech = of(UnitPrices { character: usd("0.000015"), ..UnitPrices::default() });
        check(&speech, Units { characters: 3, ..Units::default() }, 0, Some(45_000));
        let rerank = Prices { units: UnitPrices { query: usd("0.002"), ..UnitPrices::default() }, ..Prices::default() };
        check(&rerank, Units { queries: 2, ..Units::default() }, 0, Some(4_000_000));
        check(&rerank, Units { requests: 1, ..Units::default() }, 0, None);
        let search = of(UnitPrices { web_search: usd("0.01"), request: usd("0.005"), ..UnitPrices::default() });
        let units = Units { web_searches: 3, requests: 1, ..Units::default() };
        check(&search, units, 1, Some(35_000_000 + 10_000));
        check(&search, Units { requests: 1, ..Units::default() }, 0, None);
        check(&Prices::free(), Units { requests: 1, ..Units::default() }, 0, Some(0));
    }

    #[test]
    fn tokens_of_images_and_sound_cost_what_they_cost() {
        let base = Rates {
            input: dollars("1"),
            output: dollars("2"),
            input_image: Some(dollars("10")),
            input_audio: Some(dollars("100")),
            output_image: Some(dollars("20")),
            output_audio: None,
            ..Rates::default()
        };
        let prices = Prices { base, ..Prices::default() };
        let units = Units { input_image: 3, input_audio: 2, output_image: 4, output_audio: 1, ..Units::default() };
        let usage = Usage { input_uncached: 6, output: 9, units, ..Usage::default() };
        assert_eq!(prices.cost(&usage), NanoUsd::new(1_000 + 30_000 + 200_000 + 80_000 + 10_000));
        // More of one kind than there are at all.
        let usage = Usage { input_uncached: 4, units: Units { output_image: 0, ..units }, ..Usage::default() };
        assert_eq!(prices.cost(&usage), NanoUsd::new(30_000 + 100_000));
    }
}
