use super::*;
use crate::testing::{self, custom_provider, provider_key, virtual_model};
use expect_test::{Expect, expect};
use serde_json::{Map, Value, json};
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;

/// `aigpk_…` of the key with this number.
fn key_id(number: u8) -> String {
    ProviderKeyId::from_bytes([number; 16]).to_string()
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other}"),
    }
}

/// With keys 1 and 2 of openai, 3 of groq, the custom provider ollama and the virtual model `fast`.
fn finish(draft: Draft) -> Result<Ready, Vec<Problem>> {
    let keys: Vec<ProviderKey> = [("openai", 1), ("openai", 2), ("groq", 3)].map(|(name, id)| provider_key(name, id)).into();
    let overlay = testing::overlay(&[custom_provider("ollama", 1, &[("big", Some("llama3.2:70b"))])]);
    let virtual_models = [virtual_model("fast", &["gpt-4o", "groq:openai/gpt-oss-120b"])];
    let inventory = Inventory { overlay: &overlay, provider_keys: &keys, virtual_models: &virtual_models };
    let mut made = 100;
    draft.finish(inventory, || {
        made += 1;
        ProviderKeyId::from_bytes([made; 16])
    })
}

fn told(draft: Draft) -> String {
    match finish(draft) {
        Ok(ready) => {
            let Ready { document, references, new_keys } = ready;
            assert_eq!(Document::from_text(&document.to_text()).unwrap_or_else(|error| panic!("{error}")), document);
            let mut text = document.to_text() + "\n";
            for number in 1..=103 {
                text = text.replace(&key_id(number), &format!("key {number}"));
            }
            let keys: Vec<u8> = references.provider_keys.iter().map(|id| id.as_bytes()[0]).collect();
            text.push_str(&format!("names keys {keys:?}, providers {:?}\n", references.providers));
            for key in new_keys {
                let NewKey { path, provider, name, value, id } = key;
                text.push_str(&format!("{path}: key {} of {provider}: {name:?} {:?}\n", id.as_bytes()[0], value.expose()));
            }
            text
        }
        Err(problems) => problems.iter().map(|problem| format!("{}: {problem}\n", problem.kind.code())).collect(),
    }
}

fn check(document: Value, expected: &Expect) {
    expected.assert_eq(&told(Draft::new(fields(document))));
}

fn check_edit(stored: &Value, change: Value, expected: &Expect) {
    let stored = Document::from_text(&stored.to_string()).unwrap_or_else(|error| panic!("{error}"));
    expected.assert_eq(&told(Draft::edit(&stored, fields(change))));
}

