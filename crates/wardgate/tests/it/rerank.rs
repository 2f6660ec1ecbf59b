//! Ranking: clients of three forms, providers of three forms.

use crate::dev;
use crate::scene::create;
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Reply, Upstream};

/// A surface, whose format it is, where it is asked, and what it answers.
fn forms() -> [(&'static str, &'static str, &'static str, Value); 3] {
    let ranks = json!([{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.5}]);
    [
        ("rerank", "openai", "/v1/rerank", json!({"model": "m", "results": ranks, "usage": {"total_tokens": 7}})),
        ("cohere-rerank", "cohere", "/v2/rerank", json!({"results": ranks, "meta": {"billed_units": {"search_units": 1}}})),
        ("voyage-rerank", "openai", "/v1/rerank", json!({"object": "list", "data": ranks, "usage": {"total_tokens": 7}})),
    ]
}

fn body(surface: &str) -> Value {
    let mut body = json!({"model": "up:m", "query": "q", "documents": ["a", "b"]});
    match surface {
        "voyage-rerank" => {
            body["top_k"] = 2.into();
            body["truncation"] = true.into();
        }
        _ => body["top_n"] = 2.into(),
    }
    body
}

async fn post(gateway: &Gateway, target: &str, body: &Value) -> Answer {
    Ask::new(Dialect::Chat, "").target(target).body(body.to_string()).send(gateway).await
}

async fn before(upstream: &Upstream, format: &str, surface: &str) -> Gateway {
    let gateway = dev().start().await;
    let surfaces = json!([{"format": format, "surface": surface}]);
    let made = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces});
    create(&gateway, "/providers", made).await;
    gateway
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_gets_the_ranks_of_every_provider() {
    for (provider, format, upstream_path, answer) in forms() {
        let upstream = Upstream::always(Reply::json(200, &answer)).await;
        let gateway = before(&upstream, format, provider).await;
        for (number, (client, _, path, _)) in forms().into_iter().enumerate() {
            let what = format!("{client} at {provider}");
            let ranked = post(&gateway, path, &body(client)).await;
            assert_eq!(ranked.status, 200, "{what}: {}", ranked.text());
            let told = ranked.json();
            let list = &told[if client == "voyage-rerank" { "data" } else { "results" }];
            let ranks: Vec<_> =
                list.as_array().unwrap().iter().map(|rank| (&rank["index"], &rank["relevance_score"])).collect();
            assert_eq!(ranks, [(&json!(1), &json!(0.75)), (&json!(0), &json!(0.5))], "{what}: {told}");
            let seen = upstream.seen().remove(number);
            assert_eq!(seen.target, upstream_path, "{what}");
            let sent: Value = serde_json::from_str(&seen.text()).unwrap();
            let top = if provider == "voyage-rerank" { "top_k" } else { "top_n" };
            assert_eq!(
                (&sent["model"], &sent[top], &sent["documents"]),
                (&json!("m"), &json!(2), &json!(["a", "b"])),
                "{what}"
            );
            if client == provider {
                assert_eq!(told, answer, "between equal forms bytes pass");
            } else if client == "rerank" {
                assert_eq!(list[0]["document"], json!({"text": "b"}), "{what}");
            }
        }
        for event in gateway.usage(3).await {
            let tokens = if provider == "cohere-rerank" { 0 } else { 7 };
            assert_eq!(
                (&event["inputTokens"], &event["usageEstimated"]),
                (&tokens.into(), &false.into()),
                "{provider}: {event}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ranked_must_be_texts_and_errors_stay_the_providers() {
    let upstream = Upstream::always(Reply::json(400, &json!({"message": "too many documents"}))).await;
    let gateway = before(&upstream, "cohere", "cohere-rerank").await;
    let image = json!({"model": "up:m", "query": "q", "documents": [{"image": "https://x/y.png"}]});
    let refused = post(&gateway, "/v1/rerank", &image).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &"unsupported_modality".into()));
    assert_eq!(refused.json()["error"]["param"], "documents[0]");
    assert!(upstream.seen().is_empty());
    let refused = post(&gateway, "/v1/rerank", &body("rerank")).await;
    assert_eq!((refused.status, &refused.json()["error"]["message"]), (400, &"too many documents".into()));
    let chat = post(&gateway, "/v1/chat/completions", &json!({"model": "up:m", "messages": []})).await;
    assert_eq!((chat.status, &chat.json()["error"]["code"]), (404, &"unsupported_endpoint".into()));
    let message = chat.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("the provider up does not serve chat-completions, but rerank, "), "{message}");
}
