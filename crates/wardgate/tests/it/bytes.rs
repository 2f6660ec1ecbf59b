//! What passes, passes byte for byte.

use crate::{ask, gateway};
use wardgate_testkit::{Dialect, Reply, Upstream};

/// What the provider gets for what the client sent.
async fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    let upstream = Upstream::always(Reply::says(dialect, "hello")).await;
    let gateway = gateway(&upstream).await;
    for (sent, expected) in cases {
        let answer = ask(dialect).body(*sent).send(&gateway).await;
        assert_eq!(answer.status, 200, "{sent}: {}", answer.text());
        assert_eq!(upstream.seen().last().unwrap().text(), *expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests() {
    let cases = [
        (
            " {\t\"z\" : 1e400,\r\n \"model\"  :\n\"up:m\" , \"n\": 0.1000, \"big\":123456789012345678901234567890 }\n",
            " {\t\"z\" : 1e400,\r\n \"model\"  :\n\"m\" , \"n\": 0.1000, \"big\":123456789012345678901234567890 }\n",
        ),
        (
            r#"{"messages":[{"role":"user","content":"\u00e9\ud83d\ude00 é \/"}],"unknown":{"a":1,"a":2},"x":1,"x":2,"model":"up:m"}"#,
            r#"{"messages":[{"role":"user","content":"\u00e9\ud83d\ude00 é \/"}],"unknown":{"a":1,"a":2},"x":1,"x":2,"model":"m"}"#,
        ),
        (r#"{"model":"\u0075p:m","stream":false}"#, r#"{"model":"m","stream":false}"#),
        (r#"{"model":"up:org\/m","stream":null}"#, r#"{"model":"org/m","stream":null}"#),
        (
            r#"{"model":"up:a:b","metadata":{"model":"up:x","usage":1}}"#,
            r#"{"model":"a:b","metadata":{"model":"up:x","usage":1}}"#,
        ),
    ];
    for dialect in Dialect::ALL {
        check(dialect, &cases).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_steers_the_gateway_stays_there() {
    let cases = [
        (
            r#"{"model":"up:m","models":["up:n"],"route":"fallback","transforms":[],"provider":{"only":["up"]},"a":[ 1 ]}"#,
            r#"{"model":"m","a":[ 1 ]}"#,
        ),
        (r#"{"a":{"usage": 1},"usage":{"include":true},"model":"up:m"}"#, r#"{"model":"m","a":{"usage": 1}}"#),
        (r#"{"models":["up:m"],"a":1}"#, r#"{"model":"m","a":1}"#),
    ];
    for dialect in Dialect::ALL {
        check(dialect, &cases).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_answers() {
    let bodies = [
        (
            Dialect::Chat,
            " {\"choices\" : [], \"x\":1e400,\t\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2} ,\"u\":\"\\u00e9\"}\r\n",
        ),
        (
            Dialect::Messages,
            "{\"type\":\"message\", \"content\":[ ],\"usage\":{\"input_tokens\":1,\"output_tokens\":2},\"zz\":1e400}\n\n",
        ),
    ];
    for (dialect, body) in bodies {
        let in_one = Reply::whole(200, "application/json; charset=utf-8", body);
        let (first, second) = body.split_at(17);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
        let in_pieces = Reply::raw(head).chunk(first).chunk(second).end();
        let until_the_end =
            Reply::raw(format!("HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{body}")).close();
        for reply in [in_one, in_pieces, until_the_end] {
            let upstream = Upstream::always(reply).await;
            let gateway = gateway(&upstream).await;
            let answer = ask(dialect).send(&gateway).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, body));
            assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        }
    }
}

/// A Chat stream as a provider sends it that was asked for usage, and what it would have sent unasked.
fn chat_stream(has_usage: bool) -> String {
    let usage = if has_usage { ",\"usage\":null" } else { "" };
    let piece = |delta: &str, reason: &str| {
        format!(
            "data: {{\"id\":\"c\",  \"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{reason}}}]{usage}}}\n\n"
        )
    };
    let mut text = piece("{\"role\":\"assistant\"}", "null");
    text.push_str(": a comment\n\n");
    for word in ["\\u00e9 \\\"usage\\\":null", "é, \\\"choices\\\":[]", "😀"] {
        text.push_str(&piece(&format!("{{\"content\":\"{word}\"}}"), "null"));
    }
    text.push_str(&piece("{}", "\"stop\""));
    if has_usage {
        text.push_str("data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n");
    }
    text.push_str("data: [DONE]\n\n");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_at_any_split() {
    let with_usage = chat_stream(true);
    for size in [1, 7, 64, 10_000] {
        let chunks = with_usage.as_bytes().chunks(size);
        let upstream = Upstream::always(chunks.fold(Reply::begin_stream(), Reply::chunk).end()).await;
        let gateway = gateway(&upstream).await;
        let answer = ask(Dialect::Chat).stream(true).send(&gateway).await;
        assert_eq!(
            (answer.text(), answer.header("content-type")),
            (chat_stream(false), "text/event-stream"),
            "pieces of {size}"
        );
        let asked = ask(Dialect::Chat).stream(true).field("stream_options", serde_json::json!({"include_usage": true}));
        assert_eq!(asked.send(&gateway).await.text(), with_usage, "pieces of {size}");
        let events = gateway.usage(2).await;
        assert!(events.iter().all(|event| event["inputTokens"] == 3 && event["outputTokens"] == 4), "{events:?}");
        let messages = Dialect::Messages.stream(&["héllo", "wörld"]).concat();
        let chunks = messages.as_bytes().chunks(size);
        let reply = chunks.fold(Reply::begin_stream(), Reply::chunk).end();
        let upstream = Upstream::always(reply).await;
        gateway.add_provider("messages", upstream.url()).await;
        let answer = wardgate_testkit::Ask::new(Dialect::Messages, "messages:m").stream(true).send(&gateway).await;
        assert_eq!(answer.text(), messages, "pieces of {size}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_asked_for_where_the_client_did_not() {
    let upstream = Upstream::always(Reply::streams(Dialect::Chat, &["a"])).await;
    let gateway = gateway(&upstream).await;
    let cases = [
        (r#"{"model":"up:m","stream":true}"#, r#"{"model":"m","stream_options":{"include_usage":true},"stream":true}"#),
        (
            r#"{"model":"up:m","stream":true,"stream_options":{"include_usage": true}}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage": true}}"#,
        ),
        (
            r#"{"model":"up:m","stream":true,"stream_options":{"x":1e400,"include_usage":false}}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1e400}}"#,
        ),
    ];
    for (sent, expected) in cases {
        assert_eq!(ask(Dialect::Chat).body(sent).send(&gateway).await.status, 200);
        assert_eq!(upstream.seen().last().unwrap().text(), expected);
    }
}
