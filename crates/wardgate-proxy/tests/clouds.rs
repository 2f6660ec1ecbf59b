//! Providers whose URLs hold the model and parts of the credential, whose streams are elsewhere, or whose frames are binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod data_plane;

use data_plane::DataPlane;
use serde_json::{Value, json};
use std::sync::Arc;
use wardgate_core::format::{Format, Surface};
use wardgate_model::{Catalog, Endpoint, Origin, Provider};
use wardgate_testkit::{Reply, Seen, Upstream};

/// A built-in provider as the data describe it, with an upstream of the test in the place of its hosts.
fn at(name: &str, upstream: &Upstream) -> Provider {
    let mut provider = Provider::clone(Catalog::built_in().unwrap().provider(name).unwrap());
    provider.origin = Origin::Operator;
    let moved = |url: &str| {
        let (_, rest) = url.split_once("://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        // What the host would hold is told in the path, to be seen.
        format!("{}/{host}/{path}", upstream.url())
    };
    for endpoint in &mut provider.endpoints {
        let Endpoint { url, stream_url, .. } = Arc::make_mut(endpoint);
        *url = moved(url).into();
        *stream_url = stream_url.as_ref().map(|url| moved(url).into());
    }
    provider
}

fn chat(model: &str, is_stream: bool) -> String {
    json!({"model": model, "max_tokens": 10, "stream": is_stream, "messages": [{"role": "user", "content": "Hello"}]})
        .to_string()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

/// A frame of Amazon's event streams.
fn frame(kind: &str, name: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    for (key, value) in [(":message-type", kind), (&*format!(":{kind}-type"), name), (":content-type", "application/json")] {
        headers.push(u8::try_from(key.len()).unwrap());
        headers.extend_from_slice(key.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let total = u32::try_from(16 + headers.len() + payload.len()).unwrap();
    let mut frame = [total.to_be_bytes(), u32::try_from(headers.len()).unwrap().to_be_bytes()].concat();
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&headers);
    frame.extend_from_slice(payload.as_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// An answer of ConverseStream, in pieces that are cut anywhere.
fn converse_stream() -> Reply {
    let frames = [
        frame("event", "messageStart", r#"{"role":"assistant"}"#),
        frame("event", "contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"hel"}}"#),
        frame("event", "contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"lo"}}"#),
        frame("event", "contentBlockStop", r#"{"contentBlockIndex":0}"#),
        frame("event", "messageStop", r#"{"stopReason":"end_turn"}"#),
        frame("event", "metadata", r#"{"usage":{"inputTokens":5,"outputTokens":2,"totalTokens":7},"metrics":{"latencyMs":1}}"#),
    ]
    .concat();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
    frames.chunks(37).fold(Reply::raw(head), |reply, piece| reply.chunk(piece)).end()
}

const AMAZONS: &str = r#"{"access_key_id":"AKIAEXAMPLE","secret_access_key":"s","region":"eu-west-1"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bedrock_is_asked_through_converse_and_answers_in_the_clients_format() {
    let upstream = Upstream::scripted(|seen| {
        if seen.target.ends_with("/converse-stream") {
            return converse_stream();
        }
        let message = json!({"role": "assistant", "content": [{"text": "hello"}]});
        let usage = json!({"inputTokens": 5, "outputTokens": 2, "totalTokens": 7});
        Reply::json(200, &json!({"output": {"message": message}, "stopReason": "end_turn", "usage": usage}))
    })
    .await;
    let plane = DataPlane::start(vec![(at("bedrock", &upstream), AMAZONS)]).await;
    let model = "bedrock:anthropic.claude-haiku-4-5-20251001-v1:0";
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let whole = plane.post(path, &chat(model, false)).await;
        assert_eq!(whole.status, 200, "{}", whole.text());
        assert!(whole.text().contains("hello"), "{}", whole.text());
        let streamed = plane.post(path, &chat(model, true)).await;
        assert_eq!((streamed.status, streamed.header("content-type")), (200, "text/event-stream"), "{}", streamed.text());
        let text = streamed.text();
        assert!(text.contains("hel") && text.contains("\"lo\""), "{text}");
    }
    let place = "/bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-haiku-4-5-20251001-v1%3A0";
    for (number, seen) in upstream.seen().iter().enumerate() {
        let verb = if number % 2 == 0 { "converse" } else { "converse-stream" };
        assert_eq!(seen.target, format!("{place}/{verb}"));
        let authorization = seen.header("authorization").concat();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/"), "{authorization}");
        assert_eq!(body(seen)["messages"][0]["content"][0]["text"], "Hello");
        assert!(body(seen).get("model").is_none());
    }
    for event in plane.events() {
        assert_eq!((event.usage.input(), event.usage.output), (5, 2));
        assert!(event.cost.is_some_and(|cost| cost.nano_usd() > 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exception_in_the_frames_before_any_content_is_an_error_of_its_class() {
    let exception = frame("exception", "throttlingException", r#"{"message":"slow down"}"#);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
    let upstream = Upstream::always(Reply::raw(head).chunk(exception).end()).await;
    let plane = DataPlane::start(vec![(at("bedrock", &upstream), AMAZONS)]).await;
    let answer = plane.post("/v1/chat/completions", &chat("bedrock:amazon.nova-lite-v1:0", true)).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.text().contains("slow down"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_asked_in_a_format_that_it_understands() {
    let usage = json!({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7});
    let choice = json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}});
    let said = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage});
    let upstream = Upstream::always(Reply::json(200, &said)).await;
    let plane = DataPlane::start(vec![(at("bedrock", &upstream), "an-api-key")]).await;
    let answer = plane.post("/v1/chat/completions", &chat("bedrock:openai.gpt-6-luna", false)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = upstream.only();
    assert_eq!(seen.target, "/bedrock-mantle.us-east-1.api.aws/v1/chat/completions");
    assert_eq!(seen.header("authorization"), ["Bearer an-api-key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_on_vertex_name_their_model_in_the_path() {
    let content = json!([{"type": "text", "text": "hello"}]);
    let usage = json!({"input_tokens": 5, "output_tokens": 2});
    let said = json!({
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": content,
        "stop_reason": "end_turn", "stop_sequence": null, "usage": usage,
    });
    let upstream = Upstream::always(Reply::json(200, &said)).await;
    let key = r#"{"api_key":"ya29.x","project_id":"p-1","location":"us-east5"}"#;
    let plane = DataPlane::start(vec![(at("vertex", &upstream), key)]).await;
    for path in ["/v1/messages", "/v1/chat/completions"] {
        let answer = plane.post(path, &chat("vertex:claude-haiku-4-5@20251001", false)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for seen in upstream.seen() {
        let place = "/us-east5-aiplatform.googleapis.com/v1/projects/p-1/locations/us-east5/publishers/anthropic/models";
        assert_eq!(seen.target, format!("{place}/claude-haiku-4-5%4020251001:rawPredict"));
        assert_eq!(seen.header("authorization"), ["Bearer ya29.x"]);
        let body = body(&seen);
        assert_eq!(body["anthropic_version"], "vertex-2023-10-16");
        assert!(body.get("model").is_none() && body.get("stream").is_none(), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gemini_is_asked_at_its_models_url() {
    let part = json!({"text": "hello"});
    let candidate = json!({"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0});
    let usage = json!({"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7});
    let said = json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"});
    let upstream = Upstream::scripted(move |seen| {
        if seen.target.contains(":streamGenerateContent") {
            Reply::begin_stream().chunk(format!("data: {said}\n\n")).end()
        } else {
            Reply::json(200, &said)
        }
    })
    .await;
    let plane = DataPlane::start(vec![(at("google", &upstream), "AIza-k")]).await;
    for is_stream in [false, true] {
        let answer = plane.post("/v1/chat/completions", &chat("google:gemini-3.5-flash", is_stream)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("hello"), "{}", answer.text());
    }
    let place = "/generativelanguage.googleapis.com/v1beta/models/gemini-3.5-flash";
    let targets: Vec<String> = upstream.seen().iter().map(|seen| seen.target.clone()).collect();
    assert_eq!(targets, [format!("{place}:generateContent"), format!("{place}:streamGenerateContent?alt=sse")]);
    assert!(upstream.seen().iter().all(|seen| seen.header("x-goog-api-key") == ["AIza-k"]));
}

#[test]
fn every_endpoint_of_the_data_answers_its_surface() {
    for provider in Catalog::built_in().unwrap().providers() {
        for endpoint in &provider.endpoints {
            let own = endpoint.surface.format();
            assert!(endpoint.format == own || own.is_answered_by(endpoint.format), "{} {}", provider.name, endpoint.url);
            let names_model =
                matches!(endpoint.format, Format::Gemini | Format::BedrockConverse | Format::GeminiBatchEmbedding);
            assert!(!names_model || endpoint.url.contains("{model}"), "{} {}", provider.name, endpoint.url);
            assert!(endpoint.surface != Surface::Messages || !endpoint.url.contains("/v1/v1"), "{}", endpoint.url);
        }
    }
}
