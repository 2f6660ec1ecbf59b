//! Reading preferences. What is not understood is refused with its place: a misspelled `ignore` that is passed over would send a
//! request where it must not go.

use super::{AutoOptions, ENTRIES_MAX, MaxPrice, Named, Percentiles, Preferences, Sort};
use crate::configuration::json::{self, Fields as Object, Place, Problems};
use crate::configuration::{Problem, ProblemKind};
use serde_json::Value;
use wardgate_core::money::PicoUsdPerToken;

/// The fields of a body that hold preferences, as they stand there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'b> {
    /// `provider`.
    pub provider: Option<&'b str>,
    /// `route`.
    pub route: Option<&'b str>,
    /// `plugins`.
    pub plugins: Option<&'b str>,
}

/// The number formats that there are.
const QUANTIZATIONS: [&str; 12] =
    ["int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"];

/// The most patterns of models, and the most characters of one.
const PATTERNS_MAX: usize = 1_024;

/// Reads preferences.
///
/// # Errors
/// With every problem and its place: `provider.order[1]`.
pub fn read(fields: Fields<'_>) -> Result<Preferences, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut preferences = Preferences::default();
    if let Some(value) = value("provider", fields.provider, &mut problems) {
        let place = Place::root("provider");
        if let Some(object) = Object::of(value, place, &mut problems) {
            provider(object, place, &mut preferences, &mut problems);
        }
    }
    match value("route", fields.route, &mut problems) {
        None => {}
        Some(Value::String(route)) if route == "fallback" => {}
        Some(Value::String(route)) if route == "sort" => preferences.mixes_models = true,
        Some(_) => problems.add(Place::root("route"), ProblemKind::Malformed, "must be \"fallback\" or \"sort\""),
    }
    if let Some(value) = value("plugins", fields.plugins, &mut problems) {
        plugins(value, &mut preferences.auto, &mut problems);
    }
    if problems.0.is_empty() { Ok(preferences) } else { Err(problems.0) }
}

/// A field; `null` is as if it were not there.
fn value(name: &str, text: Option<&str>, problems: &mut Problems) -> Option<Value> {
    match serde_json::from_str(text?) {
        Ok(Value::Null) => None,
        Ok(value) => Some(value),
        // The whole body was read before, so this is a number that no machine holds, or nesting that none follows.
        Err(_) => {
            problems.add(Place::root(name), ProblemKind::Malformed, "cannot be read");
            None
        }
    }
}

fn provider(mut object: Object, place: Place<'_>, to: &mut Preferences, problems: &mut Problems) {
    let known = "order, only, ignore, allow_fallbacks, require_parameters, data_collection, zdr, enforce_distillable_text, \
                 quantizations, sort, max_price, preferred_min_throughput, preferred_max_latency, options";
    to.order = names(&mut object, "order", place, problems).unwrap_or_default();
    to.only = names(&mut object, "only", place, problems);
    to.ignore = names(&mut object, "ignore", place, problems).unwrap_or_default();
    to.forbids_fallbacks = flag(&mut object, "allow_fallbacks", place, problems) == Some(false);
    to.requires_parameters = flag(&mut object, "require_parameters", place, problems) == Some(true);
    to.wants_zero_retention = flag(&mut object, "zdr", place, problems) == Some(true);
    to.wants_distillable = flag(&mut object, "enforce_distillable_text", place, problems) == Some(true);
    match object.text("data_collection", place, problems).as_deref() {
        None | Some("allow") => {}
        Some("deny") => to.denies_collection = true,
        Some(_) => {
            problems.add(place.field("data_collection"), ProblemKind::Malformed, "must be \"allow\" or \"deny\"");
        }
    }
    to.quantizations = texts(&mut object, "quantizations", place, problems);
    for (index, text) in to.quantizations.iter().flatten().enumerate() {
        if !QUANTIZATIONS.contains(&text.as_str()) {
            let text = format!("{:?} is none; known: {}", json::clip(text), QUANTIZATIONS.join(", "));
            problems.add(place.field("quantizations").index(index), ProblemKind::Malformed, text);
        }
    }
    if let Some(value) = object.take_some("sort") {
        sort(value, place.field("sort"), to, problems);
    }
    if let Some(value) = object.take_some("max_price") {
        to.max_price = max_price(value, place.field("max_price"), problems).unwrap_or_default();
    }
    for (name, bounds) in [("preferred_min_throughput", &mut to.throughput_min), ("preferred_max_latency", &mut to.latency_max)]
    {
        if let Some(value) = object.take_some(name) {
            *bounds = percentiles(value, place.field(name), problems).unwrap_or_default();
        }
    }
    // Parameters for one provider of images or speech, which this surface does not have.
    if let Some(value) = object.take_some("options") {
        Object::of(value, place.field("options"), problems);
    }
    object.finish(Some(place), known, problems);
}

