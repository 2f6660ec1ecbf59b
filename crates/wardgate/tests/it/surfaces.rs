//! The surfaces beside Chat Completions and Messages: what passes as it is, and what is particular of each.

use crate::dev;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Reply, Upstream};

const OTHERS: [Dialect; 3] = [Dialect::Responses, Dialect::Completions, Dialect::Gemini];

/// A gateway in front of one upstream that speaks one dialect alone.
async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

async fn get(gateway: &Gateway, target: &str, headers: &[(&str, &str)]) -> Answer {
    gateway.client().send("GET".parse().unwrap(), target, headers, "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_pass_between_equal_formats() {
    for dialect in OTHERS {
        let events = dialect.stream(&["one ", "two"]);
        let upstream = Upstream::queue([Reply::says(dialect, "hello"), Reply::events(&events)]).await;
        let gateway = before(&upstream, dialect).await;
        let asked = Ask::new(dialect, "up:some-model").field("a_new_field", json!({"b": 1.5}));
        let whole = asked.send(&gateway).await;
        assert_eq!((whole.status, whole.json()), (200, dialect.whole("hello")), "{dialect:?}");
        let streamed = asked.clone().stream(true).send(&gateway).await;
        assert_eq!(streamed.text(), events.concat(), "{dialect:?}");
        let seen = upstream.seen();
        for seen in &seen {
            assert!(seen.text().contains(r#""a_new_field":{"b":1.5}"#), "{}", seen.text());
        }
        if dialect == Dialect::Gemini {
            let targets: Vec<_> = seen.iter().map(|seen| seen.target.as_str()).collect();
            let path = "/v1beta/models/some-model";
            assert_eq!(targets, [format!("{path}:generateContent"), format!("{path}:streamGenerateContent?alt=sse")]);
        } else {
            assert!(seen.iter().all(|seen| seen.target == dialect.path()));
        }
        for event in gateway.usage(2).await {
            assert_eq!(event["completion"], "succeeded", "{dialect:?}");
            // A stream of completions tells its usage only to those who ask.
            assert!(dialect == Dialect::Completions || event["inputTokens"] == 12, "{dialect:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_and_breaks_are_told_in_each_form() {
    for dialect in OTHERS {
        let broken = Reply::begin_stream().chunk(dialect.opening() + &dialect.content("some text")).close();
        let upstream = Upstream::queue([Reply::json(400, &dialect.error("wrong")), broken]).await;
        let gateway = before(&upstream, dialect).await;
        let asked = Ask::new(dialect, "up:m");
        let refused = asked.send(&gateway).await;
        assert_eq!((refused.status, dialect.error_code(&refused.json()).as_str()), (400, "upstream_invalid_request"));
        let text = asked.clone().stream(true).send(&gateway).await.text();
        assert!(text.contains("some text") && dialect.stream_error(&text)["message"].is_string(), "{dialect:?}: {text}");
        let unknown = asked.token("ng-nonsense").send(&gateway).await;
        assert_eq!((unknown.status, dialect.error_code(&unknown.json()).as_str()), (401, "malformed_access_key"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_alt_sse_a_gemini_stream_is_one_array() {
    for provider in [Dialect::Gemini, Dialect::Chat] {
        let broken = Reply::begin_stream().chunk(provider.opening() + &provider.content("some text")).close();
        let upstream = Upstream::queue([Reply::streams(provider, &["one ", "two"]), broken]).await;
        let gateway = before(&upstream, provider).await;
        let asked = Ask::new(Dialect::Gemini, "up:m").target("/v1beta/models/up:m:streamGenerateContent");
        let said = |answer: &Answer| {
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{}", answer.text());
            answer.json().as_array().unwrap().clone()
        };
        let chunks = said(&asked.send(&gateway).await);
        let text: String = chunks.iter().map(|chunk| Dialect::Gemini.read_whole(chunk).text).collect();
        assert_eq!(text, "one two", "{provider:?}");
        assert_eq!(chunks.last().unwrap()["candidates"][0]["finishReason"], "STOP");
        let chunks = said(&asked.send(&gateway).await);
        assert!(chunks.last().unwrap()["error"]["status"].is_string(), "{chunks:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn googles_places_for_a_key_are_read_and_go_no_further() {
    let upstream = Upstream::always(Reply::says(Dialect::Gemini, "hello")).await;
    let gateway = before(&upstream, Dialect::Gemini).await;
    gateway.add_provider_key("up", "sk-canary").await;
    let token = gateway.key().token.clone();
    let path = "/v1beta/models/up%3Am:generateContent";
    let by_header = Ask::new(Dialect::Gemini, "up:m").target(path).token("").header("x-goog-api-key", &token);
    let by_query = Ask::new(Dialect::Gemini, "up:m").target(&format!("{path}?key={token}")).token("");
    for asked in [by_header, by_query] {
        let answer = asked.send(&gateway).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for seen in upstream.seen() {
        assert_eq!(
            (seen.target.as_str(), seen.header("x-goog-api-key")),
            ("/v1beta/models/m:generateContent", vec!["sk-canary"])
        );
        assert!(!format!("{seen:?}").contains(&token));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_on_output_reaches_geminis_generation_config() {
    let upstream = Upstream::always(Reply::says(Dialect::Gemini, "hello")).await;
    let gateway = before(&upstream, Dialect::Gemini).await;
    crate::scene::change(&gateway, "/gateway-config", json!({"maxOutputTokens": 50})).await;
    let answer = Ask::new(Dialect::Gemini, "up:m").send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-output-cap")), (200, "50"));
    let body: Value = serde_json::from_str(&upstream.only().text()).unwrap();
    assert_eq!(body["generationConfig"], json!({"maxOutputTokens": 50}));
    // The same for whom it is written anew.
    let other = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    gateway.add_speaker("other", other.url(), Dialect::Chat).await;
    let answer = Ask::new(Dialect::Gemini, "other:m").send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-output-cap")), (200, "50"));
    let body: Value = serde_json::from_str(&other.only().text()).unwrap();
    assert_eq!(body["max_tokens"], 50, "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_socket_is_refused_at_once_so_that_codex_falls_back() {
    let gateway = dev().start().await;
    let started = Instant::now();
    let answer = get(&gateway, "/v1/responses", &[("connection", "Upgrade"), ("upgrade", "websocket")]).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (426, &"no_web_socket".into()));
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(get(&gateway, "/v1/responses", &[]).await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_made_in_the_background_would_escape_the_meter() {
    let upstream = Upstream::always(Reply::streams(Dialect::Responses, &["hello"])).await;
    let gateway = before(&upstream, Dialect::Responses).await;
    let asked = |is_stream| Ask::new(Dialect::Responses, "up:m").stream(is_stream).field("background", true);
    let answer = asked(false).send(&gateway).await;
    assert_eq!((answer.status, answer.json()["error"]["param"].as_str()), (400, Some("background")), "{}", answer.text());
    // A stream tells what it used.
    let answer = asked(true).send(&gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body: Value = serde_json::from_str(&upstream.only().text()).unwrap();
    assert_eq!(body["background"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_are_listed_in_the_callers_dialect() {
    let gateway = dev().start().await;
    let token = gateway.key().token.clone();
    let bearer = format!("Bearer {token}");
    let openai = get(&gateway, "/v1/models", &[("authorization", &bearer)]).await.json();
    assert!(openai["object"] == "list" && openai["data"][0]["object"] == "model", "{openai}");
    let headers = [("x-api-key", token.as_str()), ("anthropic-version", "2023-06-01")];
    let anthropic = get(&gateway, "/v1/models", &headers).await.json();
    assert!(anthropic["has_more"] == false && anthropic["data"][0]["type"] == "model", "{anthropic}");
    let google = get(&gateway, "/v1beta/models", &[("x-goog-api-key", &token)]).await.json();
    let ids: Vec<_> = openai["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    let names: Vec<_> = google["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names, ids.iter().map(|id| format!("models/{id}")).collect::<Vec<_>>());
    let one = get(&gateway, "/v1beta/models/sandbox:echo", &[("x-goog-api-key", &token)]).await.json();
    assert_eq!(one["name"], "models/sandbox:echo");
    let none = get(&gateway, "/v1beta/models/nothing", &[("x-goog-api-key", &token)]).await;
    assert_eq!((none.status, Dialect::Gemini.error_code(&none.json()).as_str()), (404, "unknown_model"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_models_reasoning_does_not_reach_a_provider_of_the_clients_own_format() {
    let upstream = Upstream::always(Reply::says(Dialect::Messages, "hello")).await;
    let gateway = before(&upstream, Dialect::Messages).await;
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "wg1.openai-responses.1f.e.AAAA"});
    let said = json!({"type": "text", "text": "before"});
    let messages = json!([
        {"role": "user", "content": "a"}, {"role": "assistant", "content": [thinking, said]}, {"role": "user", "content": "b"},
    ]);
    let answer = Ask::new(Dialect::Messages, "up:m").field("messages", messages).send(&gateway).await;
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&upstream.only().text()).unwrap();
    assert_eq!(body["messages"][1]["content"], json!([said]));
    assert_eq!(body["model"], "m");
}
