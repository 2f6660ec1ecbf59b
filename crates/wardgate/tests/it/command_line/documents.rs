//! Documents: applied, applied again, exported, applied elsewhere.

use super::wardgate;
use crate::{ask, dev};
use serde_json::Value;
use wardgate_testkit::{Dialect, Gateway, Key, Reply, Upstream};

/// Something of everything.
const DOCUMENT: &str = r#"
account: {name: acme, metadata: "cost center 7"}
gatewayConfig: {totalTimeout: 2m, maxOutputTokens: 4096}
teams:
- {name: search, description: the search people}
- {name: ops}
providers:
- providerId: up
  name: Upstream
  baseUrl: UPSTREAM
  supportedApiSurfaces: [{format: openai, surface: chat-completions}]
  models: [{modelId: some-model, unsupportedParams: [logit_bias]}]
providerKeys:
- {provider: up, name: main, value: {env: UP_KEY}}
- {provider: up, name: spare, description: if the other is empty, value: {file: spare.txt}}
virtualModels:
- {name: fast, models: ["up:some-model"]}
configurations:
- name: strict
  access: {providers: {allow: [up]}}
  router:
    rules:
    - provider: up
      steps:
      - {type: user, keys: [main, up/spare]}
- {name: open}
accessKeys:
- {name: ci, team: search, configuration: strict, tags: [ci, night], expiresAt: "2099-01-01T00:00:00Z"}
- {name: office, configuration: open, allowedNetworks: [127.0.0.1, "10.0.0.0/8"]}
"#;

