use super::*;
use crate::credential::Credential;
use crate::policy::Policy;
use crate::testing::Setting;
use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use wardgate_core::format::Surface;
use wardgate_core::health::{Class, Measure, Standing};
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_model::Target;

fn setting(configuration: &Json) -> Setting {
    let keys = [("openai", 1), ("openai", 2), ("anthropic", 3), ("mistral", 4), ("groq", 5)];
    let mut setting = Setting::new(&keys);
    let names = [(1, "main"), (2, "spare")].map(|(id, name)| (wardgate_core::id::ProviderKeyId::from_bytes([id; 16]), name));
    setting.credentials = std::mem::take(&mut setting.credentials).with_names(names);
    setting.configuration(configuration)
}

fn request(models: &[String], random: u64) -> RequestFacts<'_> {
    RequestFacts {
        surface: Surface::ChatCompletions,
        models,
        is_stream: false,
        output_tokens_max: Some(500),
        input_tokens: 1_000,
        // A Sunday, a quarter to midnight in UTC.
        now: Timestamp::parse("2026-11-22T23:45:00Z").unwrap(),
        random,
    }
}

fn caller(tags: &[String]) -> CallerFacts<'_> {
    CallerFacts {
        key_id: AccessKeyId::from_bytes([7; 16]),
        key_name: "ci",
        key_metadata: r#"{"plan": {"name": "gold"}}"#,
        tags,
        team_id: TeamId::from_bytes([8; 16]),
        team_name: "research",
        account_id: AccountId::from_bytes([9; 16]),
        account_name: "acme",
    }
}

