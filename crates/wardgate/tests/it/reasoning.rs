//! Reasoning that only its maker can read, over several turns: refused by a provider.

use crate::{ask, dev};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Upstream};

/// What stands for a signature or for sealed reasoning.
const SEALED: &str = "c2VhbGVkLWJpdHM=";

/// How each vendor says that it cannot verify reasoning.
fn words(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Responses => "The encrypted content could not be verified.",
        Dialect::Gemini => "Unable to submit request because function call is missing a thought_signature.",
        _ => "messages.1.content.0: Invalid `signature` in `thinking` block",
    }
}

/// A second turn behind an answer that was reasoned about and called a tool.
fn second_turn(dialect: Dialect, sealed: &str) -> Ask {
    let result = |kind: &str| json!({"type": kind, "tool_use_id": "c1", "content": "sunny"});
    let question = json!({"role": "user", "content": "Hi"});
    match dialect {
        Dialect::Responses => ask(dialect).field(
            "input",
            json!([
                question,
                {"type": "reasoning", "summary": [], "encrypted_content": sealed},
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
            ]),
        ),
        Dialect::Gemini => ask(dialect).field(
            "contents",
            json!([
                {"role": "user", "parts": [{"text": "Hi"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": sealed}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "sunny"}}}]},
            ]),
        ),
        _ => ask(dialect).field("thinking", json!({"type": "enabled", "budget_tokens": 2048})).field(
            "messages",
            json!([
                question,
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": sealed},
                    {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
                ]},
                {"role": "user", "content": [result("tool_result")]},
            ]),
        ),
    }
}

/// A provider that refuses whatever is sealed.
async fn refuses_sealed(dialect: Dialect, is_stream: bool) -> Upstream {
    Upstream::scripted(move |seen| match seen.text().contains(SEALED) {
        true => Reply::json(400, &dialect.error(words(dialect))),
        false if is_stream => Reply::streams(dialect, &["fine"]),
        false => Reply::says(dialect, "fine"),
    })
    .await
}

const DIALECTS: [Dialect; 3] = [Dialect::Responses, Dialect::Messages, Dialect::Gemini];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_reasoning_is_left_out_and_the_same_provider_asked_once_more() {
    for (dialect, is_stream) in DIALECTS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
        let upstream = refuses_sealed(dialect, is_stream).await;
        let gateway = before(&upstream, dialect).await;
        let answer = second_turn(dialect, SEALED).stream(is_stream).send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"), "{dialect:?}: {}", answer.text());
        assert!(answer.text().contains("fine"));
        let warnings = answer.header("x-wardgate-warnings").to_owned();
        assert!(warnings.contains("reasoning_dropped;"), "{dialect:?}: {warnings}");
        assert_eq!(warnings.contains("thinking_off;thinking"), dialect == Dialect::Messages, "{warnings}");
        let seen = upstream.seen();
        let [first, second] = seen.as_slice() else { panic!("{} requests", seen.len()) };
        let (first, second): (Value, Value) =
            (serde_json::from_str(&first.text()).unwrap(), serde_json::from_str(&second.text()).unwrap());
        let is_signed = second.to_string().contains("skip_thought_signature_validator");
        assert_eq!(is_signed, dialect == Dialect::Gemini, "{second}");
        // What is no reasoning came along both times.
        assert!(second.to_string().contains("sunny") && first["model"] == second["model"]);
        let usage = gateway.usage(2).await;
        assert_eq!((&usage[0]["completion"], &usage[1]["completion"]), (&"failed".into(), &"succeeded".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_again_is_told_and_nobody_is_asked_a_third_time() {
    for dialect in DIALECTS {
        let upstream = Upstream::always(Reply::json(400, &dialect.error(words(dialect)))).await;
        let gateway = before(&upstream, dialect).await;
        let answer = second_turn(dialect, SEALED).send(&gateway).await;
        assert_eq!((answer.status, dialect.error_code(&answer.json()).as_str()), (400, "upstream_invalid_request"));
        assert_eq!((upstream.seen().len(), &answer.json()["error"]["message"]), (2, &words(dialect).into()), "{dialect:?}");
        gateway.usage(2).await;
        // Where there is nothing to leave out, or nothing may be lost, once was enough.
        let strict = second_turn(dialect, SEALED).header("x-wardgate-strict", "true").send(&gateway).await;
        let bare = ask(dialect).send(&gateway).await;
        assert_eq!((strict.status, bare.status, upstream.seen().len()), (400, 400, 4), "{dialect:?}");
        gateway.usage(4).await;
    }
}

/// What the upstream says first: that it thinks, and a call.
fn thinks(dialect: Dialect) -> Value {
    match dialect {
        Dialect::Responses => json!({
            "id": "resp_1", "object": "response", "status": "completed", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1},
            "output": [
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEALED},
                {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\": 1}"},
            ],
        }),
        Dialect::Gemini => json!({
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1},
            "candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": [
                {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": SEALED},
            ]}}],
        }),
        _ => json!({
            "id": "m_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use",
            "usage": {"input_tokens": 1, "output_tokens": 1},
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": SEALED},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            ],
        }),
    }
}

/// The next turn of a Chat client, which sends an assistant's message back.
fn answers(message: &Value) -> Ask {
    let result = json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "sunny"});
    ask(Dialect::Chat)
        .field("reasoning_effort", "high")
        .field("messages", json!([{"role": "user", "content": "Hi"}, message, result]))
}

/// A gateway whose provider speaks one dialect alone.
async fn before(upstream: &Upstream, dialect: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), dialect).await;
    gateway
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn translated_reasoning_comes_back_and_is_left_out_where_it_is_refused() {
    for dialect in DIALECTS {
        let upstream = Upstream::scripted(move |seen| match seen.number {
            0 => Reply::json(200, &thinks(dialect)),
            _ if seen.text().contains(SEALED) => Reply::json(400, &dialect.error(words(dialect))),
            _ => Reply::says(dialect, "fine"),
        })
        .await;
        let gateway = before(&upstream, dialect).await;
        let first = ask(Dialect::Chat).send(&gateway).await;
        let message = first.json()["choices"][0]["message"].clone();
        let answer = answers(&message).send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"), "{dialect:?}: {}", answer.text());
        assert!(answer.header("x-wardgate-warnings").contains("reasoning_dropped;messages[1]"), "{dialect:?}");
        let seen = upstream.seen();
        assert!(seen.len() == 3 && seen[1].text().contains(SEALED), "{dialect:?}: {}", seen[1].text());
        gateway.usage(3).await;
    }
}
