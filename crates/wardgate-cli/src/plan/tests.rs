//! What is wanted, what there is, and what is to be done.

use super::*;
use crate::document::{self, File};
use expect_test::{Expect, expect};
use serde_json::json;

/// An account with one of everything.
fn actual() -> Actual {
    let id = |prefix: &str, number: u8| format!("{prefix}_{number:022}");
    let lists = BTreeMap::from([
        (
            Kind::Team,
            vec![
                json!({"id": id("team", 1), "name": "default", "tier": null, "isDefault": true}),
                json!({"id": id("team", 2), "name": "search", "tier": null, "description": "the search people"}),
            ],
        ),
        (
            Kind::Provider,
            vec![json!({"id": id("aigp", 1), "providerId": "ollama", "name": "Ollama", "baseUrl": "http://10.0.0.1",
                "supportedApiSurfaces": [], "models": [{"id": "aigpm_1", "modelId": "qwen3", "unsupportedParams": []}]})],
        ),
        (
            Kind::ProviderKey,
            vec![
                json!({"id": id("aigpk", 1), "providerId": "openai", "name": "main", "keyRedacted": "sk-…"}),
                json!({"id": id("aigpk", 2), "providerId": "openai", "name": "spare", "keyRedacted": "sk-…"}),
                json!({"id": id("aigpk", 3), "providerId": "groq", "name": "twin", "keyRedacted": "sk-…"}),
                json!({"id": id("aigpk", 4), "providerId": "groq", "name": "twin", "keyRedacted": "sk-…"}),
            ],
        ),
        (Kind::VirtualModel, vec![json!({"id": id("aigvm", 1), "name": "fast", "models": ["gpt-4o-mini"]})]),
        (
            Kind::Configuration,
            vec![json!({"id": id("aigac", 1), "name": "strict", "accessKeyCount": 1,
                "access": {"providers": {"allow": ["openai"]}},
                "router": {"rules": [{"provider": "openai", "steps": [{"type": "user", "keys":
                    [{"id": id("aigpk", 1), "name": "main", "keyRedacted": "sk-…"}]}]}]}})],
        ),
        (
            Kind::AccessKey,
            vec![
                json!({"id": id("aigk", 1), "name": "ci", "teamId": id("team", 2), "tags": ["ci"], "status": "active",
                    "disabled": false, "accessKeyConfiguration": {"id": id("aigac", 1), "uri": "x", "name": "strict"}}),
                json!({"id": id("aigk", 2), "name": null, "teamId": id("team", 1), "accessKeyConfiguration": null}),
            ],
        ),
    ]);
    let mut actual = Actual::new(lists);
    let object = |value: Value| value.as_object().cloned().unwrap();
    actual.account = Some(object(json!({"id": id("acct", 1), "name": "acme", "tier": "free"})));
    actual.gateway_config = object(json!({"totalTimeout": "120s", "perRequestTimeout": "60s", "maxInputTokens": 5}));
    actual
}

fn planned(text: &str, allowed: Allowed) -> Result<Plan, Vec<String>> {
    let file = File { name: "a.yaml".to_owned(), dir: "docs".into(), text: text.to_owned() };
    let mut all = document::documents_of(vec![file]).unwrap_or_else(|failure| panic!("{failure}"));
    plan(all.accounts.remove(0), &actual(), allowed)
}

fn check_with(allowed: Allowed, text: &str, expected: &Expect) {
    let shown = match planned(text, allowed) {
        Ok(plan) => anstream::adapter::strip_str(&as_text(&plan)).to_string(),
        Err(problems) => problems.join("\n"),
    };
    expected.assert_eq(&shown);
}

fn check(text: &str, expected: &Expect) {
    check_with(Allowed::default(), text, expected);
}

const PRUNE: Allowed = Allowed { prune: true, rotate_secrets: false };

/// The account of [`actual`], as a document.
const SAME: &str = r#"
account: {name: acme}
tier: free
gatewayConfig: {totalTimeout: 2m, maxInputTokens: 5}
teams:
- {name: search, description: the search people}
providers:
- {providerId: ollama, name: Ollama, baseUrl: "http://10.0.0.1", models: [{modelId: qwen3}]}
providerKeys:
- {provider: openai, name: main, value: {env: NOT_SET}}
virtualModels:
- {name: fast, models: [gpt-4o-mini]}
configurations:
- name: strict
  access: {providers: {allow: [openai]}}
  router: {rules: [{provider: openai, steps: [{type: user, keys: [main]}]}]}
accessKeys:
- {name: ci, team: search, configuration: strict, tags: [ci]}
"#;

