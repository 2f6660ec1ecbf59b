//! Pictures: OpenAI's surface at Gemini's models, and pictures in conversations.

use crate::dev;
use crate::scene::create;
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Reply, Upstream};

const PATH: &str = "/v1/images/generations";

/// A gateway in front of a provider `up` that speaks Gemini's format.
async fn before(upstream: &Upstream) -> Gateway {
    let gateway = dev().start().await;
    let surfaces = json!([{"format": "google", "surface": "generate-content"}]);
    let made = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces});
    create(&gateway, "/providers", made).await;
    gateway
}

async fn post(gateway: &Gateway, target: &str, body: &Value) -> Answer {
    Ask::new(Dialect::Chat, "").target(target).body(body.to_string()).send(gateway).await
}

/// What Gemini answers: words, and a picture.
fn painted(words: &str, reason: &str) -> Value {
    let picture = json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}});
    let parts = if reason == "STOP" { json!([{"text": words}, picture]) } else { json!([{"text": words}]) };
    json!({
        "candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": reason}],
        "usageMetadata": {
            "promptTokenCount": 5, "candidatesTokenCount": 1290, "totalTokenCount": 1295,
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gemini_model_paints_for_openais_clients() {
    let upstream = Upstream::always(Reply::json(200, &painted("here", "STOP"))).await;
    let gateway = before(&upstream).await;
    let asked = json!({"model": "up:m", "prompt": "a cat", "size": "1536x1024", "n": 1, "response_format": "b64_json"});
    let answer = post(&gateway, PATH, &asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!((&told["data"], told["data"].as_array().unwrap().len()), (&json!([{"b64_json": "iVBORw0KGgo="}]), 1));
    assert!(told["created"].as_i64().is_some_and(|created| created > 0), "{told}");
    assert_eq!((&told["usage"]["input_tokens"], &told["usage"]["output_tokens"]), (&json!(5), &json!(1290)));
    assert_eq!(answer.header("x-wardgate-warnings"), "size_approximated;size");
    let seen = upstream.only();
    assert_eq!(seen.target, "/v1beta/models/m:generateContent");
    let sent: Value = serde_json::from_str(&seen.text()).unwrap();
    let config = json!({"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "3:2"}});
    let contents = json!([{"role": "user", "parts": [{"text": "a cat"}]}]);
    assert_eq!(sent, json!({"contents": contents, "generationConfig": config}));
    let event = &gateway.usage(1).await[0];
    assert_eq!(
        (&event["inputTokens"], &event["outputTokens"], &event["usageEstimated"]),
        (&5.into(), &1290.into(), &false.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_cannot_give_is_refused_before_anyone_is_asked() {
    let upstream = Upstream::always(Reply::json(200, &painted("I would rather not", "IMAGE_SAFETY"))).await;
    let gateway = before(&upstream).await;
    for (field, value, code) in [
        ("n", json!(2), "unsupported_parameter"),
        ("response_format", json!("url"), "image_url_not_available"),
        ("stream", json!(true), "unsupported_parameter"),
    ] {
        let refused = post(&gateway, PATH, &json!({"model": "up:m", "prompt": "a cat", field: value})).await;
        let error = &refused.json()["error"];
        assert_eq!((refused.status, &error["code"], &error["param"]), (400, &json!(code), &json!(field)), "{error}");
    }
    assert!(upstream.seen().is_empty());
    // An answer without a picture is none.
    let refused = post(&gateway, PATH, &json!({"model": "up:m", "prompt": "a cat"})).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (400, &"content_policy_violation".into()),
        "{}",
        refused.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_come_in_conversations_as_openrouters_clients_read_them() {
    let events = [format!("data: {}\n\n", painted("here", "STOP"))];
    let upstream = Upstream::queue([Reply::json(200, &painted("here", "STOP")), Reply::events(&events)]).await;
    let gateway = before(&upstream).await;
    let asked = Ask::new(Dialect::Chat, "up:m")
        .field("modalities", json!(["image", "text"]))
        .field("image_config", json!({"aspect_ratio": "16:9", "image_size": "2K"}));
    let picture = json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]);
    let whole = asked.send(&gateway).await;
    let message = &whole.json()["choices"][0]["message"];
    assert_eq!((&message["content"], &message["images"]), (&json!("here"), &picture), "{}", whole.text());
    assert_eq!(whole.header("x-wardgate-warnings"), "");
    let streamed = asked.clone().stream(true).send(&gateway).await;
    let chunk = r#""delta":{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}"#;
    assert!(streamed.text().contains(chunk), "{}", streamed.text());
    for seen in upstream.seen() {
        let sent: Value = serde_json::from_str(&seen.text()).unwrap();
        let config = &sent["generationConfig"];
        assert_eq!(config["responseModalities"], json!(["TEXT", "IMAGE"]));
        assert_eq!(config["imageConfig"], json!({"aspectRatio": "16:9", "imageSize": "2K"}));
    }
    // Who answers in words only is not asked for a picture alone.
    let words = Upstream::always(Reply::says(Dialect::Messages, "words")).await;
    gateway.add_speaker("words", words.url(), Dialect::Messages).await;
    let either = Ask::new(Dialect::Chat, "words:m").field("modalities", json!(["text", "image"])).send(&gateway).await;
    assert_eq!((either.status, either.header("x-wardgate-warnings")), (200, "unsupported_parameter;modalities"));
    let only = Ask::new(Dialect::Chat, "words:m").field("modalities", json!(["image"])).send(&gateway).await;
    assert_eq!((only.status, &only.json()["error"]["code"]), (400, &"unsupported_modality".into()));
}