fn flag(object: &mut Object, name: &str, place: Place<'_>, problems: &mut Problems) -> Option<bool> {
    match object.take_some(name)? {
        Value::Bool(flag) => Some(flag),
        _ => {
            problems.add(place.field(name), ProblemKind::Malformed, "must be true or false");
            None
        }
    }
}

fn texts(object: &mut Object, name: &str, place: Place<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let value = object.take_some(name)?;
    texts_of(value, place.field(name), ENTRIES_MAX, problems)
}

fn texts_of(value: Value, place: Place<'_>, entries_max: usize, problems: &mut Problems) -> Option<Vec<String>> {
    let Value::Array(entries) = value else {
        problems.add(place, ProblemKind::Malformed, "must be a list of texts");
        return None;
    };
    if entries.len() > entries_max {
        let text = format!("has {} entries, and may have at most {entries_max}", entries.len());
        problems.add(place, ProblemKind::TooMany, text);
        return None;
    }
    let read = |(index, entry)| json::text(entry, place.index(index), problems);
    Some(entries.into_iter().enumerate().filter_map(read).collect())
}

fn names(object: &mut Object, name: &str, place: Place<'_>, problems: &mut Problems) -> Option<Vec<Named>> {
    Some(texts(object, name, place, problems)?.iter().map(|text| Named::new(text)).collect())
}

fn sort(value: Value, place: Place<'_>, to: &mut Preferences, problems: &mut Problems) {
    match value {
        Value::String(by) => to.sort = sort_by(&by, place, problems),
        Value::Object(map) => {
            let mut object = Object::new(map);
            to.sort = object.text("by", place, problems).and_then(|by| sort_by(&by, place.field("by"), problems));
            match object.text("partition", place, problems).as_deref() {
                None | Some("model") => {}
                Some("none") => to.mixes_models = true,
                Some(_) => {
                    problems.add(place.field("partition"), ProblemKind::Malformed, "must be \"model\" or \"none\"");
                }
            }
            object.finish(Some(place), "by, partition", problems);
        }
        _ => problems.add(place, ProblemKind::Malformed, "must be text, or an object with \"by\" and \"partition\""),
    }
}

fn sort_by(by: &str, place: Place<'_>, problems: &mut Problems) -> Option<Sort> {
    match by {
        "price" => Some(Sort::Price),
        "throughput" => Some(Sort::Throughput),
        "latency" => Some(Sort::Latency),
        "exacto" => Some(Sort::Exacto),
        _ => {
            problems.add(place, ProblemKind::Malformed, "must be \"price\", \"throughput\", \"latency\" or \"exacto\"");
            None
        }
    }
}

/// A number that may be written as text, and is not negative.
fn number(value: &Value, place: Place<'_>, problems: &mut Problems) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let number = number.filter(|number: &f64| number.is_finite() && *number >= 0.0);
    if number.is_none() {
        problems.add(place, ProblemKind::Malformed, "must be a number that is not negative");
    }
    number
}

