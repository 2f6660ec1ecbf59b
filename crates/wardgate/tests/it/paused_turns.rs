//! A turn that Anthropic interrupts in the middle of its own tools: clients of other formats get it as one answer.

use crate::search::before;
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gate, Reply, Upstream};

const CLIENTS: [Dialect; 3] = [Dialect::Chat, Dialect::Responses, Dialect::Gemini];

/// A question with a search, in the words of a client's format.
fn ask(client: Dialect) -> Ask {
    let ask = Ask::new(client, "house:finder");
    match client {
        Dialect::Chat => ask.field("web_search_options", json!({})).field("stream_options", json!({"include_usage": true})),
        Dialect::Gemini => ask.field("tools", json!([{"googleSearch": {}}])),
        _ => ask.field("tools", json!([{"type": "web_search"}])),
    }
}

fn searched() -> Value {
    json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Größe"}})
}

fn found() -> Value {
    let page = json!({"type": "web_search_result", "url": "https://a.example", "title": "A", "encrypted_content": "Eo8/+="});
    json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [page]})
}

/// A message of these blocks, which used so much.
fn message(content: &Value, stop_reason: &str, (input, output): (u64, u64), searches: u64) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "finder", "content": content,
        "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {"input_tokens": input, "output_tokens": output, "server_tool_use": {"web_search_requests": searches}},
    })
}

