//! What a client's preferences, endings and needs make of a plan.

use crate::candidate::Candidate;
use crate::credential::Credential;
use crate::health::Health;
use crate::preferences::{self, Fields, Needs, Wishes};
use crate::testing::Setting;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use wardgate_core::format::Surface;
use wardgate_core::health::{Class, Measure, Standing};
use wardgate_model::{Ability, Target};

/// A model that many have, and a model that hardly anyone has.
const OSS: &str = "openai/gpt-oss-120b";

fn wishes(body: &Value) -> Wishes {
    let text = |name: &str| body.get(name).map(Value::to_string);
    let (provider, route, plugins) = (text("provider"), text("route"), text("plugins"));
    let fields = Fields { provider: provider.as_deref(), route: route.as_deref(), plugins: plugins.as_deref() };
    let preferences = preferences::read(fields).unwrap_or_else(|problems| panic!("{problems:?}"));
    Wishes { preferences, needs: Needs::default(), draw: 1, has_session: false }
}

/// With keys for some of those who have it.
fn setting() -> Setting {
    Setting::new(&[("groq", 1), ("together", 2), ("deepinfra", 3), ("cerebras", 4), ("openai", 5), ("openrouter", 6)])
}

fn check_wishes(setting: &Setting, models: &[&str], wishes: &Wishes, expected: &Expect) {
    expected.assert_eq(&setting.told_wishing(models, wishes));
}

fn check(models: &[&str], body: &Value, expected: &Expect) {
    check_wishes(&setting(), models, &wishes(body), expected);
}

#[test]
fn a_bare_name_is_the_model_at_everyone_who_has_it() {
    check(
        &[OSS],
        &json!({"provider": {"sort": "price"}}),
        &expect![
            "deepinfra:openai/gpt-oss-120b openrouter:openai/gpt-oss-120b groq:openai/gpt-oss-120b together:openai/gpt-oss-120b cerebras:gpt-oss-120b"
        ],
    );
    check(
        &["gpt-oss-120b"],
        &json!({"provider": {"sort": "price"}}),
        &expect![
            "deepinfra:openai/gpt-oss-120b openrouter:openai/gpt-oss-120b groq:openai/gpt-oss-120b together:openai/gpt-oss-120b cerebras:gpt-oss-120b"
        ],
    );
    check(&["groq:openai/gpt-oss-120b"], &json!({"provider": {"sort": "price"}}), &expect!["groq:openai/gpt-oss-120b"]);
}

#[test]
fn the_clients_list_comes_first_and_the_others_follow_by_price() {
    check(
        &[OSS],
        &json!({"provider": {"order": ["Cerebras", "nobody", "Deep Infra", "together/turbo"]}}),
        &expect![
            "cerebras:gpt-oss-120b deepinfra:openai/gpt-oss-120b openrouter:openai/gpt-oss-120b groq:openai/gpt-oss-120b together:openai/gpt-oss-120b"
        ],
    );
    check(
        &[OSS],
        &json!({"provider": {"order": ["cerebras", "groq"], "allow_fallbacks": false}}),
        &expect!["cerebras:gpt-oss-120b groq:openai/gpt-oss-120b"],
    );
    check(
        &[OSS, "gpt-4o"],
        &json!({"provider": {"sort": "price", "allow_fallbacks": false}}),
        &expect!["deepinfra:openai/gpt-oss-120b openai:gpt-4o"],
    );
    check(
        &[OSS],
        &json!({"provider": {"order": ["nobody"], "allow_fallbacks": false}}),
        &expect!["refused (credential, fallback)"],
    );
}