#[test]
fn what_was_written_comes_back() {
    check(
        json!({}),
        &expect![[r#"
        {}
        names keys [], providers []
    "#]],
    );
    check(
        json!({"access": null, "router": null}),
        &expect![[r#"
        {}
        names keys [], providers []
    "#]],
    );
    let id = testing::custom_provider_id(1).to_string();
    check(
        json!({"access": {"providers": {"allow": ["openai", id, "*"], "deny": []}, "models": {"deny": ["gpt-4o", "groq:*", "ollama:big"]}}}),
        &expect![[r#"
            {"access":{"models":{"deny":["gpt-4o","groq:*","ollama:big"]},"providers":{"allow":["openai","aigp_01tRy6czI6jAOLpZvq3hw1","*"],"deny":[]}}}
            names keys [], providers [groq, ollama, openai]
        "#]],
    );
    check(
        json!({"router": {"rules": [
            {"provider": "openai", "steps": [
                {"type": "user", "keys": [{"id": key_id(2)}, {"name": "new one", "value": "sk-secret"}], "keySelectionStrategy": "ordered"},
                {"type": "ngrok"},
            ]},
            {"model": "openai:openai/gpt-4o", "steps": [{"type": "managed", "keys": []}]},
            {"provider": "groq", "model": "groq:openai/gpt-oss-120b", "steps": [{"type": "user", "keys": [{"id": key_id(3)}]}]},
        ]}}),
        &expect![[r#"
            {"router":{"rules":[{"provider":"openai","steps":[{"keySelectionStrategy":"ordered","keys":[{"id":"key 2"},{"id":"key 101"}],"type":"user"},{"keys":[],"type":"ngrok"}]},{"model":"openai:openai/gpt-4o","steps":[{"keys":[],"type":"managed"}]},{"model":"groq:openai/gpt-oss-120b","provider":"groq","steps":[{"keys":[{"id":"key 3"}],"type":"user"}]}]}}
            names keys [2, 3, 101], providers [groq, openai]
            router.rules[0].steps[0].keys[1]: key 101 of openai: "new one" "sk-secret"
        "#]],
    );
}

#[test]
fn every_mistake_of_form_is_told_at_its_place() {
    check(
        json!({
            "acess": {},
            "access": {"providers": {"allow": null, "forbid": []}, "models": {"allow": ["gpt 4o", 5, "", {}], "deny": "gpt-4o"}},
            "router": {"rules": [
                5,
                {"steps": []},
                {"provider": "openai", "steps": [{"type": "users"}, {"keys": []}, {"type": "user"}, {"type": "managed", "keys": [{"id": key_id(1)}]}]},
                {"provider": "openai", "when": true, "steps": [{"type": "user", "keySelectionStrategy": "random", "keys": [
                    {}, {"id": "sk-secret"}, {"name": "n"}, {"id": key_id(1), "name": "n"}, {"id": key_id(1), "keyRedacted": "sk***"},
                ]}]},
            ]},
        }),
        &expect![[r#"
            malformed_field: access.providers.allow must be a list, and is null: leave it out, or write [] for an empty one
            unknown_field: access.providers.forbid is not known here; known: allow, deny
            malformed_field: access.models.allow[0] has white space in it; no id has that
            malformed_field: access.models.allow[1] must be text, and is a number
            malformed_field: access.models.allow[2] must not be empty
            malformed_field: access.models.allow[3] must be text, and is an object
            malformed_field: access.models.deny must be a list, and is text
            malformed_field: router.rules[0] must be an object, and is a number
            missing_field: router.rules[1] is for nothing; name a provider, or a model as "provider:author/model"
            missing_field: router.rules[1].steps must list at least one step, such as {"type": "user", "keys": [{"id": "aigpk_…"}]}
            malformed_field: router.rules[2].steps[0].type must be "user" for keys of this account, or "managed" for those of the operator
            missing_field: router.rules[2].steps[1].type must be "user" for keys of this account, or "managed" for those of the operator
            missing_field: router.rules[2].steps[2].keys must list at least one key of the account, as {"id": "aigpk_…"} or a new one as {"name": …, "value": …}
            contradiction: router.rules[2].steps[3].keys must not list keys: a managed step uses the operator's own; make it a step of type "user"
            unknown_field: router.rules[3].when is not known here; known: provider, model, steps
            malformed_field: router.rules[3].steps[0].keySelectionStrategy must be "ordered", the only way there is; leave it out for the same
            missing_field: router.rules[3].steps[0].keys[0] must have an id, or the name and the value of a new key
            malformed_field: router.rules[3].steps[0].keys[1].id is not an id that starts with aigpk_
            missing_field: router.rules[3].steps[0].keys[2] must have both name and value, since it makes a new key
            contradiction: router.rules[3].steps[0].keys[3] names a key by its id and describes a new one at once; send the id alone, or name and value
            unknown_field: router.rules[3].steps[0].keys[4].keyRedacted is not known here; known: id; or name, value
            unknown_field: acess is not known here; known: access, router, admit, model_selection, key_selection, transform
            duplicate: router.rules[3] is for what an earlier rule is for; put its steps there
        "#]],
    );
    check(
        json!({"access": [], "router": []}),
        &expect![[r#"
        malformed_field: access must be an object, and is a list
        malformed_field: router must be an object, and is a list
    "#]],
    );
}

#[test]
fn every_mistake_of_fact_is_told_at_its_place() {
    check(
        json!({
            "access": {"providers": {"allow": ["opnai", "open*", testing::custom_provider_id(9).to_string()]},
                "models": {"allow": ["fast", "gpt-4a", "nowhere:x", "gpt-*", "openai:gpt-*", "openai:", "meta-llama/llama-3.3-70b"]}},
            "router": {"rules": [
                {"provider": "nowhere", "steps": [{"type": "managed"}]},
                {"model": "gpt-4o", "steps": [{"type": "managed"}]},
                {"model": "openai:*", "steps": [{"type": "managed"}]},
                {"provider": "openai", "model": "groq:openai/gpt-oss-120b", "steps": [{"type": "managed"}]},
                {"provider": "ollama", "steps": [{"type": "managed"}]},
                {"provider": "openai", "steps": [{"type": "user", "keys": [{"id": key_id(3)}, {"id": key_id(9)}, {"id": key_id(3)}]}]},
                {"provider": "openai", "steps": [{"type": "managed"}]},
                {"model": "openai:openai/gpt-4o", "steps": [{"type": "managed"}]},
                {"model": "openai:GPT-4o", "steps": [{"type": "managed"}]},
            ]},
        }),
        &expect![[r#"
            duplicate: router.rules[5].steps[0].keys[2] is in this step already; leave it out here
            unknown_provider: access.providers.allow[0] names no provider that this account has: "opnai"; did you mean "openai"?
            malformed_field: access.providers.allow[1] has a star in it; only "*" alone has a meaning: every provider
            unknown_provider: access.providers.allow[2] names no provider that this account has: "aigp_0H33ixetcyYVXAUDOYXNQ9"
            virtual_model_not_allowed: access.models.allow[0] names a virtual model; list its members instead: gpt-4o, groq:openai/gpt-oss-120b
            unknown_model: access.models.allow[1] names nothing: there is no model "gpt-4a"; did you mean "gpt-4o"?; write "provider:model" for what is not in the catalog
            unknown_provider: access.models.allow[2] names nothing: there is no provider "nowhere"; did you mean "cohere"?
            malformed_field: access.models.allow[3] has a star in it; write "*" for every model or "provider:*" for all of a provider
            malformed_field: access.models.allow[4] has a star in it; write "*" for every model or "provider:*" for all of a provider
            malformed_field: access.models.allow[5] names nothing: the model string "openai:" is not well formed: write a model, or provider:model, without white space around
            unknown_model: access.models.allow[6] names nothing: there is no model "meta-llama/llama-3.3-70b"; on OpenRouter it would be "openrouter:meta-llama/llama-3.3-70b"; write "provider:model" for what is not in the catalog
            unknown_provider: router.rules[0].provider names no provider that this account has: "nowhere"; did you mean "cohere"?
            malformed_field: router.rules[1].model must be one model with its provider: "provider:author/model" or "provider:model"
            malformed_field: router.rules[2].model must be one model with its provider: "provider:author/model" or "provider:model"
            contradiction: router.rules[3].model is a model of groq, and the rule is for openai; leave one of them out
            contradiction: router.rules[4].steps[0].type is of no use: the operator has no keys for an account's own providers, as ollama is
            duplicate: router.rules[6] is for what an earlier rule is for; put its steps there
            provider_key_of_another_provider: router.rules[5].steps[0].keys[0] is a key of groq, and the rule is for openai; name a key of openai
            unknown_provider_key: router.rules[5].steps[0].keys[1] is no provider key of this account; GET /provider-keys lists them
            provider_key_of_another_provider: router.rules[5].steps[0].keys[2] is a key of groq, and the rule is for openai; name a key of openai
        "#]],
    );
}

#[test]
fn bounds_are_kept() {
    let many = |count: usize, value: Value| Value::Array(vec![value; count]);
    let step = json!({"type": "managed"});
    check(
        json!({
            "access": {"models": {"allow": many(1_001, json!("gpt-4o")), "deny": ["x".repeat(512)]}},
            "router": {"rules": many(201, json!({"provider": "openai", "steps": [step]}))},
        }),
        &expect![[r#"
            too_many: access.models.allow has 1001 entries, and may have at most 1000
            malformed_field: access.models.deny[0] has 512 bytes, and may have at most 511
            too_many: router.rules has 201 entries, and may have at most 200
        "#]],
    );
    let keys = json!({"type": "user", "keys": many(101, json!({"id": key_id(1)}))});
    check(
        json!({"router": {"rules": [{"provider": "openai", "steps": many(21, step)}, {"provider": "groq", "steps": [keys]}]}}),
        &expect![[r#"
            too_many: router.rules[0].steps has 21 entries, and may have at most 20
            too_many: router.rules[1].steps[0].keys has 101 entries, and may have at most 100
        "#]],
    );
    let problems = finish(Draft::new(fields(json!({"access": {"models": {"allow": many(1_000, json!(5))}}}))));
    assert!(problems.is_err_and(|problems| problems.len() == PROBLEMS_MAX));
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let stored = || json!({"access": {"models": {"allow": ["gpt-4o"]}}, "router": {"rules": []}});
    check_edit(
        &stored(),
        json!({}),
        &expect![[r#"
        {"access":{"models":{"allow":["gpt-4o"]}},"router":{"rules":[]}}
        names keys [], providers []
    "#]],
    );
    check_edit(
        &stored(),
        json!({"access": null}),
        &expect![[r#"
        {"router":{"rules":[]}}
        names keys [], providers []
    "#]],
    );
    check_edit(
        &stored(),
        json!({"access": {"providers": {"allow": ["openai"]}}}),
        &expect![[r#"
        {"access":{"providers":{"allow":["openai"]}},"router":{"rules":[]}}
        names keys [], providers [openai]
    "#]],
    );
    check_edit(
        &stored(),
        json!({"router": null}),
        &expect![[r#"
        {"access":{"models":{"allow":["gpt-4o"]}}}
        names keys [], providers []
    "#]],
    );
}

#[test]
fn an_allow_list_is_changed_by_entries() {
    let stored = || json!({"access": {"providers": {"deny": ["groq"]}, "models": {"allow": ["gpt-4o", "openai:gpt-4.1"], "deny": ["ollama:*"]}}});
    let models = |change: Value| json!({"access": {"models": change}});
    check_edit(
        &stored(),
        models(json!({"add": ["groq:*", "GPT-4o"], "remove": ["openai:GPT-4.1", "not there"]})),
        &expect![[r#"
            malformed_field: access.models.remove[1] has white space in it; no id has that
        "#]],
    );
    check_edit(
        &stored(),
        models(json!({"add": ["groq:*", "GPT-4o"], "remove": ["openai:GPT-4.1", "not-there"]})),
        &expect![[r#"
            {"access":{"models":{"allow":["gpt-4o","groq:*"],"deny":["ollama:*"]},"providers":{"deny":["groq"]}}}
            names keys [], providers [groq, ollama]
        "#]],
    );
    check_edit(
        &stored(),
        models(json!({"remove": ["gpt-4o", "openai:gpt-4.1"]})),
        &expect![[r#"
        {"access":{"models":{"allow":[],"deny":["ollama:*"]},"providers":{"deny":["groq"]}}}
        names keys [], providers [groq, ollama]
    "#]],
    );
    check_edit(
        &stored(),
        models(json!({"add": ["groq:*"], "remove": ["GROQ:*"]})),
        &expect![[r#"
        allow_list_patch_conflict: access.models adds and removes "groq:*" at once; decide for one
    "#]],
    );
    check_edit(
        &stored(),
        models(json!({"add": ["groq:*"], "allow": []})),
        &expect![[r#"
        allow_list_patch_conflict: access.models replaces the lists with allow or deny and changes them with add or remove at once; send one or the other
    "#]],
    );
    check_edit(
        &stored(),
        json!({"access": {"providers": {"add": ["openai"]}}}),
        &expect![[r#"
        allow_list_not_configured: access.providers has no allow list that add and remove could change: everything is allowed; set "allow" first
    "#]],
    );
    check_edit(
        &json!({}),
        models(json!({"add": ["gpt-4o"]})),
        &expect![[r#"
        allow_list_not_configured: access.models has no allow list that add and remove could change: everything is allowed; set "allow" first
    "#]],
    );
    check_edit(
        &stored(),
        json!({"access": {"providers": {"allow": ["openai"]}, "models": {"remove": ["gpt-4o"]}}}),
        &expect![[r#"
            {"access":{"models":{"allow":["openai:gpt-4.1"],"deny":["ollama:*"]},"providers":{"allow":["openai"]}}}
            names keys [], providers [ollama, openai]
        "#]],
    );
}

#[test]
fn what_has_gone_from_the_catalog_does_not_block_a_change() {
    check_edit(
        &json!({"access": {"models": {"allow": ["gpt-1"]}}}),
        json!({"access": {"models": {"allow": ["gpt-1", "gpt-4o", "gpt-2"]}}}),
        &expect![[r#"
            unknown_model: access.models.allow[2] names nothing: there is no model "gpt-2"; did you mean "gpt-5"?; write "provider:model" for what is not in the catalog
        "#]],
    );
}

#[test]
fn a_stored_text_that_is_not_understood_is_refused() {
    let check = |text: &str, expected: &Expect| match Document::from_text(text) {
        Ok(_) => panic!("{text}"),
        Err(error) => expected.assert_eq(&error.to_string()),
    };
    check("[]", &expect!["the stored configuration is not a JSON object"]);
    check(
        r#"{"firewall": {}}"#,
        &expect![
            "the stored configuration cannot be understood: firewall is not known here; known: access, router, admit, model_selection, key_selection, transform"
        ],
    );
    check(
        r#"{"router": {"rules": [{"provider": "openai", "steps": [{"type": "user", "keys": [{"name": "n", "value": "v"}]}]}]}}"#,
        &expect!["the stored configuration cannot be understood: router.rules[0].steps[0].keys[0] is not stored yet"],
    );
}

#[test]
fn a_shown_key_has_its_name_and_its_redacted_value() {
    let document =
        json!({"router": {"rules": [{"provider": "openai", "steps": [{"type": "user", "keys": [{"id": key_id(1)}]}]}]}});
    let document = Document::from_text(&document.to_string()).unwrap_or_else(|error| panic!("{error}"));
    let shown = Value::Object(document.shown(&[provider_key("openai", 1)])).to_string();
    expect![[r#"{"router":{"rules":[{"provider":"openai","steps":[{"keys":[{"id":"key 1","keyRedacted":"sk-***","name":"number 1"}],"type":"user"}]}]}}"#]].assert_eq(&shown.replace(&key_id(1), "key 1"));
}