fn max_price(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<MaxPrice> {
    let mut object = Object::of(value, place, problems)?;
    let mut price = |name: &str| {
        let dollars = number(&object.take_some(name)?, place.field(name), problems)?;
        Some(PicoUsdPerToken::new((dollars * 1_000_000.0).round() as u64))
    };
    let read = MaxPrice { prompt: price("prompt"), completion: price("completion") };
    // Nothing here has a price for a request, an image or a sound, so no cap on it leaves anything out.
    for name in ["request", "image", "audio"] {
        price(name);
    }
    object.finish(Some(place), "prompt, completion, request, image, audio", problems);
    Some(read)
}

fn percentiles(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Percentiles> {
    match value {
        Value::Object(map) => {
            let mut object = Object::new(map);
            let bounds = ["p50", "p75", "p90", "p99"]
                .map(|name| object.take_some(name).and_then(|value| number(&value, place.field(name), problems)));
            object.finish(Some(place), "p50, p75, p90, p99", problems);
            Some(Percentiles(bounds))
        }
        value => Some(Percentiles([number(&value, place, problems), None, None, None])),
    }
}

fn plugins(value: Value, to: &mut AutoOptions, problems: &mut Problems) {
    let place = Place::root("plugins");
    let Value::Array(plugins) = value else {
        problems.add(place, ProblemKind::Malformed, "must be a list");
        return;
    };
    if plugins.len() > ENTRIES_MAX {
        problems.add(place, ProblemKind::TooMany, format!("may have at most {ENTRIES_MAX} entries"));
        return;
    }
    for (index, plugin) in plugins.into_iter().enumerate() {
        let place = place.index(index);
        let Some(mut object) = Object::of(plugin, place, problems) else { continue };
        let is_on = flag(&mut object, "enabled", place, problems) != Some(false);
        match object.text("id", place, problems).as_deref() {
            Some("auto-router") => auto(object, place, to, problems),
            Some(id) if is_on => {
                let text = format!("{:?} is no plugin of this gateway; known: auto-router", json::clip(id));
                problems.add(place.field("id"), ProblemKind::Malformed, text);
            }
            Some(_) => {}
            None => problems.add(place.field("id"), ProblemKind::Missing, "is missing"),
        }
    }
}

fn auto(mut object: Object, place: Place<'_>, to: &mut AutoOptions, problems: &mut Problems) {
    let mut patterns = |name: &str, problems: &mut Problems| {
        let value = object.take_some(name)?;
        texts_of(value, place.field(name), PATTERNS_MAX, problems)
    };
    to.allowed = patterns("allowed_models", problems).unwrap_or_default();
    to.excluded = patterns("excluded_models", problems).unwrap_or_default();
    let tier = object.text("cost_tier", place, problems);
    to.band = match tier.as_deref() {
        None => None,
        Some("low") => Some((0, 20)),
        Some("medium") => Some((20, 40)),
        Some("high") => Some((40, 60)),
        Some("xhigh") => Some((60, 80)),
        Some("max") => Some((80, 100)),
        Some(_) => {
            let text = "must be \"low\", \"medium\", \"high\", \"xhigh\" or \"max\"";
            problems.add(place.field("cost_tier"), ProblemKind::Malformed, text);
            None
        }
    };
    if let Some(value) = object.take_some("cost_quality_tradeoff") {
        match value.as_u64() {
            // Ten is the cheapest tenth, nought all but the dearest.
            Some(cheapness @ 0..=10) => {
                let to_percent = u8::try_from(90 - 8 * cheapness).unwrap_or(90);
                to.band = to.band.or(Some((0, to_percent)));
            }
            _ => problems.add(place.field("cost_quality_tradeoff"), ProblemKind::Malformed, "must be a number from 0 to 10"),
        }
    }
    // Which model answered before is not looked up.
    flag(&mut object, "pin_model", place, problems);
    object.finish(Some(place), "id, enabled, allowed_models, excluded_models, cost_tier, cost_quality_tradeoff", problems);
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check_wrong(body: &str, expected: &Expect) {
        let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}"));
        let text = |name: &str| body.get(name).map(Value::to_string);
        let (provider, route, plugins) = (text("provider"), text("route"), text("plugins"));
        let fields = Fields { provider: provider.as_deref(), route: route.as_deref(), plugins: plugins.as_deref() };
        let told = match read(fields) {
            Ok(preferences) => format!("fine: {preferences:?}"),
            Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn every_field_is_read() {
        let provider = r#"{"order":["Groq"],"only":["together"],"ignore":["novita"],"allow_fallbacks":false,
            "require_parameters":true,"data_collection":"deny","zdr":true,"enforce_distillable_text":false,
            "quantizations":["fp8"],"sort":{"by":"price","partition":"none"},
            "max_price":{"prompt":"1.5","completion":2,"request":0},"preferred_min_throughput":50,
            "preferred_max_latency":{"p50":1,"p90":3.5},"options":{}}"#;
        let plugins =
            r#"[{"id":"auto-router","allowed_models":["anthropic/*"],"cost_tier":"high"},{"id":"web","enabled":false}]"#;
        let read = read(Fields { provider: Some(provider), route: Some("\"fallback\""), plugins: Some(plugins) });
        let expected = Preferences {
            order: vec![Named::new("groq")],
            only: Some(vec![Named::new("together")]),
            ignore: vec![Named::new("novita")],
            forbids_fallbacks: true,
            requires_parameters: true,
            denies_collection: true,
            wants_zero_retention: true,
            wants_distillable: false,
            quantizations: Some(vec!["fp8".to_owned()]),
            sort: Some(Sort::Price),
            mixes_models: true,
            max_price: MaxPrice {
                prompt: Some(PicoUsdPerToken::new(1_500_000)),
                completion: Some(PicoUsdPerToken::new(2_000_000)),
            },
            throughput_min: Percentiles([Some(50.0), None, None, None]),
            latency_max: Percentiles([Some(1.0), None, Some(3.5), None]),
            auto: AutoOptions { allowed: vec!["anthropic/*".to_owned()], excluded: Vec::new(), band: Some((40, 60)) },
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        check_wrong(
            r#"{"provider":"groq"}"#,
            &expect![[r#"
            provider must be an object, and is text
        "#]],
        );
        check_wrong(
            r#"{"provider":{"orders":[],"order":"groq","only":["a",5],"ignore":[""]}}"#,
            &expect![[r#"
            provider.order must be a list of texts
            provider.only[1] must be text, and is a number
            provider.ignore[0] must not be empty
            provider.orders is not known here; known: order, only, ignore, allow_fallbacks, require_parameters, data_collection, zdr, enforce_distillable_text, quantizations, sort, max_price, preferred_min_throughput, preferred_max_latency, options
        "#]],
        );
        check_wrong(
            r#"{"provider":{"allow_fallbacks":"no","data_collection":"maybe","quantizations":["fp7"],"sort":"speed"}}"#,
            &expect![[r#"
                provider.allow_fallbacks must be true or false
                provider.data_collection must be "allow" or "deny"
                provider.quantizations[0] "fp7" is none; known: int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, bf16, fp32, unknown
                provider.sort must be "price", "throughput", "latency" or "exacto"
            "#]],
        );
        check_wrong(
            r#"{"provider":{"sort":{"by":"price","partition":"all","x":1},"max_price":{"prompt":-1,"token":1}}}"#,
            &expect![[r#"
                provider.sort.partition must be "model" or "none"
                provider.sort.x is not known here; known: by, partition
                provider.max_price.prompt must be a number that is not negative
                provider.max_price.token is not known here; known: prompt, completion, request, image, audio
            "#]],
        );
        check_wrong(
            r#"{"provider":{"preferred_max_latency":{"p95":1},"preferred_min_throughput":"fast"}}"#,
            &expect![[r#"
            provider.preferred_min_throughput must be a number that is not negative
            provider.preferred_max_latency.p95 is not known here; known: p50, p75, p90, p99
        "#]],
        );
        check_wrong(
            r#"{"route":"price","plugins":[{"id":"web"},{},{"id":"auto-router","cost_tier":"dear"}]}"#,
            &expect![[r#"
            route must be "fallback" or "sort"
            plugins[0].id "web" is no plugin of this gateway; known: auto-router
            plugins[1].id is missing
            plugins[2].cost_tier must be "low", "medium", "high", "xhigh" or "max"
        "#]],
        );
        check_wrong(
            r#"{"provider":null,"route":null,"plugins":[{"id":"web","enabled":false}]}"#,
            &expect![
                "fine: Preferences { order: [], only: None, ignore: [], forbids_fallbacks: false, requires_parameters: false, denies_collection: false, wants_zero_retention: false, wants_distillable: false, quantizations: None, sort: None, mixes_models: false, max_price: MaxPrice { prompt: None, completion: None }, throughput_min: Percentiles([None, None, None, None]), latency_max: Percentiles([None, None, None, None]), auto: AutoOptions { allowed: [], excluded: [], band: None } }"
            ],
        );
    }

    proptest! {
        #[test]
        fn no_preferences_panic_the_reader(text in ".{0,60}", json in r#"\{"(order|sort|max_price|zdr)":[\[\]\{\}0-9a-z",:-]{0,20}\}"#) {
            let _ = read(Fields { provider: Some(&text), route: Some(&json), plugins: Some(&text) });
            let _ = read(Fields { provider: Some(&json), ..Fields::default() });
        }
    }
}
