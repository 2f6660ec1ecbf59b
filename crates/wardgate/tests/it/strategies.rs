//! Expressions in a key's configuration decide on each request: whether it is answered, by which model, with which key, and what
//! is changed in it.

use crate::dev;
use crate::scene::{asked_models, bilingual, change, configuration, configured_key, create, key_with};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gateway, Upstream};

async fn gateway(upstream: &Upstream) -> Gateway {
    let gateway = dev().start().await;
    let surfaces = json!([{"format": "openai"}, {"format": "anthropic"}]);
    let up = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces});
    create(&gateway, "/providers", up).await;
    gateway
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_are_selected_and_ordered() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    create(&gateway, "/virtual-models", json!({"name": "chat", "models": ["up:one", "up:two", "up:three"]})).await;
    let id = configuration(&gateway, json!({"model_selection": {"strategy": ["ai.models.reverse()"]}})).await;
    let key = key_with(&gateway, &id).await;
    let path = format!("/access-key-configurations/{id}");
    for (selection, expected) in [
        (json!({"strategy": ["ai.models.reverse()"]}), (200, "three", "")),
        (json!({"strategy": ["ai.models.filter(m, m.id == 'two')"]}), (200, "two", "up:one, up:three")),
        (json!({"strategy": ["ai.models.only(['four'])", "ai.models[1]"]}), (200, "two", "up:one, up:three")),
        (json!({"strategy": ["ai.models[9]"], "on_error": "continue"}), (200, "one", "")),
        (
            json!({"strategy": ["ai.models.filter(m, m.fallback)"], "fallback_models": ["up:four"]}),
            (200, "four", "up:one, up:two, up:three"),
        ),
        (Value::Null, (200, "one", "")),
    ] {
        change(&gateway, &path, json!({ "model_selection": selection })).await;
        for dialect in Dialect::ALL {
            let answer = Ask::new(dialect, "chat").key(&key).send(&gateway).await;
            let told = (answer.status, answer.header("x-wardgate-model"), answer.header("x-wardgate-skipped-models"));
            assert_eq!(told, expected, "{selection}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_admitted_is_refused_with_the_policys_words() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let default = "the configuration of this access key does not admit this request";
    let place = "admit[0].expression of the configuration cannot be worked out for this request: a list has no such item";
    for (admit, code, message) in [
        (json!([{"expression": "request.stream", "message": "stream it"}]), "not_admitted", "stream it"),
        (json!([{"expression": "true"}, {"expression": "team.name == 'x' || 'x' in tags"}]), "not_admitted", default),
        (json!([{"expression": "tags[3] == 'x'"}]), "strategy_failed", place),
    ] {
        let key = configured_key(&gateway, json!({ "admit": admit })).await;
        for dialect in Dialect::ALL {
            let answer = Ask::new(dialect, "up:one").key(&key).send(&gateway).await;
            let told = answer.json();
            assert_eq!((answer.status, dialect.error_code(&told).as_str()), (403, code), "{told}");
            assert_eq!(told["error"]["message"], message, "{told}");
        }
    }
    let key = configured_key(&gateway, json!({"model_selection": {"strategy": ["ai.models.only(['two'])"]}})).await;
    let answer = Ask::new(Dialect::Chat, "up:one").key(&key).send(&gateway).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (403, Some("model_not_selected")));
    assert_eq!(asked_models(&upstream), Vec::<String>::new());
    let admitted = json!({"admit": [{"expression": "team.name == 'default' && account.name != '' && key.name == 'a key'"}]});
    let key = configured_key(&gateway, admitted).await;
    assert_eq!(Ask::new(Dialect::Chat, "up:one").key(&key).send(&gateway).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_changed_for_the_model_that_is_called() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let transform = json!([
        {"when": "model.id == 'one'", "set": {"temperature": 0}, "default": {"top_p": 0.5}, "cap": {"n": 1}, "remove": ["logprobs"]},
        {"max_output_tokens": 50},
    ]);
    let key = configured_key(&gateway, json!({ "transform": transform })).await;
    let ask = |model: &str| {
        let body = json!({"model": model, "messages": [], "temperature": 1, "n": 3, "logprobs": true, "max_tokens": 70});
        Ask::new(Dialect::Chat, "").body(body.to_string()).key(&key)
    };
    let answer = ask("up:one").send(&gateway).await;
    let changes = ["changed-params", "removed-params", "output-cap"].map(|name| answer.header(&format!("x-wardgate-{name}")));
    assert_eq!(changes, ["n, temperature, top_p", "logprobs", "50"], "{}", answer.text());
    ask("up:two").send(&gateway).await;
    let sent = |at: usize| serde_json::from_str::<Value>(&upstream.seen()[at].text()).unwrap();
    assert_eq!(sent(0), json!({"model": "one", "messages": [], "temperature": 0, "n": 1, "max_tokens": 50, "top_p": 0.5}));
    assert_eq!(sent(1), json!({"model": "two", "messages": [], "temperature": 1, "n": 3, "logprobs": true, "max_tokens": 50}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provider_keys_are_selected_by_their_names() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    for name in ["main", "spare"] {
        let key = json!({"name": name, "providerId": "up", "value": format!("sk-{name}-0123456789")});
        create(&gateway, "/provider-keys", key).await;
    }
    let selection = json!({"strategy": ["ai.keys.filter(k, k.name == 'spare')"]});
    let key = configured_key(&gateway, json!({ "key_selection": selection })).await;
    assert_eq!(Ask::new(Dialect::Chat, "up:one").key(&key).send(&gateway).await.status, 200);
    assert_eq!(upstream.seen()[0].header("authorization"), ["Bearer sk-spare-0123456789"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_told_with_its_place_and_nothing_is_stored() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let body = json!({
        "name": "wrong",
        "admit": [{"expression": "request.steam"}, {"expression": "1 +"}],
        "model_selection": {"strategy": ["ai.models.all(a, ai.models.all(b, ai.models.all(c, a.id == b.id)))", "'x'"]},
        "transform": [{"set": {"model": "gpt-4o"}}],
    });
    let answer = gateway.manage("POST".parse().unwrap(), "/access-key-configurations", Some(&body)).await;
    let text = answer.text();
    assert_eq!(answer.status, 400, "{text}");
    let details = &answer.json()["details"];
    for (path, why) in [
        ("admit[0].expression", "is wrong at line 1, column 9: the request has no field steam; did you mean stream?"),
        ("admit[1].expression", "is wrong at line 1, column 4: something is missing at the end"),
        ("model_selection.strategy[0]", "is wrong at line 1, column 11: the expression may take "),
        (
            "model_selection.strategy[1]",
            "is wrong at line 1, column 1: the expression gives a text, and must give a list of models",
        ),
        ("transform[0].set.model", "cannot be changed"),
    ] {
        assert!(details[path].as_str().is_some_and(|told| told.starts_with(why)), "{path}: {details:#}");
    }
    let listed = gateway.manage("GET".parse().unwrap(), "/access-key-configurations?name=wrong", None).await.json();
    assert_eq!(listed["aiGatewayAccessKeyConfigurations"], json!([]), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_tells_what_strategies_did_and_a_change_of_them_counts_from_the_next_request() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let id = configuration(&gateway, json!({"model_selection": {"strategy": ["ai.models.only(['two'])"]}})).await;
    let key = key_with(&gateway, &id).await;
    let path = format!("/access-key-configurations/{id}");
    let explained = async || {
        let body = json!({"model": "up:one", "models": ["up:two"], "messages": []});
        let asked = Ask::new(Dialect::Chat, "").body(body.to_string()).key(&key);
        let told = asked.target("/v1/route/explain").send(&gateway).await.json();
        let list = |name: &str, field: &str| {
            let items = told[name].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned());
            items.collect::<Vec<_>>().join(" ")
        };
        let is_ordered = told["ordered_by"] == json!(["strategy"]);
        assert_eq!(is_ordered, told["candidates"].as_array().unwrap().len() == 1, "{told}");
        (list("candidates", "model"), list("dropped", "filter"), told["refusal"]["code"].clone())
    };
    let as_told = |models: &str, filters: &str, code: Value| (models.to_owned(), filters.to_owned(), code);
    assert_eq!(explained().await, as_told("two", "strategy", Value::Null));
    change(&gateway, &path, json!({"admit": [{"expression": "'paid' in tags"}]})).await;
    assert_eq!(explained().await, as_told("", "strategy", json!("not_admitted")));
    assert_eq!(Ask::new(Dialect::Chat, "up:one").or(&["up:two"]).key(&key).send(&gateway).await.status, 403);
    change(&gateway, &path, json!({"admit": null, "model_selection": null})).await;
    assert_eq!(explained().await, as_told("one two", "", Value::Null));
    assert_eq!(Ask::new(Dialect::Chat, "up:one").key(&key).send(&gateway).await.header("x-wardgate-model"), "one");
    gateway.revoke(&key).await;
    assert_eq!(Ask::new(Dialect::Chat, "up:one").key(&key).send(&gateway).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_candidates_is_refused_by_what_removed_them() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let open = configured_key(&gateway, json!({"access": {}})).await;
    let scoped = configured_key(&gateway, json!({"access": {"models": {"deny": ["up:one", "up:two"]}}})).await;
    let selected = configured_key(&gateway, json!({"model_selection": {"strategy": ["ai.models.only(['three'])"]}})).await;
    for (key, provider, status, code, cause) in [
        (&open, json!({"only": []}), 404, "no_preferred_provider", "2 not preferred"),
        (&scoped, json!({}), 403, "model_not_allowed", "2 out of scope"),
        (&selected, json!({}), 403, "model_not_selected", "2 not selected"),
    ] {
        let body = json!({"model": "up:one", "models": ["up:two"], "messages": [], "provider": provider});
        let answer = Ask::new(Dialect::Chat, "").body(body.to_string()).key(key).send(&gateway).await;
        let told = answer.json();
        let message = told["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((answer.status, told["error"]["code"].as_str().unwrap_or_default()), (status, code), "{told}");
        assert!(message.contains(cause) && message.contains("up:one: ") && message.contains("up:two: "), "{told}");
    }
}
