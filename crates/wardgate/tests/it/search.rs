//! Searching the web across formats: what the provider is asked, what the client gets, and what is counted.

use crate::dev;
use serde_json::{Value, json};
use tempfile::TempDir;
use wardgate_testkit::{Ask, Dialect, Gateway, Key, Reply, Upstream};

/// A gateway in front of one upstream whose model searches: the operator's file has a price for it, a cent a search.
pub(crate) async fn before(upstream: &Upstream, provider: Dialect) -> (Gateway, Key, TempDir) {
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

/// What Anthropic answers when it searched twice.
pub(crate) fn found() -> Value {
    let cited = json!({"type": "web_search_result_location", "url": "https://a.example/1", "title": "A", "cited_text": "x", "encrypted_index": "y"});
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "finder",
        "content": [
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Zürich"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {"type": "text", "text": "Größe: "},
            {"type": "text", "text": "viel", "citations": [cited]},
        ],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 12, "output_tokens": 3, "server_tool_use": {"web_search_requests": 2}},
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_through_messages_is_cited_counted_and_priced() {
    let upstream = Upstream::always(Reply::json(200, &found())).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
    let place = json!({"type": "approximate", "approximate": {"country": "CH"}});
    let ask = Ask::new(Dialect::Chat, "house:finder").key(&key).field("web_search_options", json!({"user_location": place}));
    let answer = ask.send(&gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let tool =
        json!({"type": "web_search_20250305", "name": "web_search", "user_location": {"type": "approximate", "country": "CH"}});
    assert_eq!(asked(&upstream)["tools"], json!([tool]));
    let message = &answer.json()["choices"][0]["message"];
    assert_eq!(message["content"], "Größe: viel");
    assert!(message["tool_calls"].is_null(), "{message}");
    let cited = json!({"start_index": 7, "end_index": 11, "url": "https://a.example/1", "title": "A"});
    assert_eq!(message["annotations"], json!([{"type": "url_citation", "url_citation": cited}]));
    assert_eq!(answer.json()["usage"]["server_tool_use"], json!({"web_search_requests": 2}));
    assert_eq!(answer.header("x-wardgate-cost"), "0.020000000");
    assert_eq!(gateway.usage(1).await[0]["totalCost"], "0.02000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_messages_gets_what_google_found_as_a_stream() {
    let chunk = |text: &str, more: Value| {
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
        candidate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let usage = json!({"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15});
        format!("data: {}\n\n", json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "finder"}))
    };
    let found = json!({
        "webSearchQueries": ["a", "b", "c"],
        "groundingChunks": [{"web": {"uri": "https://a.example/1", "title": "A"}}],
        "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 7}, "groundingChunkIndices": [0]}],
    });
    let events = [chunk("Größe", json!({})), chunk(" zählt", json!({"finishReason": "STOP", "groundingMetadata": found}))];
    let upstream = Upstream::always(Reply::events(&events)).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Gemini).await;
    let tool = json!([{"type": "web_search_20260318", "name": "web_search"}]);
    let ask = Ask::new(Dialect::Messages, "house:finder").key(&key).stream(true).field("tools", tool);
    let answer = ask.send(&gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(asked(&upstream)["tools"], json!([{"googleSearch": {}}]));
    let text = answer.text();
    let said = Dialect::Messages.read_stream(&text);
    assert_eq!((said.text.as_str(), said.tokens), ("Größe zählt", Some((12, 3))), "{text}");
    assert!(text.contains(r#""type":"citations_delta""#) && text.contains("https://a.example/1"), "{text}");
    assert!(text.contains(r#""server_tool_use":{"web_search_requests":3}"#), "{text}");
    assert_eq!(gateway.usage(1).await[0]["totalCost"], "0.03000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_are_counted_where_bytes_pass() {
    let queries = json!({"webSearchQueries": ["a", "b"]});
    let part = json!({"role": "model", "parts": [{"text": "x"}]});
    let gemini = json!({
        "candidates": [{"index": 0, "content": part, "finishReason": "STOP", "groundingMetadata": queries}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    });
    let call =
        json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "a"}});
    let responses = json!({
        "id": "r", "object": "response", "status": "completed", "model": "finder", "output": [call],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
    });
    for (dialect, reply, cost) in [(Dialect::Gemini, gemini, "0.02000"), (Dialect::Responses, responses, "0.01000")] {
        let upstream = Upstream::always(Reply::json(200, &reply)).await;
        let (gateway, key, _dir) = before(&upstream, dialect).await;
        let answer = Ask::new(dialect, "house:finder").key(&key).send(&gateway).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json(), reply);
        assert_eq!(gateway.usage(1).await[0]["totalCost"], cost, "{dialect:?}");
    }
}