#[test]
fn some_are_left_out() {
    check(
        &[OSS],
        &json!({"provider": {"only": ["groq", "CEREBRAS"], "sort": "price"}}),
        &expect!["groq:openai/gpt-oss-120b cerebras:gpt-oss-120b"],
    );
    check(
        &[OSS],
        &json!({"provider": {"ignore": ["groq", "open-router", "together"], "sort": "price"}}),
        &expect!["deepinfra:openai/gpt-oss-120b cerebras:gpt-oss-120b"],
    );
    check(&[OSS], &json!({"provider": {"only": []}}), &expect!["refused (preference)"]);
    check(
        &[OSS],
        &json!({"provider": {"zdr": true, "sort": "price"}}),
        &expect!["deepinfra:openai/gpt-oss-120b groq:openai/gpt-oss-120b"],
    );
    check(
        &[OSS],
        &json!({"provider": {"data_collection": "deny", "sort": "price"}}),
        &expect!["deepinfra:openai/gpt-oss-120b groq:openai/gpt-oss-120b"],
    );
    check(&[OSS], &json!({"provider": {"quantizations": ["fp8"]}}), &expect!["refused (preference)"]);
    check(
        &[OSS],
        &json!({"provider": {"quantizations": ["unknown"], "sort": "price"}}),
        &expect![
            "deepinfra:openai/gpt-oss-120b openrouter:openai/gpt-oss-120b groq:openai/gpt-oss-120b together:openai/gpt-oss-120b cerebras:gpt-oss-120b"
        ],
    );
    check(
        &[OSS],
        &json!({"provider": {"max_price": {"prompt": 0.1, "completion": "0.5"}, "sort": "price"}}),
        &expect!["deepinfra:openai/gpt-oss-120b openrouter:openai/gpt-oss-120b"],
    );
    check(&[OSS], &json!({"provider": {"enforce_distillable_text": true}}), &expect!["refused (preference)"]);
}

#[test]
fn models_stay_in_order_unless_they_are_mixed() {
    let by =
        |partition: &str| json!({"provider": {"sort": {"by": "price", "partition": partition}, "only": ["openai", "groq"]}});
    check(&["gpt-4o", OSS], &by("model"), &expect!["openai:gpt-4o groq:openai/gpt-oss-120b"]);
    check(&["gpt-4o", OSS], &by("none"), &expect!["groq:openai/gpt-oss-120b openai:gpt-4o"]);
    check(
        &["gpt-4o", OSS],
        &json!({"route": "sort", "provider": {"only": ["openai", "groq"]}}),
        &expect!["groq:openai/gpt-oss-120b openai:gpt-4o"],
    );
}

#[test]
fn endings_sort_and_filter() {
    let nothing = json!({"provider": {"ignore": ["openrouter"]}});
    check(
        &["openai/gpt-oss-120b:floor"],
        &nothing,
        &expect!["deepinfra:openai/gpt-oss-120b groq:openai/gpt-oss-120b together:openai/gpt-oss-120b cerebras:gpt-oss-120b"],
    );
    check(&["openai/gpt-oss-120b:free", "ollama:llama3.2:free"], &nothing, &expect!["ollama:llama3.2"]);
    check(&["openai/gpt-oss-120b:online"], &nothing, &expect!["refused (preference)"]);
    check(
        &["gpt-4o:thinking", "openai/gpt-oss-120b:thinking:floor"],
        &nothing,
        &expect!["deepinfra:openai/gpt-oss-120b groq:openai/gpt-oss-120b together:openai/gpt-oss-120b cerebras:gpt-oss-120b"],
    );
    check(
        &["openai/gpt-oss-120b:extended"],
        &nothing,
        &expect!["groq:openai/gpt-oss-120b cerebras:gpt-oss-120b deepinfra:openai/gpt-oss-120b together:openai/gpt-oss-120b"],
    );
    check(&["openrouter:openai/gpt-4o:nitro"], &json!({}), &expect!["openrouter:openai/gpt-4o:nitro"]);
}

#[test]
fn a_model_must_be_able_to_do_what_is_needed() {
    let mut wishes = wishes(&json!({"provider": {"sort": "price"}}));
    wishes.needs.abilities = [Ability::Images, Ability::Tools].into_iter().collect();
    check_wishes(&setting(), &[OSS, "gpt-4o"], &wishes, &expect!["openai:gpt-4o openrouter:openai/gpt-4o"]);
}

#[test]
fn a_model_that_is_too_small_comes_last() {
    let mut wishes = wishes(&json!({"provider": {"sort": "price", "only": ["groq", "openai"]}}));
    wishes.needs.input_tokens = 200_000;
    check_wishes(
        &setting(),
        &[OSS, "gpt-4o", "gpt-4.1"],
        &wishes,
        &expect!["openai:gpt-4.1 groq:openai/gpt-oss-120b openai:gpt-4o"],
    );
    wishes.needs = Needs { output_tokens_max: Some(20_000), ..Needs::default() };
    check_wishes(&setting(), &["gpt-4o", "gpt-4.1"], &wishes, &expect!["openai:gpt-4.1 openai:gpt-4o"]);
}

