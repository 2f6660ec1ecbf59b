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
    Wishes { preferences, needs: Needs::default(), draw: 1 }
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
    check(&[OSS], &json!({"provider": {"sort": "price"}}), &expect![[""]]);
    check(&["gpt-oss-120b"], &json!({"provider": {"sort": "price"}}), &expect![[""]]);
    check(&["groq:openai/gpt-oss-120b"], &json!({"provider": {"sort": "price"}}), &expect![[""]]);
}

#[test]
fn the_clients_list_comes_first_and_the_others_follow_by_price() {
    check(&[OSS], &json!({"provider": {"order": ["Cerebras", "nobody", "Deep Infra", "together/turbo"]}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"order": ["cerebras", "groq"], "allow_fallbacks": false}}), &expect![[""]]);
    check(&[OSS, "gpt-4o"], &json!({"provider": {"sort": "price", "allow_fallbacks": false}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"order": ["nobody"], "allow_fallbacks": false}}), &expect![[""]]);
}

#[test]
fn some_are_left_out() {
    check(&[OSS], &json!({"provider": {"only": ["groq", "CEREBRAS"], "sort": "price"}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"ignore": ["groq", "open-router", "together"], "sort": "price"}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"only": []}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"zdr": true, "sort": "price"}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"data_collection": "deny", "sort": "price"}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"quantizations": ["fp8"]}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"quantizations": ["unknown"], "sort": "price"}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"max_price": {"prompt": 0.1, "completion": "0.5"}, "sort": "price"}}), &expect![[""]]);
    check(&[OSS], &json!({"provider": {"enforce_distillable_text": true}}), &expect![[""]]);
}

#[test]
fn models_stay_in_order_unless_they_are_mixed() {
    let by =
        |partition: &str| json!({"provider": {"sort": {"by": "price", "partition": partition}, "only": ["openai", "groq"]}});
    check(&["gpt-4o", OSS], &by("model"), &expect![[""]]);
    check(&["gpt-4o", OSS], &by("none"), &expect![[""]]);
    check(&["gpt-4o", OSS], &json!({"route": "sort", "provider": {"only": ["openai", "groq"]}}), &expect![[""]]);
}

#[test]
fn endings_sort_and_filter() {
    let nothing = json!({"provider": {"ignore": ["openrouter"]}});
    check(&["openai/gpt-oss-120b:floor"], &nothing, &expect![[""]]);
    check(&["openai/gpt-oss-120b:free", "ollama:llama3.2:free"], &nothing, &expect![[""]]);
    check(&["openai/gpt-oss-120b:online"], &nothing, &expect![[""]]);
    check(&["gpt-4o:thinking", "openai/gpt-oss-120b:thinking:floor"], &nothing, &expect![[""]]);
    check(&["openai/gpt-oss-120b:extended"], &nothing, &expect![[""]]);
    check(&["openrouter:openai/gpt-4o:nitro"], &json!({}), &expect![[""]]);
}

#[test]
fn a_model_must_be_able_to_do_what_is_needed() {
    let mut wishes = wishes(&json!({"provider": {"sort": "price"}}));
    wishes.needs.abilities = [Ability::Images, Ability::Tools].into_iter().collect();
    check_wishes(&setting(), &[OSS, "gpt-4o"], &wishes, &expect![[""]]);
}

#[test]
fn a_model_that_is_too_small_comes_last() {
    let mut wishes = wishes(&json!({"provider": {"sort": "price", "only": ["groq", "openai"]}}));
    wishes.needs.input_tokens = 200_000;
    check_wishes(&setting(), &[OSS, "gpt-4o", "gpt-4.1"], &wishes, &expect![[""]]);
    wishes.needs = Needs { output_tokens_max: Some(20_000), ..Needs::default() };
    check_wishes(&setting(), &["gpt-4o", "gpt-4.1"], &wishes, &expect![[""]]);
}

#[test]
fn every_parameter_must_be_known_to_be_understood() {
    let mut wishes = wishes(&json!({"provider": {"require_parameters": true, "only": ["openai"]}}));
    wishes.needs.params = ["model", "messages", "temperature", "tools"].map(str::to_owned).into();
    check_wishes(&setting(), &["gpt-4o"], &wishes, &expect![[""]]);
    wishes.needs.params.push("reasoning_effort".to_owned());
    check_wishes(&setting(), &["gpt-4o"], &wishes, &expect![[""]]);
}

#[test]
fn the_auto_router_chooses_from_a_band_of_prices() {
    let auto = |options: Value| {
        let mut plugin = options;
        plugin["id"] = json!("auto-router");
        json!({"plugins": [plugin], "provider": {"only": ["openai", "groq"]}})
    };
    check(&["auto"], &auto(json!({})), &expect![[""]]);
    check(&["OpenRouter/auto"], &auto(json!({"cost_tier": "max", "excluded_models": ["*-pro*"]})), &expect![[""]]);
    check(&["wardgate/auto"], &auto(json!({"allowed_models": ["openai/gpt-4*"], "cost_tier": "low"})), &expect![[""]]);
    check(&["auto"], &auto(json!({"allowed_models": ["nobody/*"]})), &expect![[""]]);
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
    expect![[""]].assert_eq(&shares(&setting(), &json!({"provider": {"ignore": ["openrouter"]}})));
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
    check(json!({"provider": {"only": ours, "sort": "price"}}), expect![[""]]);
    check(json!({"provider": {"only": ours, "sort": "throughput"}}), expect![[""]]);
    check(json!({"provider": {"only": ours, "sort": "latency"}}), expect![[""]]);
    check(json!({"provider": {"only": ours, "sort": "price", "preferred_min_throughput": {"p90": 500}}}), expect![[""]]);
    check(json!({"provider": {"only": ours, "sort": "price", "preferred_max_latency": 0.25}}), expect![[""]]);
    check(json!({"provider": {"only": ["deepinfra"]}}), expect![[""]]);
    check(json!({"provider": {"order": ["deepinfra", "together"]}}), expect![[""]]);
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