fn write(gateway: &Gateway, text: &str) {
    std::fs::write(gateway.data().path().join("acme.yaml"), text).unwrap();
    std::fs::write(gateway.data().path().join("spare.txt"), "pk-spare\n").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_becomes_what_a_document_says() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    // What is used here is another account's than the one whose ledger is checked at the end.
    let gateway = dev().replica().start().await;
    let text = DOCUMENT.replace("UPSTREAM", upstream.url());
    write(&gateway, &text);

    // Nothing is done by looking, nor without consent, nor without the credential.
    let plan = wardgate(&gateway, "diff -f acme.yaml").ok().await;
    assert!(
        plan.contains("+ account acme") && plan.contains("+ access key ci") && plan.contains("11 to make, 1 to change"),
        "{plan}"
    );
    assert!(wardgate(&gateway, "apply -f acme.yaml").variable("UP_KEY", "pk-main").fails(2).await.contains("--yes"));
    assert!(wardgate(&gateway, "apply -f acme.yaml --yes").fails(2).await.contains("UP_KEY is not set"));
    assert_eq!(wardgate(&gateway, "account list --name acme --quiet").ok().await, "");

    let apply = wardgate(&gateway, "apply -f acme.yaml --yes --tokens-out keys.jsonl");
    let done = apply.variable("UP_KEY", "pk-main").run().await;
    assert_eq!(done.status, 0, "{}", done.err);
    assert!(done.err.contains("2 new tokens are in keys.jsonl") && !done.out.contains("pk-"), "{}{}", done.out, done.err);
    let tokens = std::fs::read_to_string(gateway.data().path().join("keys.jsonl")).unwrap();
    let tokens: Vec<Value> = tokens.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let key = |number: usize| {
        let text = |field: &str| tokens[number][field].as_str().unwrap().to_owned();
        Key { id: text("id"), token: text("token") }
    };
    for key in [key(0), key(1)] {
        assert_eq!(ask(Dialect::Chat).key(&key).send(&gateway).await.status, 200);
    }
    assert!(upstream.seen().iter().all(|seen| seen.header("authorization") == ["Bearer pk-main"]));

    // A second run finds nothing to do, and neither does one on what the account is exported as.
    let nothing = wardgate(&gateway, "diff -f acme.yaml --prune --exit-code").ok().await;
    assert!(nothing.contains("no changes"), "{nothing}");
    let exported = wardgate(&gateway, "export --account acme").ok().await;
    assert!(!exported.contains("pk-") && exported.contains("up/spare"), "{exported}");
    let same = wardgate(&gateway, "diff -f - --prune --exit-code").input(&exported).ok().await;
    assert!(same.contains("no changes"), "{same}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_out_of_a_document_goes() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = dev().start().await;
    let text = DOCUMENT.replace("UPSTREAM", upstream.url());
    write(&gateway, &text);
    wardgate(&gateway, "apply -f acme.yaml -y -q").variable("UP_KEY", "pk-main").ok().await;

    let less = text
        .replace("- {name: ops}\n", "")
        .replace(", description: the search people", "")
        .replace("      - {type: user, keys: [main, up/spare]}", "      - {type: user, keys: [main]}")
        .replace(", description: if the other is empty", "")
        .replace("- {name: open}\n", "")
        .replace("- {name: office, configuration: open, allowedNetworks: [127.0.0.1, \"10.0.0.0/8\"]}\n", "")
        .replace("- {provider: up, name: spare, value: {file: spare.txt}}\n", "");
    write(&gateway, &less);
    // Without --prune, what is left out stays.
    let kept = wardgate(&gateway, "apply -f acme.yaml -y").ok().await;
    assert!(kept.contains("2 to change") && !kept.contains("delete"), "{kept}");
    let pruned = wardgate(&gateway, "apply -f acme.yaml -y --prune").ok().await;
    for line in ["- access key office", "- configuration open", "- provider key up/spare", "- team ops"] {
        assert!(pruned.contains(line), "{line} is missing: {pruned}");
    }
    assert!(wardgate(&gateway, "diff -f acme.yaml --prune --exit-code").ok().await.contains("no changes"));
    assert_eq!(wardgate(&gateway, "team list --account acme --name ops --quiet").ok().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_with_its_place_and_nothing_is_done() {
    let gateway = dev().start().await;
    write(&gateway, "teams:\n- nme: search\naccessKeys:\n- {name: 7}\n");
    let told = wardgate(&gateway, "apply -f acme.yaml -y").fails(2).await;
    for line in ["acme.yaml:2:3: teams[0].nme is not a field", "acme.yaml:4:10: accessKeys[0].name must be text"] {
        assert!(told.contains(line), "{line} is missing: {told}");
    }
    // The gateway's own word on what only it knows: said with what was done before, and what was not.
    write(&gateway, "teams: [{name: a}]\nproviderKeys: [{provider: nobody, name: x, value: {env: KEY}}]\n");
    let stopped = wardgate(&gateway, "apply -f acme.yaml -y").variable("KEY", "k").fails(2).await;
    assert!(stopped.contains("making provider key nobody/x") && stopped.contains("1 of 2 operations were done"), "{stopped}");
    assert!(!wardgate(&gateway, "team list --name a --quiet").ok().await.is_empty());
    // A document for one account is not applied with the key of another.
    write(&gateway, "account: {name: other}\nteams: []\n");
    let api_key = gateway.api_key().to_owned();
    let refused = wardgate(&gateway, "apply -f acme.yaml -y").variable("WARDGATE_API_KEY", &api_key).fails(2).await;
    assert!(refused.contains("the API key is of default"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_change_when_they_are_told_to() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = crate::gateway(&upstream).await;
    write(&gateway, "providerKeys: [{provider: up, name: main, value: {env: KEY}}]\n");
    let apply = |words: &str, value: &str| wardgate(&gateway, words).variable("KEY", value);
    apply("apply -f acme.yaml -y", "pk-1").ok().await;
    assert!(apply("apply -f acme.yaml -y", "pk-2").ok().await.contains("no changes"));
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    apply("apply -f acme.yaml -y --rotate-secrets", "pk-3").ok().await;
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    let sent: Vec<_> = upstream.seen().iter().map(|seen| seen.header("authorization").concat()).collect();
    assert_eq!(sent, ["Bearer pk-1", "Bearer pk-3"]);
    gateway.settle().await;
}

/// What the operator has, and two accounts that live of it.
const GATEWAY: &str = r#"
tiers:
- {name: trial, requestsPerMinute: 20, modelClasses: [paid, free]}
- {name: batch, tokensPerMinute: 50000}
managedKeys:
- {provider: openai, name: house, value: {env: HOUSE_KEY}}
- {provider: groq, name: house, description: "for all", value: {env: HOUSE_KEY}}
---
account: {name: acme}
tier: trial
grants: [{provider: openai, name: house}, {provider: groq, name: house}]
teams: [{name: night, tier: batch}]
---
account: {name: umbrella}
tier: free
grants: []
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_becomes_what_a_document_says() {
    let gateway = dev().replica().start().await;
    write(&gateway, GATEWAY);
    let apply = |words: &str| wardgate(&gateway, words).variable("HOUSE_KEY", "sk-house");
    let done = apply("apply -f acme.yaml -y").ok().await;
    assert!(done.contains("the gateway\n  + tier trial") && done.contains("+ grant openai/house"), "{done}");
    for words in ["diff -f acme.yaml --prune --exit-code", "diff -f acme.yaml -f exported.yaml --exit-code"] {
        let exported = wardgate(&gateway, "export --account acme").ok().await;
        assert!(exported.contains("grants:\n- provider: openai"), "{exported}");
        std::fs::write(gateway.data().path().join("exported.yaml"), "account: {name: umbrella}\nteams: []\n").unwrap();
        assert!(apply(words).ok().await.contains("no changes"));
        assert!(wardgate(&gateway, "diff -f - --prune --exit-code").input(&exported).ok().await.contains("no changes"));
    }
    let exported = wardgate(&gateway, "export --gateway").ok().await;
    assert!(exported.contains("name: batch") && !exported.contains("name: free"), "{exported}");
    assert!(wardgate(&gateway, "diff -f - --prune --exit-code").input(&exported).ok().await.contains("no changes"));

    // A tier and a key go once nobody has them; and they do not as long as the documents still say that someone does.
    let less = GATEWAY
        .replace("- {name: batch, tokensPerMinute: 50000}\n", "")
        .replace("- {provider: groq, name: house, description: \"for all\", value: {env: HOUSE_KEY}}\n", "");
    write(&gateway, &less);
    let told = apply("apply -f acme.yaml -y --prune").fails(2).await;
    for line in ["the team night is placed on a tier that is to be deleted: batch", "is to be deleted, or is", "acme.yaml:9:43"]
    {
        assert!(told.contains(line), "{line} is missing: {told}");
    }
    let less = less.replace(", tier: batch", "").replace(", {provider: groq, name: house}", "");
    write(&gateway, &less);
    let kept = apply("apply -f acme.yaml -y").ok().await;
    assert!(kept.contains("1 to change") && !kept.contains("delete"), "{kept}");
    let pruned = apply("apply -f acme.yaml -y --prune").ok().await;
    let place = |line: &str| pruned.find(line).unwrap_or_else(|| panic!("{line} is missing: {pruned}"));
    assert!(place("- grant groq/house") < place("- managed key groq/house") && place("- tier batch") > 0, "{pruned}");
    assert!(apply("diff -f acme.yaml --prune --exit-code").ok().await.contains("no changes"));

    // None of this is an API key's to say.
    let api_key = gateway.api_key().to_owned();
    for text in ["tiers: []\n", "grants: []\n"] {
        write(&gateway, text);
        let words = "diff -f acme.yaml";
        let refused = wardgate(&gateway, words).word("--key").word(&api_key).fails(5).await;
        assert!(refused.contains("operator key"), "{refused}");
    }
}
