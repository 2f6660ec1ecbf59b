//! OpenRouter's base: what an answer tells of itself, and what can be asked about it afterwards.

use crate::{ask, dev, gateway, started};
use serde_json::{Value, json};
use std::time::Duration;
use wardgate_testkit::{Answer, DEADLINE, Dialect, Gateway, Reply, Upstream, until};

const CHAT: &str = "/api/v1/chat/completions";

/// In dollars for a million tokens; an answer of the test provider has fifteen.
const FEE: &str = "10";
const COST: f64 = 0.00015;

async fn with_fee(upstream: &Upstream) -> Gateway {
    started(dev().with("--processing-fee", FEE).with("--keep-alive-after", "150ms"), upstream).await
}

async fn get(gateway: &Gateway, target: &str) -> Answer {
    let authorization = format!("Bearer {}", gateway.key().token);
    gateway.client().send("GET".parse().unwrap(), target, &[("authorization", &authorization)], "").await
}

fn is_cost(found: &Value) -> bool {
    found.as_f64().is_some_and(|cost| (cost - COST).abs() < 1e-12)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_answer_tells_its_cost_and_is_found_at_once() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = with_fee(&upstream).await;
    let answer = ask(Dialect::Chat).target(CHAT).send(&gateway).await;
    let body = answer.json();
    let id = body["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("gen-") && answer.header("x-generation-id") == id, "{body}");
    assert_eq!((&body["provider"], &body["choices"][0]["native_finish_reason"]), (&json!("up"), &json!("stop")));
    assert!(is_cost(&body["usage"]["cost"]) && is_cost(&body["usage"]["total_cost"]), "{body}");
    assert_eq!(body["usage"]["cost_details"]["upstream_inference_cost"], json!(null));
    assert_eq!(answer.header("x-wardgate-cost"), "0.000150000");
    assert_eq!(
        body["choices"][0]["message"],
        Dialect::Chat.whole("hello")["choices"][0]["message"],
        "the rest is the provider's"
    );

    let found = get(&gateway, &format!("/api/v1/generation?id={id}")).await;
    let data = found.json()["data"].clone();
    assert_eq!((found.status, &data["id"], &data["model"]), (200, &json!(id), &json!("some-model")));
    assert_eq!((&data["tokens_prompt"], &data["tokens_completion"], &data["streamed"]), (&json!(12), &json!(3), &json!(false)));
    assert!(is_cost(&data["total_cost"]), "{data}");
    assert_eq!(data["provider_responses"][0]["status"], 200);
    let by_request = get(&gateway, &format!("/api/v1/generation?id={}", answer.header("x-wardgate-request-id"))).await;
    assert_eq!(by_request.json()["data"]["id"], json!(id));
    gateway.usage(1).await;
    assert_eq!(get(&gateway, &format!("/api/v1/generation?id={id}")).await.json()["data"], data, "the store says the same");
    for unknown in ["gen-1-0000000000000000000000", "x", ""] {
        let answer = get(&gateway, &format!("/api/v1/generation?id={unknown}")).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].clone()), (404, json!("unknown_generation")));
    }
    let mut key = Value::Null;
    until("the sum of the key", DEADLINE, async || {
        key = get(&gateway, "/api/v1/key").await.json()["data"].clone();
        is_cost(&key["usage"])
    })
    .await;
    assert!(["usage_daily", "usage_weekly", "usage_monthly"].iter().all(|field| is_cost(&key[*field])), "{key}");
    assert_eq!((&key["limit"], &key["is_management_key"]), (&json!(null), &json!(false)));
}

/// The data of the events of a stream, as JSON where it is.
fn events(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_its_cost_once_before_its_end() {
    let mut slow = Reply::begin_stream().chunk(Dialect::Chat.opening()).chunk(Dialect::Chat.content("one"));
    slow = slow.wait(Duration::from_millis(500)).chunk(Dialect::Chat.ending()).end();
    for (reply, is_slow) in [(Reply::streams(Dialect::Chat, &["one", "two"]), false), (slow, true)] {
        let upstream = Upstream::always(reply).await;
        let gateway = with_fee(&upstream).await;
        let answer = ask(Dialect::Chat).target(CHAT).stream(true).send(&gateway).await;
        let text = answer.text();
        let events = events(&text);
        let id = answer.header("x-generation-id").to_owned();
        let (end, chunks) = events.split_last().unwrap();
        assert_eq!(end, "[DONE]", "{text}");
        assert!(chunks.iter().all(|chunk| chunk["id"] == id.as_str() && chunk["provider"] == "up"), "{text}");
        let told: Vec<_> = chunks.iter().filter(|chunk| chunk["usage"].is_object()).collect();
        assert_eq!(told.len(), 1, "{text}");
        assert_eq!(chunks.last().unwrap()["usage"], told[0]["usage"], "it is the last of them");
        assert!(told[0]["usage"]["cost"].is_number(), "{text}");
        let stopped = chunks.iter().find(|chunk| chunk["choices"][0]["finish_reason"].is_string()).unwrap();
        assert_eq!(stopped["choices"][0]["native_finish_reason"], "stop");
        assert_eq!(text.contains("\n: keep-alive\n"), is_slow, "{text}");
        let found = get(&gateway, &format!("/api/v1/generation?id={id}")).await.json();
        assert_eq!((&found["data"]["streamed"], &found["data"]["total_cost"]), (&json!(true), &told[0]["usage"]["cost"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elsewhere_cost_is_told_to_who_asks_and_bytes_are_the_providers_to_others() {
    let whole = Dialect::Chat.whole("hello");
    let upstream = Upstream::always(Reply::json(200, &whole)).await;
    let gateway = gateway(&upstream).await;
    assert_eq!(ask(Dialect::Chat).field("usage", json!({"include": false})).send(&gateway).await.json(), whole);
    let answer = ask(Dialect::Chat).field("usage", json!({"include": true})).send(&gateway).await;
    let body = answer.json();
    assert_eq!((&body["id"], &body["usage"]["cost"], body.get("provider")), (&whole["id"], &json!(0), None), "{body}");
    assert_eq!(answer.header("x-generation-id"), "");
    for (key, value) in whole["usage"].as_object().unwrap() {
        assert_eq!(&body["usage"][key], value, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_tells_its_cost_beside_its_usage() {
    let upstream = Upstream::scripted(|seen| {
        let is_stream = seen.text().contains("\"stream\":true");
        if is_stream { Reply::streams(Dialect::Messages, &["one"]) } else { Reply::says(Dialect::Messages, "hello") }
    })
    .await;
    let gateway = with_fee(&upstream).await;
    let messages = || ask(Dialect::Messages).target("/api/v1/messages");
    let body = messages().send(&gateway).await.json();
    assert!(is_cost(&body["usage"]["cost"]) && body["provider"] == "up", "{body}");
    assert_eq!(body["id"], Dialect::Messages.whole("hello")["id"]);
    let text = messages().stream(true).send(&gateway).await.text();
    let delta = events(&text).into_iter().find(|event| event["type"] == "message_delta").unwrap();
    assert!(is_cost(&delta["usage"]["cost"]), "{text}");
}
