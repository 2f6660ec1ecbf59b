//! Prices in a file of additions: dollars for a million tokens.

use super::fields::{Fields, Path, Problem};
use crate::price::{Prices, Rates, UnitPrices};
use serde_json::Value;
use wardgate_core::money::PicoUsdPerToken;

const RATES: [&str; 10] = [
    "input",
    "output",
    "cacheRead",
    "cacheWrite",
    "cacheWrite1h",
    "reasoning",
    "inputImage",
    "inputAudio",
    "outputImage",
    "outputAudio",
];

/// In dollars for one.
const UNITS: [&str; 6] = ["request", "image", "audioSecond", "character", "query", "webSearch"];

pub(super) fn read(value: &Value, path: &Path, problems: &mut Vec<Problem>) -> Option<Prices> {
    let known: Vec<&str> = RATES.into_iter().chain(UNITS).chain(["tiers"]).collect();
    let fields = Fields::of(value, path.clone(), &known, problems);
    for name in ["input", "output"] {
        if value.is_object() && fields.get(name).is_none() {
            problems.push(path.problem(format!("must have the field {name}; nothing costs 0")));
        }
    }
    let base = rates(&fields, Rates::default(), problems);
    let mut tiers: Vec<(u64, Rates)> = Vec::new();
    for (value, path) in fields.items("tiers", problems) {
        let known: Vec<&str> = RATES.into_iter().chain(["aboveInputTokens"]).collect();
        let tier = Fields::of(value, path, &known, problems);
        match tier.count("aboveInputTokens", problems) {
            Some(above) if tiers.last().is_some_and(|(before, _)| *before >= above) => {
                tier.wrong("aboveInputTokens", "must be more than that of the tier before", problems);
            }
            Some(above) => tiers.push((above, rates(&tier, base, problems))),
            None if tier.get("aboveInputTokens").is_none() => {
                problems.push(tier.path.problem("must have the field aboveInputTokens".to_owned()));
            }
            None => {}
        }
    }
    Some(Prices { base, tiers, units: units(&fields, problems) })
}

fn units(fields: &Fields<'_>, problems: &mut Vec<Problem>) -> UnitPrices {
    let mut price = |name: &str| {
        let text = "must be dollars for one, with at most twelve digits after the point: 0.002";
        price(fields, name, PicoUsdPerToken::from_usd, text, problems).unwrap_or_default()
    };
    UnitPrices {
        request: price("request"),
        image: price("image"),
        audio_second: price("audioSecond"),
        character: price("character"),
        query: price("query"),
        web_search: price("webSearch"),
    }
}

fn price(
    fields: &Fields<'_>,
    name: &str,
    read: fn(&str) -> Option<PicoUsdPerToken>,
    wrong: &str,
    problems: &mut Vec<Problem>,
) -> Option<PicoUsdPerToken> {
    let text = match fields.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let price = text.and_then(|text| read(&text));
    if price.is_none() {
        fields.wrong(name, wrong, problems);
    }
    price
}

/// What is not named is as in `base`.
fn rates(fields: &Fields<'_>, base: Rates, problems: &mut Vec<Problem>) -> Rates {
    let mut rate = |name: &str| {
        let text = "must be dollars for a million tokens, with at most six digits after the point: 2.5";
        price(fields, name, PicoUsdPerToken::from_usd_per_million, text, problems)
    };
    Rates {
        input: rate("input").unwrap_or(base.input),
        output: rate("output").unwrap_or(base.output),
        cache_read: rate("cacheRead").or(base.cache_read),
        cache_write: rate("cacheWrite").or(base.cache_write),
        cache_write_1h: rate("cacheWrite1h").or(base.cache_write_1h),
        reasoning: rate("reasoning").or(base.reasoning),
        input_image: rate("inputImage").or(base.input_image),
        input_audio: rate("inputAudio").or(base.input_audio),
        output_image: rate("outputImage").or(base.output_image),
        output_audio: rate("outputAudio").or(base.output_audio),
    }
}
