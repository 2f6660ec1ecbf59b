//! Surfaces whose bodies pass as they are: images, sound, moderation, ranking. Whose key it is, what it may call and what is
//! written down are the same as everywhere.

use crate::dev;
use crate::scene::{configured_key, create};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, Dialect, Gate, Gateway, Reply, Setup, Upstream};

/// A provider `up` that serves these surfaces.
async fn started(setup: Setup, upstream: &Upstream, surfaces: &[&str]) -> Gateway {
    let gateway = setup.start().await;
    let surfaces: Vec<Value> = surfaces.iter().map(|surface| json!({"format": "openai", "surface": surface})).collect();
    let body = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces});
    create(&gateway, "/providers", body).await;
    gateway
}

/// Something that is asked at a path.
fn ask(path: &str, body: impl Into<Vec<u8>>) -> Ask {
    Ask::new(Dialect::Chat, "").target(path).body(body)
}

async fn post(gateway: &Gateway, path: &str, body: &str) -> Answer {
    ask(path, body).send(gateway).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_passes_with_the_model_in_the_providers_spelling() {
    let said =
        r#"{ "data":[{"b64_json":"AAAA"}], "results":[] ,"usage":{"input_tokens":9,"output_tokens":80,"total_tokens":89}}"#;
    let upstream = Upstream::always(Reply::whole(200, "application/json", said)).await;
    let gateway = started(dev(), &upstream, &["image-generations", "moderations", "rerank"]).await;
    for (number, (path, sent, expected)) in [
        (
            "/v1/images/generations",
            r#"{"prompt":"a \u00e9","model":"up:gpt-image","n":1.0}"#,
            r#"{"prompt":"a \u00e9","model":"gpt-image","n":1.0}"#,
        ),
        (
            "/api/v1/rerank",
            r#"{"model":"up:rerank","query":"q","documents":["a","b"],"top_n":1}"#,
            r#"{"model":"rerank","query":"q","documents":["a","b"],"top_n":1}"#,
        ),
        ("/v1/moderations", r#"{"model":"up:omni","input":["x"]}"#, r#"{"model":"omni","input":["x"]}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = post(&gateway, path, sent).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, said), "{path}");
        assert_eq!(answer.header("x-wardgate-provider"), "up");
        let seen = upstream.seen().remove(number);
        assert_eq!((seen.target.as_str(), seen.text().as_str()), (path.trim_start_matches("/api"), expected));
    }
    for event in gateway.usage(3).await {
        assert_eq!((&event["inputTokens"], &event["outputTokens"]), (&json!(9), &json!(80)), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_have_openais_shape_wherever_they_come_from() {
    let upstream =
        Upstream::always(Reply::json(400, &json!({"error": {"message": "no such size", "type": "invalid_request_error"}})))
            .await;
    let gateway = started(dev(), &upstream, &["image-generations", "transcriptions"]).await;
    let (json, form): (&[_], &[_]) = (&[], &[("content-type", "multipart/form-data; boundary=b")]);
    for (path, body, headers, status, text) in [
        ("/v1/images/generations", r#"{"model":"up:m"}"#, json, 400, "no such size"),
        ("/v1/images/generations", r#"{"prompt":"x"}"#, json, 400, "\\\"model\\\" is missing"),
        ("/v1/audio/speech", r#"{"model":"up:m"}"#, json, 404, "does not serve speech"),
        ("/v1/audio/transcriptions", "--b\r\nx", form, 400, "multipart"),
        ("/v1/audio/transcriptions", "--b--", form, 400, "is missing"),
    ] {
        let mut ask = ask(path, body);
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        let answer = ask.send(&gateway).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
        assert!(
            answer.json()["error"]["message"].is_string() && answer.text().contains(text),
            "{path} {body}: {}",
            answer.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_calls_there_only_what_it_may() {
    let upstream = Upstream::always(Reply::json(200, &json!({"data": []}))).await;
    let gateway = started(dev(), &upstream, &["image-generations"]).await;
    let key = configured_key(&gateway, json!({"access": {"models": {"allow": ["up:small"]}}})).await;
    for (model, status) in [("up:small", 200), ("up:large", 403)] {
        let answer = ask("/v1/images/generations", json!({"model": model}).to_string()).key(&key).send(&gateway).await;
        assert_eq!(answer.status, status, "{model}: {}", answer.text());
    }
    assert_eq!(upstream.only().text(), r#"{"model":"small"}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_reaches_the_client_while_it_is_made() {
    let gate = Gate::closed();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n";
    let upstream =
        Upstream::always(Reply::raw(head).chunk(b"ID3\xff\x00begin").wait_for(&gate).chunk(b"\xff\xfbend").end()).await;
    let gateway = started(dev(), &upstream, &["speech"]).await;
    let mut answer = ask("/v1/audio/speech", r#"{"model":"up:tts","input":"hello","voice":"v"}"#).open(&gateway).await;
    assert_eq!(answer.headers["content-type"], "audio/mpeg");
    assert_eq!(answer.next().await.unwrap(), b"ID3\xff\x00begin"[..]);
    gate.open();
    assert_eq!(answer.whole().await.body, b"\xff\xfbend");
    let events = gateway.usage(1).await;
    assert_eq!((&events[0]["completion"], &events[0]["outputTokens"]), (&json!("succeeded"), &json!(0)), "{}", events[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_that_broke_off_does_not_look_whole() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n";
    let gate = Gate::closed();
    let upstream = Upstream::always(Reply::raw(head).chunk("begin").wait_for(&gate).close()).await;
    let gateway = started(dev(), &upstream, &["speech"]).await;
    let answer = ask("/v1/audio/speech", r#"{"model":"up:tts","input":"hello"}"#).open(&gateway).await;
    gate.open();
    assert!(answer.breaks_off().await);
    assert_eq!(gateway.usage(1).await[0]["completion"], "stream_failed");
}

/// A form with a file in it.
fn form(model: &str, is_model_last: bool) -> Vec<u8> {
    let model = format!("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n").into_bytes();
    let head = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n";
    let file = [&head[..], &b"\x00\xff\r\n--a\r\n".repeat(20_000), b"\r\n"].concat();
    let parts = if is_model_last { [file, model] } else { [model, file] };
    [&parts.concat()[..], b"--b--\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_passes_with_nothing_but_its_model_changed() {
    let upstream = Upstream::scripted(|seen| match seen.number {
        0 => Reply::json(503, &json!({"error": {"message": "later"}})),
        1 => Reply::json(200, &json!({"text": "hello", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 5}})),
        _ => Reply::whole(200, "text/vtt", "WEBVTT\n\nhello"),
    })
    .await;
    let gateway = started(dev(), &upstream, &["transcriptions", "translations", "image-edits", "image-variations"]).await;
    // The first key's call fails, and the form goes whole to the next.
    gateway.add_provider_key("up", "k1").await;
    gateway.add_provider_key("up", "k2").await;
    let content_type = "multipart/form-data; boundary=b";
    for (path, is_model_last, expected) in [
        ("/v1/audio/transcriptions", false, "\"hello\""),
        ("/v1/audio/translations", true, "WEBVTT"),
        ("/v1/images/edits", true, "WEBVTT"),
        ("/v1/images/variations", false, "WEBVTT"),
    ] {
        let answer = ask(path, form("up:whisper-1", is_model_last)).header("content-type", content_type).send(&gateway).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.text().contains(expected), "{path}: {}", answer.text());
        for seen in upstream.seen().iter().filter(|seen| seen.target == path) {
            assert_eq!(seen.header("content-type"), [content_type]);
            assert!(seen.body == form("whisper-1", is_model_last), "{path}");
        }
    }
    assert_eq!(upstream.seen().len(), 5);
    let events = gateway.usage(5).await;
    assert_eq!((&events[1]["inputTokens"], &events[1]["outputTokens"]), (&json!(14), &json!(5)), "{}", events[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_is_served_beside_small_ones() {
    let gate = Gate::closed();
    let held = gate.clone();
    let upstream = Upstream::scripted(move |seen| {
        let reply = Reply::says(Dialect::Chat, "hello");
        if seen.body.len() > 1_000_000 { Reply::silence().wait_for(&held).then(reply) } else { reply }
    })
    .await;
    let gateway = crate::gateway(&upstream).await;
    let large = json!({"model": "up:m", "messages": [{"role": "user", "content": "word ".repeat(4_000_000)}]}).to_string();
    let asking = Ask::new(Dialect::Chat, "up:m").body(large);
    let (answered, ()) = tokio::join!(asking.send(&gateway), async {
        // While the large one is under way, from its first byte until its provider answers, small ones come and go.
        for _ in 0..20 {
            assert_eq!(Ask::new(Dialect::Chat, "up:m").send(&gateway).await.status, 200);
        }
        wardgate_testkit::until("the large request at the upstream", wardgate_testkit::DEADLINE, async || {
            upstream.seen().iter().any(|seen| seen.body.len() > 1_000_000)
        })
        .await;
        assert_eq!(Ask::new(Dialect::Chat, "up:m").send(&gateway).await.status, 200);
        gate.open();
    });
    assert_eq!(answered.status, 200, "{}", answered.text());
    let seen = upstream.seen().into_iter().find(|seen| seen.body.len() > 1_000_000).unwrap();
    assert!(seen.text().starts_with(r#"{"messages":"#) || seen.text().starts_with(r#"{"model":"m""#));
}