#[test]
fn every_parameter_must_be_known_to_be_understood() {
    let mut wishes = wishes(&json!({"provider": {"require_parameters": true, "only": ["openai"]}}));
    wishes.needs.params = ["model", "messages", "temperature", "tools"].map(str::to_owned).into();
    check_wishes(&setting(), &["gpt-4o"], &wishes, &expect!["openai:gpt-4o"]);
    wishes.needs.params.push("reasoning_effort".to_owned());
    check_wishes(&setting(), &["gpt-4o"], &wishes, &expect!["refused (preference)"]);
}

#[test]
fn the_auto_router_chooses_from_a_band_of_prices() {
    let auto = |options: Value| {
        let mut plugin = options;
        plugin["id"] = json!("auto-router");
        json!({"plugins": [plugin], "provider": {"only": ["openai", "groq"]}})
    };
    let chosen = |options: Value, name: &str| -> Vec<String> {
        let plan = setting().wishing(&[name], &wishes(&auto(options))).unwrap_or_default();
        let told = |candidate: &Candidate| candidate.target.known.as_ref().map(|known| known.slug.clone()).unwrap_or_default();
        assert!(plan.candidates.iter().all(|candidate| candidate.virtual_model.as_deref() == Some(name)));
        assert!(plan.candidates.iter().all(|of| ["openai", "groq"].contains(&of.target.provider.name.as_str())));
        plan.candidates.iter().map(told).collect()
    };
    let (low, max) = (chosen(json!({}), "auto"), chosen(json!({"cost_tier": "max"}), "OpenRouter/auto"));
    assert!(!low.is_empty() && !max.is_empty() && low.iter().all(|model| !max.contains(model)), "{low:?} {max:?}");
    assert_eq!(low, chosen(json!({"cost_tier": "low"}), "wardgate/auto"));
    let without = chosen(json!({"cost_tier": "max", "excluded_models": [max[0]]}), "auto");
    assert!(!without.is_empty() && !without.contains(&max[0]), "{without:?}");
    let narrow = chosen(json!({"allowed_models": ["openai/gpt-4*"]}), "auto");
    assert!(!narrow.is_empty() && narrow.iter().all(|model| model.starts_with("openai/gpt-4")), "{narrow:?}");
    check(&["auto"], &auto(json!({"allowed_models": ["nobody/*"]})), &expect!["refused (ability)"]);
}

#[test]
fn the_free_router_draws_among_what_costs_nothing() {
    let setting = setting();
    let mut wishes = wishes(&json!({}));
    assert_eq!(setting.told_wishing(&["wardgate/free"], &wishes), "refused (price)");
    let house = json!({
        "providers": [{"id": "house", "baseUrl": "http://llm.internal"}],
        "models": [
            {"provider": "house", "id": "one", "slug": "own/one"},
            {"provider": "house", "id": "two", "slug": "own/two", "cannot": ["tools"]},
            {"provider": "house", "id": "dear", "pricing": {"input": 1, "output": 1}},
            {"provider": "house", "id": "openai/gpt-oss-120b", "slug": "openai/gpt-oss-120b"},
        ],
    });
    let setting = setting.additions(&house);
    let mut first = std::collections::BTreeSet::new();
    for draw in 0..50 {
        wishes.draw = draw;
        let told = setting.told_wishing(&["OpenRouter/free"], &wishes);
        assert!(!told.contains("dear") && !told.contains("groq") && told.contains("house:two"), "{told}");
        first.insert(told.split_whitespace().next().unwrap_or_default().to_owned());
    }
    assert_eq!(first.len(), 3, "{first:?}");
    wishes.needs.abilities.insert(Ability::Tools);
    assert!(!setting.told_wishing(&["openrouter/free"], &wishes).contains("house:two"));
}