#[test]
fn what_is_there_already_is_left_as_it_is() {
    check(
        SAME,
        &expect![[r#"
        account acme
          no changes; 8 as they shall be
    "#]],
    );
    // By the full name of a key, too, and by its id.
    check(
        &SAME.replace("keys: [main]", "keys: [openai/main]"),
        &expect![[r#"
        account acme
          no changes; 8 as they shall be
    "#]],
    );
    let id = format!("keys: [aigpk_{:022}]", 1);
    check(
        &SAME.replace("keys: [main]", &id),
        &expect![[r#"
        account acme
          no changes; 8 as they shall be
    "#]],
    );
}

#[test]
fn a_virtual_model_is_the_same_in_any_case() {
    let expected = expect![[r#"
        the account of the key
          ~ virtual model fast
              name: fast → FAST
          1 to change
    "#]];
    check("virtualModels: [{name: FAST, models: [gpt-4o-mini]}]", &expected);
}

#[test]
fn what_is_named_is_made_before_what_names_it() {
    let text = r#"
accessKeys:
- {name: new, team: ops, configuration: open, expiresAt: "2027-01-01T00:00:00Z"}
configurations:
- {name: open, router: {rules: [{model: "groq:x", steps: [{type: user, keys: [fresh]}, {type: managed}]}]}}
providerKeys:
- {provider: groq, name: fresh, value: {file: key.txt}}
teams:
- {name: ops, tier: high}
"#;
    check(
        text,
        &expect![[r#"
            the account of the key
              + team ops
                  tier: high
              + provider key groq/fresh
                  value: (the file docs/key.txt)
              + configuration open
                  router: {"rules":[{"model":"groq:x","steps":[{"keys":["groq/fresh"],"type":"user"},{"type":"managed"}]}]}
              + access key new
                  configuration: open
                  expiresAt: 2027-01-01T00:00:00Z
                  team: ops
              4 to make
        "#]],
    );
}

#[test]
fn a_line_that_is_taken_out_takes_its_effect_back() {
    let text = SAME
        .replace(", description: the search people", "")
        .replace(", models: [{modelId: qwen3}]", ", models: [{modelId: qwen3, providerModelId: q}]")
        .replace("access: {providers: {allow: [openai]}}", "access: {models: {allow: []}}")
        .replace("keys: [main]", "keys: [spare, main]")
        .replace(", tags: [ci]", "")
        .replace(", configuration: strict", "")
        .replace("totalTimeout: 2m", "totalTimeout: 90s")
        .replace("tier: free", "tier: null");
    check(
        &text,
        &expect![[r#"
            account acme
              ~ account acme
                  tier: free → -
              ~ gateway config
                  totalTimeout: 120s → 90s
              ~ team search
                  description: the search people → -
              ~ provider ollama
                  models[0].providerModelId: - → q
              ~ configuration strict
                  access.models: - → {"allow":[]}
                  access.providers: {"allow":["openai"]} → -
                  router.rules[0].steps[0].keys: ["openai/main"] → ["openai/spare","openai/main"]
              ~ access key ci
                  configuration: strict → -
                  tags: ["ci"] → []
              6 to change, 2 as they shall be
        "#]],
    );
}

#[test]
fn only_what_a_section_leaves_out_is_deleted_and_only_when_asked() {
    let text = "teams: []\naccessKeys: []\nproviderKeys: [{provider: openai, name: main}]\n";
    check(
        text,
        &expect![[r#"
            the account of the key
              no changes; 1 as they shall be
        "#]],
    );
    check_with(
        PRUNE,
        text,
        &expect![[r#"
            the account of the key
              - access key ci
              - provider key openai/spare
              - team search
              an access key without a name is left alone
              2 provider keys named groq/twin are left alone: they cannot be told apart by name
              3 to delete, 1 as they shall be
        "#]],
    );
}

#[test]
fn credentials_are_sent_again_only_when_asked() {
    let rotate = Allowed { prune: false, rotate_secrets: true };
    let text =
        "providerKeys: [{provider: openai, name: main, description: x, value: {env: KEY}}, {provider: openai, name: spare}]";
    check_with(
        rotate,
        text,
        &expect![[r#"
            the account of the key
              ~ provider key openai/main
                  value: (the variable KEY)
              ~ provider key openai/main
                  description: - → x
              1 to change, 1 to rotate, 1 as they shall be
        "#]],
    );
}

#[test]
fn what_cannot_be_done_is_told_before_anything_is_done() {
    let text = r#"
providerKeys:
- {provider: openai, name: third}
- {provider: groq, name: twin}
configurations:
- {name: open, router: {rules: [{provider: groq, steps: [{type: user, keys: [main]}]}]}}
accessKeys:
- {name: new, team: nobody, configuration: nothing}
"#;
    check(
        text,
        &expect![[r#"
            a.yaml:8:3: the access key new names a team that is not there: nobody
            a.yaml:8:3: the access key new names a configuration that is not there: nothing
            a.yaml:6:3: the configuration open names a provider key that is not there: main
            a.yaml:3:3: the provider key openai/third is not there, and the document does not say where its value is: add value: {env: NAME}
            a.yaml:4:3: there are 2 of the provider keys named groq/twin, so that it cannot be told which is meant: rename all but one"#]],
    );
    check_with(
        PRUNE,
        "teams: []\naccessKeys: [{name: new, team: search}]\n",
        &expect![
            "a.yaml:2:14: the access key new names a team that would be deleted, or is not the only one of its name: search"
        ],
    );
}

#[test]
fn a_new_account_has_what_every_account_has() {
    let file = File { name: "a.yaml".to_owned(), dir: "".into(), text: SAME.replace("acme", "fresh") };
    let desired = document::documents_of(vec![file]).unwrap().accounts.remove(0);
    let plan = plan(desired, &Actual::default(), PRUNE).unwrap();
    let shown = anstream::adapter::strip_str(&as_text(&plan)).to_string();
    expect![[r#"
        account fresh
          + account fresh
              tier: free
          ~ gateway config
              maxInputTokens: - → 5
              totalTimeout: - → 120s
          + team search
              description: the search people
          + provider ollama
              baseUrl: http://10.0.0.1
              models: [{"modelId":"qwen3"}]
          + provider key openai/main
              value: (the variable NOT_SET)
          + virtual model fast
              models: ["gpt-4o-mini"]
          + configuration strict
              access: {"providers":{"allow":["openai"]}}
              router: {"rules":[{"provider":"openai","steps":[{"keys":["openai/main"],"type":"user"}]}]}
          + access key ci
              configuration: strict
              tags: ["ci"]
              team: search
          7 to make, 1 to change
    "#]]
    .assert_eq(&shown);
    let json = as_json(&plan, 1);
    assert_eq!((&json["operations"][0]["done"], &json["operations"][1]["done"]), (&json!(true), &json!(false)));
}

/// The plans for a gateway with a tier from a file, one of the API's and one managed key.
fn check_gateway(allowed: Allowed, text: &str, expected: &Expect) {
    let id = |prefix: &str, number: u8| format!("{prefix}_{number:022}");
    let lists = BTreeMap::from([
        (
            Kind::Tier,
            vec![
                json!({"id": null, "name": "free", "source": "file", "requestsPerMinute": 20, "modelClasses": ["free"]}),
                json!({"id": id("aigt", 1), "name": "trial", "source": "api", "requestsPerMinute": 9, "requestsPerDay": null}),
            ],
        ),
        (Kind::ManagedKey, vec![json!({"id": id("aigmk", 1), "providerId": "openai", "name": "house", "keyRedacted": "sk-…"})]),
    ]);
    let file = File { name: "a.yaml".to_owned(), dir: "docs".into(), text: text.to_owned() };
    let documents = document::documents_of(vec![file]).unwrap_or_else(|failure| panic!("{failure}"));
    let shown = match gateway_plans(&documents.gateway, &Actual::new(lists), allowed) {
        Ok((before, after)) => anstream::adapter::strip_str(&(as_text(&before) + &as_text(&after))).to_string(),
        Err(problems) => problems.join("\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn what_the_operator_has_goes_before_accounts_and_is_deleted_after_them() {
    let text = "tiers: [{name: free, requestsPerMinute: 20, modelClasses: [free]}, {name: batch, tokensPerMinute: 5}]\n\
        managedKeys: [{provider: groq, name: house, value: {env: KEY}}]\n";
    check_gateway(
        PRUNE,
        text,
        &expect![[r#"
            the gateway
              + tier batch
                  tokensPerMinute: 5
              + managed key groq/house
                  value: (the variable KEY)
              2 to make, 1 as they shall be
            the gateway
              - managed key openai/house
              - tier trial
              2 to delete
        "#]],
    );
    check_gateway(
        Allowed::default(),
        "tiers: [{name: trial, requestsPerDay: 5}]\nmanagedKeys: [{provider: openai, name: house}]\n",
        &expect![[r#"
            the gateway
              ~ tier trial
                  requestsPerDay: - → 5
                  requestsPerMinute: 9 → -
              1 to change, 1 as they shall be
            the gateway
              no changes; 0 as they shall be
        "#]],
    );
    check_gateway(
        Allowed::default(),
        "tiers: [{name: free}]\nmanagedKeys: [{provider: openai, name: other}]\n",
        &expect![[r#"
            a.yaml:1:9: the tier free comes from the file of the gateway: change it there, or give the new one another name
            a.yaml:2:15: the managed key openai/other is not there, and the document does not say where its value is: add value: {env: NAME}"#]],
    );
}

#[test]
fn tiers_and_managed_keys_that_nobody_has_are_told() {
    let text = "tier: gold\nteams: [{name: search, tier: gold}, {name: default, tier: free}]\n\
        grants: [{provider: openai, name: house}, {provider: openai, name: other}]\n";
    let file = File { name: "a.yaml".to_owned(), dir: "docs".into(), text: text.to_owned() };
    let desired = document::documents_of(vec![file]).unwrap().accounts.remove(0);
    let tiers = Some(["free".to_owned()].into());
    let offered = Offered { tiers, managed_keys: ["openai/house".to_owned()].into(), ..Offered::default() };
    let problems = plan(desired, &Actual { offered, ..actual() }, Allowed::default()).unwrap_err();
    expect![[r#"
        a.yaml:1:7: the account is placed on a tier that is not there: gold
        a.yaml:2:9: the team search is placed on a tier that is not there: gold
        a.yaml:3:43: the grant is of a managed key that is not there, is to be deleted, or is not the only one of its name: openai/other"#]]
    .assert_eq(&problems.join("\n"));
}
