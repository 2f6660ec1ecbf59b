//! Reasoning that only its maker can read, over several turns: refused by a provider, brought back to the credential that made it,
//! forgotten by a client.

use crate::scene::forget_health;
use crate::{ask, dev};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Seen, Upstream};

/// What stands for a signature or for sealed reasoning.
const SEALED: &str = "c2VhbGVkLWJpdHMtb2YtcmVhc29uaW5nLXg=";

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
    let turns = json!([{"role": "user", "content": "Hi"}, message, result]);
    let asked = ask(Dialect::Chat).field("reasoning_effort", "high").field("max_tokens", 9_000).field("messages", turns);
    asked.tool("f", &json!({"type": "object", "properties": {}}))
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

/// Which of two credentials a request came with.
fn credential(seen: &Seen) -> &'static str {
    if seen.headers.iter().any(|(_, value)| value.contains("key-one")) { "key-one" } else { "key-two" }
}

/// A provider with two credentials, which thinks at first, and where one of them may be out of quota.
async fn two_keys(dialect: Dialect, limited: &Arc<Mutex<&'static str>>) -> (Upstream, Gateway) {
    let limited = Arc::clone(limited);
    let upstream = Upstream::scripted(move |seen| match *limited.lock().unwrap() == credential(seen) {
        true => Reply::with_headers(429, &[("retry-after", "30")], "{}"),
        false if seen.text().contains("sunny") => Reply::says(dialect, "fine"),
        false => Reply::json(200, &thinks(dialect)),
    })
    .await;
    let gateway = before(&upstream, dialect).await;
    for key in ["key-one", "key-two"] {
        gateway.add_provider_key("up", key).await;
    }
    (upstream, gateway)
}

/// Who answered last.
fn last(upstream: &Upstream) -> &'static str {
    upstream.seen().last().map_or("nobody", credential)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_made_the_reasoning_is_asked_first_while_it_is_well() {
    for (client, dialect) in DIALECTS.into_iter().flat_map(|dialect| [(dialect, dialect), (Dialect::Chat, dialect)]) {
        let what = format!("{client:?} to {dialect:?}");
        let limited = Arc::new(Mutex::new("key-one"));
        let (upstream, gateway) = two_keys(dialect, &limited).await;
        let first = ask(client).send(&gateway).await;
        assert_eq!((first.status, first.header("x-wardgate-attempts"), last(&upstream)), (200, "2", "key-two"), "{what}");
        *limited.lock().unwrap() = "nobody";
        forget_health(&gateway).await;
        let next = match client {
            Dialect::Chat => answers(&first.json()["choices"][0]["message"]),
            _ => second_turn(client, SEALED),
        };
        let next = next.header("x-wardgate-explain", "true");
        let answer = next.send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-attempts"), last(&upstream)), (200, "1", "key-two"), "{what}");
        assert!(
            answer.header("x-wardgate-explain").contains("by reasoning"),
            "{what}: {}",
            answer.header("x-wardgate-explain")
        );
        assert!(upstream.seen().last().unwrap().text().contains(SEALED), "{what}");
        // Reasoning of nobody's, and a conversation without any, go as planned.
        let other = match client {
            Dialect::Chat => answers(&forgotten("{}")),
            _ => second_turn(client, "bm90LWtub3duLXRvLWFueWJvZHk="),
        };
        let other = other.send(&gateway).await;
        assert_eq!((other.status, last(&upstream)), (200, "key-one"), "{what}");
        // Who is out of order is not waited for.
        *limited.lock().unwrap() = "key-two";
        assert_eq!((next.send(&gateway).await.header("x-wardgate-attempts"), last(&upstream)), ("2", "key-one"), "{what}");
        assert_eq!((next.send(&gateway).await.header("x-wardgate-attempts"), last(&upstream)), ("1", "key-one"), "{what}");
        gateway.usage(7).await;
    }
}

/// An assistant's message as a client sends it back that knows text and calls alone.
fn forgotten(arguments: &str) -> Value {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}});
    json!({"role": "assistant", "content": null, "tool_calls": [call]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_chat_client_forgets_is_put_back_for_its_key_alone() {
    for (dialect, is_stream) in DIALECTS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
        let what = format!("{dialect:?}, stream {is_stream}");
        let upstream = Upstream::scripted(move |seen| match seen.text().contains("sunny") {
            true => Reply::says(dialect, "fine"),
            false => Reply::json(200, &thinks(dialect)),
        })
        .await;
        let gateway = before(&upstream, dialect).await;
        assert_eq!(ask(Dialect::Chat).stream(is_stream).send(&gateway).await.status, 200, "{what}");
        let sent = |asked: Ask| {
            let (gateway, upstream) = (&gateway, &upstream);
            async move {
                let answer = asked.send(gateway).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                (upstream.seen().last().unwrap().text(), answer.header("x-wardgate-warnings").to_owned())
            }
        };
        let (whole, warnings) = sent(answers(&forgotten("{ \"a\" : 1 }"))).await;
        assert!(whole.contains(SEALED) && warnings.is_empty(), "{what}: {whole} {warnings}");
        let (other, _) = sent(answers(&forgotten("{\"a\":2}"))).await;
        assert!(!other.contains(SEALED), "{what}: another call: {other}");
        let stranger = gateway.create_key("another").await;
        let (foreign, warnings) = sent(answers(&forgotten("{\"a\":1}")).key(&stranger)).await;
        assert!(!foreign.contains(SEALED), "{what}: another key: {foreign}");
        // Nobody's reasoning is missed by Responses; the others have a way to go without.
        let expected = match dialect {
            Dialect::Responses => "",
            Dialect::Gemini => "signature_missing;messages[1]",
            _ => "thinking_off;reasoning_effort",
        };
        assert_eq!(warnings, expected, "{what}");
        gateway.usage(4).await;
    }
}