/// The share of draws in which each provider comes first.
fn shares(setting: &Setting, body: &Value) -> String {
    let mut wishes = wishes(body);
    let mut first: HashMap<String, u32> = HashMap::new();
    for draw in 0..4_000 {
        wishes.draw = draw;
        let told = setting.told_wishing(&[OSS], &wishes);
        *first.entry(told.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let mut shares: Vec<_> =
        first.into_iter().map(|(name, count)| format!("{name} {:.0} %\n", f64::from(count) / 40.0)).collect();
    shares.sort();
    shares.concat()
}

#[test]
fn the_cheap_are_drawn_by_the_inverse_square_of_their_price() {
    expect![[r#"
        cerebras 2 %
        deepinfra 86 %
        groq 6 %
        together 5 %
    "#]]
    .assert_eq(&shares(&setting(), &json!({"provider": {"ignore": ["openrouter"]}})));
}

#[test]
fn one_draw_always_falls_the_same_way() {
    let (setting, wishes) = (setting(), wishes(&json!({})));
    let told = setting.told_wishing(&[OSS], &wishes);
    assert_eq!(told, setting.told_wishing(&[OSS], &wishes));
    // When somebody else goes away, it stays.
    let first = told.split(':').next().unwrap_or_default();
    let other = ["groq", "cerebras"].into_iter().find(|name| *name != first).unwrap_or_default();
    let without = super::preferences::wishes(&json!({"provider": {"ignore": [other]}}));
    assert!(setting.told_wishing(&[OSS], &without).starts_with(&format!("{first}:")), "{told}");
}

/// Standings by provider.
struct Known(Vec<(&'static str, Standing)>);

impl Health for Known {
    fn standing(&self, target: &Target, _: Credential) -> Standing {
        let found = self.0.iter().find(|(name, _)| *name == target.provider.name.as_str());
        found.map_or_else(Standing::default, |(_, standing)| *standing)
    }
}

fn measured(class: Class, speed: f64, first_token: f64) -> Standing {
    let measure = |mean: f64| Some(Measure { mean, deviation: mean / 10.0 });
    let out_for = (class == Class::Out).then_some(Duration::from_secs(9));
    Standing {
        class,
        out_for,
        failure_share: 0.0,
        first_token_seconds: measure(first_token),
        tokens_per_second: measure(speed),
    }
}

fn known() -> Known {
    Known(vec![
        ("groq", measured(Class::Well, 400.0, 0.2)),
        ("together", measured(Class::Ill, 90.0, 0.5)),
        ("deepinfra", measured(Class::Out, 50.0, 0.9)),
        ("cerebras", measured(Class::Well, 2_000.0, 0.3)),
    ])
}

#[test]
fn health_orders_and_leaves_nobody_out() {
    let setting = setting();
    let check = |body: Value, expected: Expect| {
        let wishes = wishes(&body);
        let plan = setting.planned_with(&[OSS], Some(&wishes), Some(&known()));
        let told = |candidate: &Candidate| format!("{} ", candidate.target.provider.name);
        expected.assert_eq(&plan.candidates.iter().map(told).collect::<String>());
    };
    let ours = json!(["groq", "together", "deepinfra", "cerebras"]);
    check(json!({"provider": {"only": ours, "sort": "price"}}), expect!["groq cerebras together deepinfra "]);
    check(json!({"provider": {"only": ours, "sort": "throughput"}}), expect!["cerebras groq together deepinfra "]);
    check(json!({"provider": {"only": ours, "sort": "latency"}}), expect!["groq cerebras together deepinfra "]);
    check(
        json!({"provider": {"only": ours, "sort": "price", "preferred_min_throughput": {"p90": 500}}}),
        expect!["cerebras groq together deepinfra "],
    );
    check(
        json!({"provider": {"only": ours, "sort": "price", "preferred_max_latency": 0.25}}),
        expect!["groq cerebras together deepinfra "],
    );
    check(json!({"provider": {"only": ["deepinfra"]}}), expect!["deepinfra "]);
    check(json!({"provider": {"order": ["deepinfra", "together"]}}), expect!["together openrouter groq cerebras deepinfra "]);
}

#[test]
fn without_preferences_only_who_is_out_is_moved() {
    let setting = Setting::new(&[("deepinfra", 3), ("together", 2), ("groq", 1)]);
    let models = ["deepinfra:a", "together:b", "groq:c"];
    let plan = setting.planned_with(&models, None, Some(&known()));
    let told: Vec<&str> = plan.candidates.iter().map(|candidate| candidate.target.provider.name.as_str()).collect();
    assert_eq!(told, ["together", "groq", "deepinfra"]);
    assert!(setting.plan(&models, Surface::ChatCompletions).is_ok());
}
