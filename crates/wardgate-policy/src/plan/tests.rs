mod model_strings;
mod preferences;
mod properties;

use crate::testing::{Setting, virtual_model};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use wardgate_core::format::Surface;
use wardgate_core::id::ProviderKeyId;

const CHAT: Surface = Surface::ChatCompletions;

fn check(setting: &Setting, models: &[&str], expected: &Expect) {
    expected.assert_eq(&setting.told(models, CHAT));
}

fn key_id(number: u8) -> String {
    ProviderKeyId::from_bytes([number; 16]).to_string()
}

#[test]
fn models_in_the_clients_order_keys_in_the_order_of_their_making() {
    let setting = Setting::new(&[("openai", 1), ("anthropic", 2), ("openai", 3)]);
    check(
        &setting,
        &["gpt-4o", "claude-opus-5-5"],
        &expect![[r#"
        openai:gpt-4o with key 1
        openai:gpt-4o with key 3
        anthropic:claude-opus-5-5 with key 2
    "#]],
    );
}

#[test]
fn two_spellings_of_one_thing_are_tried_once() {
    check(
        &Setting::new(&[("openai", 1)]),
        &["gpt-4o", "openai:gpt-4o", "openai:GPT-4O"],
        &expect![[r#"
        openai:gpt-4o with key 1
    "#]],
    );
}

#[test]
fn a_fallback_that_leads_nowhere_is_passed_over() {
    check(
        &Setting::new(&[("openai", 1)]),
        &["gpt-4o", "gpt-4p", "groq:openai/gpt-oss-120b"],
        &expect![[r#"
        openai:gpt-4o with key 1
          not gpt-4p (name): there is no model "gpt-4p"; did you mean "gpt-4o"?
          not groq:openai/gpt-oss-120b (credential): this account has no provider key for groq; add one, or use a model of another provider
    "#]],
    );
}

#[test]
fn the_first_model_must_name_something() {
    check(
        &Setting::new(&[("openai", 1)]),
        &["gpt-4p", "gpt-4o"],
        &expect![[r#"
        refused
          not gpt-4p (name): there is no model "gpt-4p"; did you mean "gpt-4o"?
    "#]],
    );
}

#[test]
fn nothing_left_is_refused_with_every_cause() {
    let models = ["claude-opus-5-5", "text-embedding-3-small"];
    let told = Setting::new(&[("anthropic", 1)]).told(&models, Surface::Embeddings);
    expect![[r#"
        refused
          not claude-opus-5-5 (surface): the provider anthropic does not serve embeddings, but chat-completions, messages, responses, completions, generate-content, count-tokens, gemini-count-tokens, responses-input-tokens; use a model of azure-eastus, ollama, vllm
          not text-embedding-3-small (credential): this account has no provider key for openai; add one, or use a model of another provider
    "#]]
    .assert_eq(&told);
}

#[test]
fn managed_keys_come_after_the_accounts_own_and_only_where_the_price_is_known() {
    let setting = Setting::new(&[("openai", 1)]).managed(&[("openai", 7), ("openai", 8), ("groq", 9)]);
    check(
        &setting,
        &["gpt-4o", "openai:new-one", "openai/gpt-oss-120b", "groq:new-one"],
        &expect![[r#"
        openai:gpt-4o with key 1
        openai:gpt-4o with managed key 7
        openai:gpt-4o with managed key 8
        openai:new-one with key 1
        groq:openai/gpt-oss-120b with managed key 9
          not every way of openai:new-one (credential): openai:new-one is not in the catalog and so needs a provider key of this account's own
          not groq:new-one (credential): groq:new-one is not in the catalog and so needs a provider key of this account's own
    "#]],
    );
}

#[test]
fn a_rule_is_exhaustive_and_one_for_a_model_wins() {
    let user =
        |keys: &[u8]| json!({"type": "user", "keys": keys.iter().map(|key| json!({"id": key_id(*key)})).collect::<Vec<_>>()});
    let managed = json!({"type": "managed"});
    let rules = json!({"router": {"rules": [
        {"provider": "openai", "steps": [user(&[3, 1]), managed]},
        {"model": "openai:openai/gpt-4.1", "steps": [user(&[2]), user(&[2, 9]), managed]},
        {"provider": "groq", "steps": [managed]},
        {"model": "ollama:big", "steps": [user(&[5])]},
        {"provider": "anthropic", "steps": [user(&[9])]},
    ]}});
    let keys = [("openai", 1), ("openai", 2), ("openai", 3), ("groq", 4), ("ollama", 5), ("ollama", 6), ("anthropic", 7)];
    let setting = Setting::new(&keys).managed(&[("openai", 8)]).configuration(&rules);
    let models =
        ["gpt-4o", "GPT-4.1", "openai/gpt-oss-120b", "ollama:llama3.2:70b", "ollama:llama3.2", "claude-opus-5-5", "vllm:x"];
    check(
        &setting,
        &models,
        &expect![[r#"
        openai:gpt-4o with key 3
        openai:gpt-4o with key 1
        openai:gpt-4o with managed key 8
        openai:gpt-4.1 with key 2
        openai:gpt-4.1 with managed key 8
        ollama:llama3.2:70b with key 5
        ollama:llama3.2 with key 5
        ollama:llama3.2 with key 6
        vllm:x with no key
          not every way of GPT-4.1 (credential): the rule for openai names a provider key that this account does not have any more
          not openai/gpt-oss-120b (credential): the rule for groq wants a managed key, and the operator granted this account none
          not claude-opus-5-5 (credential): the rule for anthropic names a provider key that this account does not have any more
    "#]],
    );
}

#[test]
fn virtual_models_are_expanded_once_and_compare_without_case() {
    let setting = Setting::new(&[("openai", 1), ("groq", 2)]).virtual_models(&[
        virtual_model("Chat-Default", &["openai/gpt-oss-120b", "gpt-4o", "nested", "gpt-4p", "chat-default"]),
        virtual_model("nested", &["gpt-4.1"]),
        virtual_model("gpt-4o-mini", &["gpt-4.1"]),
    ]);
    check(
        &setting,
        &["CHAT-default", "gpt-4o", "gpt-4o-mini"],
        &expect![[r#"
        groq:openai/gpt-oss-120b with key 2 for Chat-Default
        openai:gpt-4o with key 1 for Chat-Default
        openai:gpt-4.1 with key 1 for gpt-4o-mini
          not nested of Chat-Default (name): there is no model "nested"
          not gpt-4p of Chat-Default (name): there is no model "gpt-4p"; did you mean "gpt-4o"?
          not chat-default of Chat-Default (name): there is no model "chat-default"
    "#]],
    );
}

#[test]
fn a_plan_is_bounded() {
    let names = ["a", "b", "c", "d"];
    let models = names.map(|name| {
        let targets: Vec<String> = (0..50).map(|number| format!("vllm:{name}-{number}")).collect();
        virtual_model(name, &targets.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let keys: Vec<(&str, u8)> = (1..=30).map(|key| ("vllm", key)).collect();
    let setting = Setting::new(&keys).virtual_models(&models);
    let plan = setting.plan(&names, CHAT).unwrap_or_else(|dropped| panic!("{dropped:?}"));
    assert_eq!(plan.candidates.len(), super::MODELS_MAX * super::credentials::CREDENTIALS_MAX);
    assert_eq!(plan.dropped.len(), 1);
}

fn check_scope(access: &Value, models: &[&str], expected: &Expect) {
    let keys = [("openai", 1), ("groq", 2), ("openrouter", 3), ("azure-eastus", 4), ("anthropic", 5)];
    check(&Setting::new(&keys).configuration(&json!({"access": access})), models, expected);
}

#[test]
fn both_dimensions_must_allow() {
    let models = ["gpt-4o", "openai/gpt-oss-120b", "ollama:big"];
    check_scope(
        &json!({}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
        groq:openai/gpt-oss-120b with key 2
        ollama:llama3.2:70b with no key
    "#]],
    );
    check_scope(
        &json!({"providers": {}, "models": {}}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
        groq:openai/gpt-oss-120b with key 2
        ollama:llama3.2:70b with no key
    "#]],
    );
    check_scope(
        &json!({"providers": {"allow": ["openai", "groq"]}, "models": {"allow": ["groq:*", "ollama:*"]}}),
        &models,
        &expect![[r#"
            groq:openai/gpt-oss-120b with key 2
              not gpt-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
              not ollama:big (scope): this access key may not use the provider ollama; its configuration does not allow it
        "#]],
    );
    check_scope(
        &json!({"providers": {"allow": []}}),
        &models,
        &expect![[r#"
        refused
          not gpt-4o (scope): this access key may not use the provider openai; its configuration does not allow it
          not openai/gpt-oss-120b (scope): this access key may not use the provider groq; its configuration does not allow it
          not ollama:big (scope): this access key may not use the provider ollama; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": []}}),
        &models,
        &expect![[r#"
        refused
          not gpt-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
          not openai/gpt-oss-120b (scope): this access key may not use groq:openai/gpt-oss-120b; its configuration does not allow it
          not ollama:big (scope): this access key may not use ollama:llama3.2:70b; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"providers": {"allow": ["*"], "deny": ["groq"]}, "models": {"allow": ["*"], "deny": ["*"]}}),
        &models,
        &expect![[r#"
            refused
              not gpt-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
              not openai/gpt-oss-120b (scope): this access key may not use the provider groq; its configuration does not allow it
              not ollama:big (scope): this access key may not use ollama:llama3.2:70b; its configuration does not allow it
        "#]],
    );
    let ollama = crate::testing::custom_provider_id(1).to_string();
    check_scope(
        &json!({"providers": {"allow": [ollama]}}),
        &models,
        &expect![[r#"
        ollama:llama3.2:70b with no key
          not gpt-4o (scope): this access key may not use the provider openai; its configuration does not allow it
          not openai/gpt-oss-120b (scope): this access key may not use the provider groq; its configuration does not allow it
    "#]],
    );
}

#[test]
fn an_allowed_model_is_allowed_in_every_spelling_and_nothing_else_is() {
    let models = [
        "gpt-4o",
        "GPT-4O",
        "openai:GPT-4o",
        "openai/gpt-4o",
        "openrouter:openai/gpt-4o",
        "openrouter:OpenAI/GPT-4o",
        "azure-eastus:gpt-4o",
        "openrouter:openai/gpt-4o:nitro",
        "openai:gpt-4o-2024-08-06",
    ];
    check_scope(
        &json!({"models": {"allow": ["gpt-4o"]}}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
          not openrouter:openai/gpt-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not openrouter:OpenAI/GPT-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not azure-eastus:gpt-4o (scope): this access key may not use azure-eastus:gpt-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o:nitro (scope): this access key may not use openrouter:openai/gpt-4o:nitro; its configuration does not allow it
          not openai:gpt-4o-2024-08-06 (scope): this access key may not use openai:gpt-4o-2024-08-06; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": ["OpenAI/gpt-4o"]}}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
        openrouter:openai/gpt-4o with key 3
          not azure-eastus:gpt-4o (scope): this access key may not use azure-eastus:gpt-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o:nitro (scope): this access key may not use openrouter:openai/gpt-4o:nitro; its configuration does not allow it
          not openai:gpt-4o-2024-08-06 (scope): this access key may not use openai:gpt-4o-2024-08-06; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": ["openai:gpt-4o"]}}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
          not openrouter:openai/gpt-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not openrouter:OpenAI/GPT-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not azure-eastus:gpt-4o (scope): this access key may not use azure-eastus:gpt-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o:nitro (scope): this access key may not use openrouter:openai/gpt-4o:nitro; its configuration does not allow it
          not openai:gpt-4o-2024-08-06 (scope): this access key may not use openai:gpt-4o-2024-08-06; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": ["openai:openai/GPT-4o"]}}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
          not openrouter:openai/gpt-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not openrouter:OpenAI/GPT-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not azure-eastus:gpt-4o (scope): this access key may not use azure-eastus:gpt-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o:nitro (scope): this access key may not use openrouter:openai/gpt-4o:nitro; its configuration does not allow it
          not openai:gpt-4o-2024-08-06 (scope): this access key may not use openai:gpt-4o-2024-08-06; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": ["ollama:BIG", "azure-eastus:gpt-4o"]}}),
        &["ollama:big", "ollama:LLAMA3.2:70b", "ollama:llama3.2", "azure-eastus:GPT-4o", "gpt-4o"],
        &expect![[r#"
            ollama:llama3.2:70b with no key
            ollama:LLAMA3.2:70b with no key
            azure-eastus:GPT-4o with key 4
              not ollama:llama3.2 (scope): this access key may not use ollama:llama3.2; its configuration does not allow it
              not gpt-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
        "#]],
    );
}

#[test]
fn a_denied_model_is_denied_in_every_spelling_and_with_every_ending() {
    let models = [
        "gpt-4o",
        "openai:GPT-4o",
        "openrouter:openai/gpt-4o",
        "azure-eastus:GPT-4o",
        "openrouter:openai/gpt-4o:nitro",
        "openrouter:openai/gpt-4o:online:floor",
        "openai:gpt-4o-2024-08-06",
    ];
    check_scope(
        &json!({"models": {"deny": ["GPT-4o"]}}),
        &models,
        &expect![[r#"
        openai:gpt-4o-2024-08-06 with key 1
          not gpt-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
          not openai:GPT-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not azure-eastus:GPT-4o (scope): this access key may not use azure-eastus:GPT-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o:nitro (scope): this access key may not use openrouter:openai/gpt-4o:nitro; its configuration does not allow it
          not openrouter:openai/gpt-4o:online:floor (scope): this access key may not use openrouter:openai/gpt-4o:online:floor; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"deny": ["openrouter:openai/gpt-4o"]}}),
        &models,
        &expect![[r#"
        openai:gpt-4o with key 1
        azure-eastus:GPT-4o with key 4
        openai:gpt-4o-2024-08-06 with key 1
          not openrouter:openai/gpt-4o (scope): this access key may not use openrouter:openai/gpt-4o; its configuration does not allow it
          not openrouter:openai/gpt-4o:nitro (scope): this access key may not use openrouter:openai/gpt-4o:nitro; its configuration does not allow it
          not openrouter:openai/gpt-4o:online:floor (scope): this access key may not use openrouter:openai/gpt-4o:online:floor; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": ["ollama:*"], "deny": ["ollama:llama3.2", "big"]}}),
        &["ollama:llama3.2", "ollama:llama3.2:1b", "ollama:big", "ollama:llama3.2:70b"],
        &expect![[r#"
            ollama:llama3.2:1b with no key
              not ollama:llama3.2 (scope): this access key may not use ollama:llama3.2; its configuration does not allow it
              not ollama:big (scope): this access key may not use ollama:llama3.2:70b; its configuration does not allow it
              not ollama:llama3.2:70b (scope): this access key may not use ollama:llama3.2:70b; its configuration does not allow it
        "#]],
    );
}

#[test]
fn what_stood_in_the_document_and_is_gone_matches_nothing() {
    check_scope(
        &json!({"providers": {"allow": ["gone"]}}),
        &["gpt-4o"],
        &expect![[r#"
        refused
          not gpt-4o (scope): this access key may not use the provider openai; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"allow": ["gone:x", "gpt-1"], "deny": ["gone:y"]}}),
        &["gpt-4o"],
        &expect![[r#"
        refused
          not gpt-4o (scope): this access key may not use openai:gpt-4o; its configuration does not allow it
    "#]],
    );
    check_scope(
        &json!({"models": {"deny": ["gone-model"]}}),
        &["vllm:GONE-model", "vllm:other"],
        &expect![[r#"
        vllm:other with no key
          not vllm:GONE-model (scope): this access key may not use vllm:GONE-model; its configuration does not allow it
    "#]],
    );
}

#[test]
fn members_of_a_virtual_model_are_in_scope_one_by_one() {
    let setting = Setting::new(&[("openai", 1), ("groq", 2)])
        .virtual_models(&[virtual_model("fast", &["openai/gpt-oss-120b", "gpt-4o"])])
        .configuration(&json!({"access": {"providers": {"allow": ["openai"]}}}));
    check(
        &setting,
        &["fast"],
        &expect![[r#"
        openai:gpt-4o with key 1 for fast
          not openai/gpt-oss-120b of fast (scope): this access key may not use the provider groq; its configuration does not allow it
    "#]],
    );
    check(
        &setting,
        &["openai/gpt-oss-120b"],
        &expect![[r#"
        refused
          not openai/gpt-oss-120b (scope): this access key may not use the provider groq; its configuration does not allow it
    "#]],
    );
}