fn told(configuration: &Json, models: &[&str]) -> String {
    let setting = setting(configuration);
    let asked: Vec<String> = models.iter().map(|model| (*model).to_owned()).collect();
    let plan = setting.plan(models, Surface::ChatCompletions).unwrap_or_else(|dropped| panic!("{dropped:?}"));
    let (request, tags) = (request(&asked, 3), ["batch".to_owned()]);
    let situation = Situation { request: &request, caller: &caller(&tags), credentials: &setting.credentials, health: None };
    let Some(strategies) = setting.policy.strategies() else { return "no strategies".to_owned() };
    match apply(strategies, plan, situation) {
        Ok(plan) => {
            let line = |candidate: &Candidate| {
                let key = candidate.credential.user().map_or(0, |key| key.as_bytes()[0]);
                format!("{}:{} key {key}\n", candidate.target.provider.name, candidate.target.model)
            };
            plan.candidates.iter().map(line).collect::<String>()
                + &plan.dropped.iter().map(|dropped| format!("  not {}: {}\n", dropped.model, dropped.why)).collect::<String>()
        }
        Err(dropped) => match &dropped[0].why {
            Why::NotAdmitted { message } => format!("not admitted: {message:?}\n"),
            Why::StrategyFailed(failed) => format!("failed: {failed}\n"),
            why => format!("nothing left: {why}\n"),
        },
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn check(configuration: Json, models: &[&str], expected: &Expect) {
    expected.assert_eq(&told(&configuration, models));
}

fn select(strategy: &[&str]) -> Json {
    json!({"model_selection": {"strategy": strategy}})
}

#[test]
fn a_policy_without_strategies_has_none() {
    assert!(Policy::default().strategies().is_none());
    assert_eq!(told(&json!({"access": {}}), &["gpt-4o"]), "no strategies");
}

#[test]
fn models_are_filtered_in_the_clients_order_or_in_that_of_the_strategy() {
    let models = ["gpt-4o", "mistral-large-2512", "gpt-4o-mini"];
    check(
        select(&["ai.models.onlyProviders(['openai'])"]),
        &models,
        &expect![[r#"
            openai:gpt-4o key 1
            openai:gpt-4o key 2
            openai:gpt-4o-mini key 1
            openai:gpt-4o-mini key 2
              not mistral:mistral-large-2512: the strategies of this access key's configuration did not select mistral:mistral-large-2512
        "#]],
    );
    check(
        select(&["ai.models.sortBy('price')"]),
        &models,
        &expect![[r#"
            openai:gpt-4o-mini key 1
            openai:gpt-4o-mini key 2
            mistral:mistral-large-2512 key 4
            openai:gpt-4o key 1
            openai:gpt-4o key 2
        "#]],
    );
    check(
        select(&["ai.models[1]"]),
        &["gpt-4o", "gpt-4o-mini"],
        &expect![[r#"
        openai:gpt-4o-mini key 1
        openai:gpt-4o-mini key 2
          not openai:gpt-4o: the strategies of this access key's configuration did not select openai:gpt-4o
    "#]],
    );
}

#[test]
fn the_first_strategy_that_gives_something_decides() {
    let models = ["gpt-4o", "gpt-4o-mini"];
    check(
        select(&["ai.models.onlyProviders(['groq'])", "ai.models[7]", "ai.models[1]"]),
        &models,
        &expect![[r#"
        openai:gpt-4o-mini key 1
        openai:gpt-4o-mini key 2
          not openai:gpt-4o: the strategies of this access key's configuration did not select openai:gpt-4o
    "#]],
    );
    check(
        select(&["ai.models.onlyProviders(['groq'])"]),
        &models,
        &expect![[r#"
        nothing left: the strategies of this access key's configuration did not select openai:gpt-4o
    "#]],
    );
    check(
        select(&["ai.models.onlyProviders(['groq'])", "ai.models[7]"]),
        &models,
        &expect![[r#"
        failed: model_selection.strategy[1] of the configuration cannot be worked out for this request: a list has no such item
    "#]],
    );
    check(
        json!({"model_selection": {"strategy": ["ai.models[7]"], "on_error": "continue"}}),
        &models,
        &expect![[r#"
        openai:gpt-4o key 1
        openai:gpt-4o key 2
        openai:gpt-4o-mini key 1
        openai:gpt-4o-mini key 2
    "#]],
    );
}

#[test]
fn fallback_models_come_behind_those_asked_for() {
    check(
        json!({"model_selection": {"fallback_models": ["ollama:llama3.2"]}}),
        &["gpt-4o-mini"],
        &expect![[r#"
            openai:gpt-4o-mini key 1
            openai:gpt-4o-mini key 2
            ollama:llama3.2 key 0
        "#]],
    );
    check(
        json!({"model_selection": {"fallback_models": ["ollama:llama3.2"], "strategy": ["ai.models.filter(m, m.fallback)"]}}),
        &["gpt-4o-mini"],
        &expect![[r#"
            ollama:llama3.2 key 0
              not openai:gpt-4o-mini: the strategies of this access key's configuration did not select openai:gpt-4o-mini
        "#]],
    );
}

#[test]
fn keys_are_selected_for_each_model() {
    check(
        json!({"key_selection": {"strategy": ["ai.keys.filter(k, k.name == 'spare')", "ai.keys"]}}),
        &["gpt-4o", "mistral-large-2512"],
        &expect![[r#"
            openai:gpt-4o key 2
            mistral:mistral-large-2512 key 4
        "#]],
    );
    check(
        json!({"key_selection": {"strategy": ["model.provider_id == 'openai' ? ai.keys.reverse() : []"]}}),
        &["gpt-4o", "mistral-large-2512"],
        &expect![[r#"
            openai:gpt-4o key 2
            openai:gpt-4o key 1
              not mistral:mistral-large-2512: the strategies of this access key's configuration selected no key of mistral
        "#]],
    );
}

#[test]
fn a_request_is_admitted_when_everything_is_true() {
    let admit = |expression: &str| json!({"admit": [{"expression": expression, "message": "no"}]});
    let models = ["gpt-4o"];
    for expression in [
        "'batch' in tags && team.name == 'research' && key.getMetadata('plan.name') == 'gold'",
        "time.weekday == 'sunday' && time.zone('Europe/Berlin').weekday == 'monday'",
        "ai.models.all(m, m.estimated_cost < 0.01) && request.estimated_tokens == 1500",
        "key.getMetadata('team', 'none') == 'none' && random < 0.01",
    ] {
        assert!(told(&admit(expression), &models).starts_with("openai"), "{expression}");
    }
    check(
        admit("account.name != 'acme'"),
        &models,
        &expect![[r#"
        not admitted: Some("no")
    "#]],
    );
    check(
        admit("key.getMetadata('team') == 'x'"),
        &models,
        &expect![[r#"
        failed: admit[0].expression of the configuration cannot be worked out for this request: metadata is not known; ask has() first
    "#]],
    );
}

#[test]
fn changes_are_those_of_the_model_that_is_called() {
    let setting = setting(&json!({"transform": [
        {"when": "model.provider_id == 'openai'", "default": {"temperature": 0.2}, "cap": {"n": 1}, "max_output_tokens": 200},
        {"set": {"n": 2}, "remove": ["logprobs"], "max_output_tokens": 300},
        {"when": "has(model.max_context_window) && model.max_context_window > 1e9", "set": {"never": true}},
    ]}));
    let plan = setting.plan(&["gpt-4o", "mistral-large-2512"], Surface::ChatCompletions).unwrap();
    let models = ["gpt-4o".to_owned()];
    let (request, tags) = (request(&models, 0), []);
    let situation = Situation { request: &request, caller: &caller(&tags), credentials: &setting.credentials, health: None };
    let told = |at: usize| {
        let strategies = setting.policy.strategies().unwrap();
        let changes = changes(strategies, &plan.candidates[at], situation).unwrap();
        format!("{:?} {:?}", changes.parameters, changes.max_output_tokens)
    };
    expect![[r#"{"logprobs": Remove, "n": Set(Number(2)), "temperature": Default(Number(0.2))} Some(200)"#]]
        .assert_eq(&told(0));
    expect![[r#"{"logprobs": Remove, "n": Set(Number(2))} Some(300)"#]].assert_eq(&told(2));
}

/// One key of one provider is out of order.
struct OneOut(&'static str, u8);

impl Health for OneOut {
    fn standing(&self, target: &Target, credential: Credential) -> Standing {
        let key = credential.user().map_or(0, |key| key.as_bytes()[0]);
        let is_out = target.provider.name.as_str() == self.0 && key == self.1;
        Standing { class: if is_out { Class::Out } else { Class::Well }, ..Standing::default() }
    }
}

#[test]
fn whoever_is_out_of_order_is_tried_last_and_is_still_one_model_with_its_other_keys() {
    let check = |strategy: &str, out: OneOut, expected: &[(&str, u8)]| {
        let setting = setting(&select(&[strategy]));
        let models = ["gpt-4o", "mistral-large-2512"];
        let plan = setting.planned_with(&models, None, Some(&out));
        let asked = models.map(str::to_owned);
        let request = request(&asked, 0);
        let situation =
            Situation { request: &request, caller: &caller(&[]), credentials: &setting.credentials, health: Some(&out) };
        let plan = apply(setting.policy.strategies().unwrap(), plan, situation).unwrap();
        let told = plan
            .candidates
            .iter()
            .map(|candidate| (candidate.target.provider.name.as_str(), candidate.credential.user().unwrap().as_bytes()[0]));
        assert_eq!(told.collect::<Vec<_>>(), expected, "{strategy}");
    };
    check("ai.models", OneOut("openai", 1), &[("openai", 2), ("mistral", 4), ("openai", 1)]);
    check("ai.models.reverse()", OneOut("openai", 1), &[("mistral", 4), ("openai", 2), ("openai", 1)]);
    check("ai.models.reverse()", OneOut("mistral", 4), &[("openai", 1), ("openai", 2), ("mistral", 4)]);
    check("ai.models[0]", OneOut("openai", 1), &[("openai", 2), ("openai", 1)]);
}

/// The farther behind, the slower and the more often wrong; of the first one nothing is known.
struct Slow;

impl Health for Slow {
    fn standing(&self, target: &Target, credential: Credential) -> Standing {
        let key = credential.user().map_or(0, |key| key.as_bytes()[0]);
        let mean = match target.provider.name.as_str() {
            "mistral" => 0.2,
            _ if key == 2 => 0.9,
            _ => return Standing::default(),
        };
        let measure = Some(Measure { mean, deviation: 0.0 });
        Standing {
            failure_share: 0.1 * f32::from(key),
            first_token_seconds: measure,
            tokens_per_second: measure,
            ..Standing::default()
        }
    }
}

#[test]
fn strategies_see_how_everyone_has_done_lately() {
    let check = |configuration: serde_json::Value, expected: &[(&str, u8)]| {
        let setting = setting(&configuration);
        let models = ["gpt-4o", "mistral-large-2512"];
        let plan = setting.planned_with(&models, None, None);
        let asked = models.map(str::to_owned);
        let request = request(&asked, 0);
        let situation =
            Situation { request: &request, caller: &caller(&[]), credentials: &setting.credentials, health: Some(&Slow) };
        let plan = apply(setting.policy.strategies().unwrap(), plan, situation).unwrap();
        let told = plan
            .candidates
            .iter()
            .map(|candidate| (candidate.target.provider.name.as_str(), candidate.credential.user().unwrap().as_bytes()[0]));
        assert_eq!(told.collect::<Vec<_>>(), expected, "{configuration}");
    };
    let first_token = "ai.models.sortBy(m, m.metrics.endpoint.latency.time_to_first_token_ms_avg)";
    check(select(&[first_token]), &[("mistral", 4), ("openai", 1), ("openai", 2)]);
    check(select(&["ai.models.filter(m, m.metrics.endpoint.error_rate.total < 0.3)"]), &[("openai", 1), ("openai", 2)]);
    check(select(&["ai.models.filter(m, m.metrics.endpoint.latency.time_per_output_token_ms_avg > 4999)"]), &[("mistral", 4)]);
    let keys = json!({"key_selection": {"strategy": ["ai.keys.filter(k, k.error_rate.total > 0.1)"]}});
    check(keys, &[("openai", 2), ("mistral", 4)]);
}
