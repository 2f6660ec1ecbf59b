//! Searching the web across formats: what the provider is asked, what the client gets, and what is counted.

use crate::dev;
use serde_json::{Value, json};
use tempfile::TempDir;
use wardgate_testkit::{Ask, Dialect, Gateway, Key, Reply, Upstream};

/// A gateway in front of one upstream whose model searches: the operator's file has a price for it, a cent a search.
async fn before(upstream: &Upstream, provider: Dialect) -> (Gateway, Key, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.yaml");
    let surface = match provider {
        Dialect::Messages => "messages",
        Dialect::Gemini => "generate-content",
        Dialect::Responses => "responses",
        _ => "chat-completions",
    };
    let text = format!(
        "providers:\n- {{id: house, baseUrl: '{}', surfaces: [{surface}]}}\nmodels:\n- {{provider: house, id: finder, pricing: {{input: 0, output: 0, webSearch: 0.01}}}}\n",
        upstream.url()
    );
    std::fs::write(&path, text).unwrap();
    let gateway = dev().with("--catalog-file", &path).start().await;
    let key = gateway.create_key("app").await;
    (gateway, key, dir)
}

fn asked(upstream: &Upstream) -> Value {
    serde_json::from_str(&upstream.only().text()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_without_a_price_for_searches_is_not_asked_to_search() {
    let upstream = Upstream::always(Reply::says(Dialect::Messages, "never")).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
    let ask = Ask::new(Dialect::Chat, "house:unknown").key(&key).field("web_search_options", json!({}));
    let answer = ask.send(&gateway).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "server_tool_not_available");
    assert_eq!(answer.json()["error"]["param"], "web_search_options");
    assert!(upstream.seen().is_empty());
    // The next model of the list may.
    let answer = ask.or(&["house:finder"]).send(&gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(asked(&upstream)["tools"], json!([{"type": "web_search_20250305", "name": "web_search"}]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn domains_that_cannot_be_said_are_named_and_refused_by_who_asks_to_lose_nothing() {
    let upstream = Upstream::always(Reply::says(Dialect::Gemini, "Good day")).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Gemini).await;
    let tool = json!([{"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.example"]}]);
    let ask = Ask::new(Dialect::Messages, "house:finder").key(&key).field("tools", tool);
    let answer = ask.send(&gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-wardgate-warnings"), "search_domains_dropped;tools[0].allowed_domains");
    assert_eq!(asked(&upstream)["tools"], json!([{"googleSearch": {}}]));
    let answer = ask.header("x-wardgate-strict", "true").send(&gateway).await;
    assert_eq!((answer.status, upstream.seen().len()), (400, 1), "{}", answer.text());
}