/// The same as the events of a stream.
fn events(message: &Value) -> Vec<String> {
    let mut events = Vec::new();
    let mut event = |data: Value| events.push(format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap()));
    let mut start = message.clone();
    (start["content"], start["stop_reason"], start["usage"]["output_tokens"]) = (json!([]), Value::Null, 1.into());
    event(json!({"type": "message_start", "message": start}));
    for (index, block) in message["content"].as_array().unwrap().iter().enumerate() {
        let mut start = block.clone();
        let delta = match block["type"].as_str().unwrap() {
            "text" => {
                start["text"] = "".into();
                json!({"type": "text_delta", "text": block["text"]})
            }
            "thinking" => {
                start["thinking"] = "".into();
                json!({"type": "thinking_delta", "thinking": block["thinking"]})
            }
            "server_tool_use" => {
                start["input"] = json!({});
                json!({"type": "input_json_delta", "partial_json": block["input"].to_string()})
            }
            _ => Value::Null,
        };
        event(json!({"type": "content_block_start", "index": index, "content_block": start}));
        event(json!({"type": "ping"}));
        if !delta.is_null() {
            event(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        event(json!({"type": "content_block_stop", "index": index}));
    }
    let delta = json!({"stop_reason": message["stop_reason"], "stop_sequence": null});
    event(json!({"type": "message_delta", "delta": delta, "usage": message["usage"]}));
    event(json!({"type": "message_stop"}));
    events
}

/// The first half of an answer, whose call waits for what it finds, and the second.
fn halves() -> [Value; 2] {
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"});
    let first = json!([thought, {"type": "text", "text": "Let me see. "}, searched()]);
    let second = json!([found(), {"type": "text", "text": "Viel."}]);
    [message(&first, "pause_turn", (10, 5), 1), message(&second, "end_turn", (20, 7), 2)]
}

fn reply(message: &Value, is_stream: bool) -> Reply {
    if is_stream { Reply::events(&events(message)) } else { Reply::json(200, message) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_gets_one_answer_and_pays_for_both_calls() {
    for (client, is_stream) in CLIENTS.into_iter().flat_map(|client| [(client, false), (client, true)]) {
        let halves = halves();
        let upstream = Upstream::queue(halves.iter().map(|half| reply(half, is_stream))).await;
        let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
        let answer = ask(client).stream(is_stream).key(&key).send(&gateway).await;
        let text = answer.text();
        assert_eq!((answer.status, answer.header("x-wardgate-warnings")), (200, ""), "{text}");
        let said = if is_stream { client.read_stream(&text) } else { client.read_whole(&answer.json()) };
        // Google's thoughts are text among the parts.
        let said_text = said.text.strip_prefix("hm").filter(|_| client == Dialect::Gemini).unwrap_or(&said.text);
        assert_eq!((said_text, said.tokens), ("Let me see. Viel.", Some((30, 12))), "{client:?} {text}");
        let (begins, ends, call, counted) = match client {
            Dialect::Chat => (r#""role":"assistant""#, "[DONE]", r#""type":"web_search""#, r#""web_search_requests":3"#),
            Dialect::Responses => (
                "event: response.created",
                "event: response.completed",
                "event: response.web_search_call.completed",
                r#""num_requests":3"#,
            ),
            _ => (
                r#""finishReason":"STOP""#,
                r#""finishReason":"STOP""#,
                r#""webSearchQueries":["Größe"]"#,
                r#""finishReason":"STOP""#,
            ),
        };
        if is_stream {
            for once in [begins, ends, call, counted] {
                assert_eq!(text.matches(once).count(), 1, "{once} in {text}");
            }
        } else {
            assert_eq!(answer.header("x-wardgate-cost"), "0.030000000");
        }
        assert!(!text.contains("turn_paused") && !text.contains("pause"), "{text}");
        // The second call is the first one with what was said behind it.
        let bodies: Vec<Value> = upstream.seen().iter().map(|seen| serde_json::from_str(&seen.text()).unwrap()).collect();
        let [first, second] = bodies.as_slice() else { panic!("{} calls", bodies.len()) };
        let mut expected = first.clone();
        let turn = json!({"role": "assistant", "content": halves[0]["content"]});
        expected["messages"].as_array_mut().unwrap().push(turn);
        assert_eq!(second, &expected);
        // One request, one attempt.
        let used = gateway.usage(1).await;
        let found = ["inputTokens", "outputTokens", "totalCost", "completion", "isFinalAttempt"].map(|field| &used[0][field]);
        assert_eq!(json!(found), json!([30, 12, "0.03000", "succeeded", true]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_messages_goes_on_by_itself() {
    for is_stream in [false, true] {
        let upstream = Upstream::always(reply(&halves()[0], is_stream)).await;
        let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
        let tool = json!([{"type": "web_search_20250305", "name": "web_search"}]);
        let ask = Ask::new(Dialect::Messages, "house:finder").key(&key).field("tools", tool).stream(is_stream);
        let answer = ask.send(&gateway).await;
        assert!(answer.text().contains(r#""stop_reason":"pause_turn""#), "{}", answer.text());
        let _ = upstream.only();
        gateway.usage(1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_never_ends_is_cut_off() {
    for is_stream in [false, true] {
        let paused = message(&json!([{"type": "text", "text": "a"}]), "pause_turn", (10, 5), 0);
        let upstream = Upstream::always(reply(&paused, is_stream)).await;
        let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
        let answer = ask(Dialect::Chat).stream(is_stream).key(&key).send(&gateway).await;
        assert!(answer.text().contains(r#""finish_reason":"length""#), "{}", answer.text());
        assert_eq!(answer.header("x-wardgate-warnings").contains("turn_paused"), !is_stream);
        let said = if is_stream { Dialect::Chat.read_stream(&answer.text()) } else { Dialect::Chat.read_whole(&answer.json()) };
        assert_eq!((said.text.as_str(), said.tokens), ("aaaaaa", Some((60, 30))));
        let seen = upstream.seen();
        assert_eq!(seen.len(), 6);
        let last: Value = serde_json::from_str(&seen[5].text()).unwrap();
        assert_eq!(last["messages"][1]["content"].as_array().unwrap().len(), 5);
        let used = gateway.usage(1).await;
        assert_eq!((&used[0]["inputTokens"], &used[0]["outputTokens"]), (&json!(60), &json!(30)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_cannot_go_on_breaks_in_the_clients_words() {
    let torn = events(&halves()[1]);
    let refusal = || Reply::json(529, &json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}));
    for client in CLIENTS {
        for rest in [refusal(), Reply::silence().close(), Reply::events(&torn[..torn.len() - 2])] {
            let upstream = Upstream::queue([reply(&halves()[0], true), rest]).await;
            let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
            let answer = ask(client).stream(true).key(&key).send(&gateway).await;
            let text = answer.text();
            assert_eq!(answer.status, 200, "{text}");
            assert!(text.contains("Let me see. "), "{text}");
            for end in ["event: response.completed", r#""finishReason":"STOP""#, r#""finish_reason":"stop""#] {
                assert!(!text.contains(end), "{text}");
            }
            let broken = if client == Dialect::Responses { "event: response.failed" } else { r#""error":{"# };
            assert_eq!(text.matches(broken).count(), 1, "{text}");
            let used = gateway.usage(1).await;
            assert_eq!((&used[0]["completion"], &used[0]["isFinalAttempt"]), (&json!("stream_failed"), &json!(true)));
            let input = ["inputTokens", "inputTokensEstimate"].map(|field| used[0][field].as_u64().unwrap_or(0));
            assert!(input.iter().sum::<u64>() >= 10, "{}", used[0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_go_on_has_failed_and_what_was_said_is_paid_for() {
    let refusal = Reply::json(529, &json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}));
    let upstream = Upstream::queue([reply(&halves()[0], false), refusal]).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
    let answer = ask(Dialect::Chat).key(&key).send(&gateway).await;
    assert_eq!((answer.status, Dialect::Chat.error_code(&answer.json())), (503, "upstream_overloaded".to_owned()));
    let used = gateway.usage(1).await;
    let told = ["completion", "inputTokens", "totalCost", "isFinalAttempt"].map(|field| &used[0][field]);
    assert_eq!(json!(told), json!(["failed", 10, "0.01000", true]), "{}", used[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_of_life_come_while_the_rest_is_waited_for() {
    let gate = Gate::closed();
    let late = Reply::silence().wait_for(&gate).then(reply(&halves()[1], true));
    let upstream = Upstream::queue([reply(&halves()[0], true), late]).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
    let mut streaming = ask(Dialect::Chat).stream(true).key(&key).open(&gateway).await;
    upstream.wait_for_requests(2).await;
    let mut text = String::new();
    while !text.contains("Let me see. ") {
        text.push_str(&String::from_utf8_lossy(&streaming.next().await.unwrap()));
    }
    gate.open();
    text.push_str(&streaming.whole().await.text());
    assert!(text.contains("Viel.") && text.contains("[DONE]"), "{text}");
    assert_eq!(gateway.usage(1).await[0]["completion"], "succeeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_while_the_rest_is_waited_for_pays_for_what_was_said() {
    let upstream = Upstream::queue([reply(&halves()[0], true), Reply::silence().hang()]).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
    let streaming = ask(Dialect::Chat).stream(true).key(&key).open(&gateway).await;
    upstream.wait_for_requests(2).await;
    drop(streaming);
    let used = gateway.usage(1).await;
    assert_eq!(
        json!([used[0]["completion"], used[0]["inputTokens"], used[0]["totalCost"]]),
        json!(["client_closed", 10, "0.01000"])
    );
}
