//! Counts of tokens: by providers that count in the client's format or in another one, and reckoned where nobody counts.

use crate::dev;
use crate::scene::{change, create};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Reply, Upstream};

const MESSAGES: &str = "/v1/messages/count_tokens";
const RESPONSES: &str = "/v1/responses/input_tokens";

async fn post(gateway: &Gateway, target: &str, body: &Value) -> Answer {
    Ask::new(Dialect::Chat, "").target(target).body(body.to_string()).send(gateway).await
}

/// A gateway in front of a provider `up` with this surface alone.
async fn before(upstream: &Upstream, format: &str, surface: &str) -> Gateway {
    let gateway = dev().start().await;
    let surfaces = json!([{"format": format, "surface": surface}]);
    let made = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces});
    create(&gateway, "/providers", made).await;
    gateway
}

/// What each client asks about `words` of a model: where, and with which body; and under what it finds the count.
fn clients(model: &str, words: &str) -> [(String, Value, &'static str); 3] {
    [
        (MESSAGES.to_owned(), json!({"model": model, "messages": [{"role": "user", "content": words}]}), "input_tokens"),
        (
            format!("/v1beta/models/{model}:countTokens"),
            json!({"contents": [{"role": "user", "parts": [{"text": words}]}]}),
            "totalTokens",
        ),
        (RESPONSES.to_owned(), json!({"model": model, "input": words}), "input_tokens"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_gets_the_count_of_every_provider() {
    let in_gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    for (format, surface, answer, path) in [
        ("anthropic", "count-tokens", json!({"input_tokens": 77}), MESSAGES),
        ("google", "gemini-count-tokens", json!({"totalTokens": 77}), "/v1beta/models/m:countTokens"),
        ("openai", "responses-input-tokens", json!({"object": "response.input_tokens", "input_tokens": 77}), RESPONSES),
    ] {
        let upstream = Upstream::always(Reply::json(200, &answer)).await;
        let gateway = before(&upstream, format, surface).await;
        for (number, (target, body, field)) in clients("up:m", "hi").into_iter().enumerate() {
            let what = format!("{target} at {surface}");
            let counted = post(&gateway, &target, &body).await;
            assert_eq!((counted.status, &counted.json()[field]), (200, &json!(77)), "{what}: {}", counted.text());
            assert_eq!((counted.header("x-wardgate-warnings"), counted.header("x-wardgate-estimated")), ("", ""), "{what}");
            assert_eq!(target == RESPONSES, counted.json()["object"] == "response.input_tokens", "{what}");
            let seen = upstream.seen().remove(number);
            assert_eq!(seen.target, path, "{what}");
            let sent: Value = serde_json::from_str(&seen.text()).unwrap();
            let text = sent.to_string();
            assert!(text.contains("\"hi\"") && !text.contains("max_tokens") && !text.contains("up:m"), "{what}: {text}");
            match surface {
                "gemini-count-tokens" if target.contains("v1beta") => assert_eq!(sent, in_gemini, "it passes as it is"),
                "gemini-count-tokens" => assert_eq!(sent["generateContentRequest"]["model"], "models/m", "{what}"),
                _ => assert_eq!(sent["model"], "m", "{what}"),
            }
        }
        for event in gateway.usage(3).await {
            assert_eq!((&event["inputTokens"], &event["totalCost"]), (&0.into(), &"0.00000".into()), "counting uses nothing");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_within_a_count_goes_to_the_model_of_the_path() {
    let upstream = Upstream::always(Reply::json(200, &json!({"totalTokens": 5}))).await;
    let gateway = before(&upstream, "google", "gemini-count-tokens").await;
    let asked = |model: &str| {
        let body = format!(r#"{{"generateContentRequest":{{"model":"{model}","contents":[],"new":1.0}}}}"#);
        Ask::new(Dialect::Gemini, "").target("/v1beta/models/up:m:countTokens").body(body)
    };
    assert_eq!(asked("models/up:m").send(&gateway).await.json(), json!({"totalTokens": 5}));
    assert_eq!(upstream.only().text(), r#"{"generateContentRequest":{"model":"models/m","contents":[],"new":1.0}}"#);
    let other = asked("models/up:other").send(&gateway).await;
    assert_eq!((other.status, Dialect::Gemini.error_code(&other.json()).as_str()), (400, "model_differs"));
    assert!(other.text().contains("generateContentRequest.model"), "{}", other.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_counts_it_is_reckoned_and_marked() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    let gateway = before(&upstream, "openai", "chat-completions").await;
    for (target, body, field) in clients("up:m", &"x".repeat(4_000)) {
        let reckoned = post(&gateway, &target, &body).await;
        assert_eq!((reckoned.status, reckoned.header("x-wardgate-estimated")), (200, "true"), "{}", reckoned.text());
        assert_eq!(reckoned.header("x-wardgate-warnings"), format!("usage_estimated;{field}"));
        let tokens = reckoned.json()[field].as_u64().unwrap();
        assert!((1_000..1_010).contains(&tokens), "{target}: {tokens}");
    }
    // A picture is no text, whatever its size.
    let source = json!({"type": "base64", "media_type": "image/png", "data": "A".repeat(400_000)});
    let picture = json!([{"role": "user", "content": [{"type": "image", "source": source}]}]);
    let reckoned = post(&gateway, MESSAGES, &json!({"model": "up:m", "messages": picture})).await;
    assert!(reckoned.json()["input_tokens"].as_u64().is_some_and(|tokens| tokens < 2_000), "{}", reckoned.text());
    // Whoever wants no loss wants no guess; what is no request is not reckoned; whoever may not call the model learns nothing.
    let [(target, body, _), ..] = clients("up:m", "hi");
    let strict = Ask::new(Dialect::Messages, "").target(&target).body(body.to_string()).header("x-wardgate-strict", "true");
    assert_eq!(strict.send(&gateway).await.json()["error"]["code"], "unsupported_endpoint");
    for wrong in [json!({"model": "up:m"}), json!({"model": "nowhere:m", "messages": []})] {
        assert_eq!(post(&gateway, MESSAGES, &wrong).await.status, 400, "{wrong}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_between_equal_formats_passes_with_its_query_and_without_a_cap() {
    let upstream = Upstream::always(Reply::whole(200, "application/json", r#"{ "input_tokens": 77, "new": 1.0 }"#)).await;
    let gateway = before(&upstream, "anthropic", "count-tokens").await;
    change(&gateway, "/gateway-config", json!({"maxOutputTokens": 50})).await;
    let body = r#"{"model":"up:m","messages":[{"role":"user","content":"hi"}],"new":1.0}"#;
    let counted = Ask::new(Dialect::Messages, "").target(&format!("{MESSAGES}?beta=true")).body(body).send(&gateway).await;
    assert_eq!(counted.text(), r#"{ "input_tokens": 77, "new": 1.0 }"#);
    let seen = upstream.only();
    assert_eq!(
        (seen.target.as_str(), seen.header("anthropic-version")),
        ("/v1/messages/count_tokens?beta=true", vec!["2023-06-01"])
    );
    assert_eq!(seen.text(), body.replace("up:m", "m"));
}
