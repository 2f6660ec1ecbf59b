//! Turns that Anthropic interrupts: what is kept of one to go on with it, and what the client gets of all its streams.

use bytes::Bytes;
use serde_json::{Value, json};
use wardgate_core::format::Format;
use wardgate_wire::transcode::pause::{CONTINUED_MAX, TURN_BYTES_MAX};
use wardgate_wire::transcode::{ReplyOptions, Transcoder};

/// A stream of these blocks, each as it begins and the deltas behind it.
fn stream(blocks: &[(Value, Vec<Value>)], stop_reason: &str, output_tokens: u64) -> String {
    let mut text = String::new();
    let mut event = |data: Value| {
        let name = data["type"].as_str().unwrap_or_default();
        text.push_str(&format!("event: {name}\ndata: {data}\n\n"));
    };
    let usage = json!({"input_tokens": 10, "output_tokens": 1});
    event(json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude", "content": [], "usage": usage}}));
    for (index, (block, deltas)) in blocks.iter().enumerate() {
        event(json!({"type": "content_block_start", "index": index, "content_block": block}));
        for delta in deltas {
            event(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            event(json!({"type": "ping"}));
        }
        event(json!({"type": "content_block_stop", "index": index}));
    }
    event(json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": output_tokens}}));
    event(json!({"type": "message_stop"}));
    text
}

fn text_of(text: &str) -> (Value, Vec<Value>) {
    (json!({"type": "text", "text": ""}), vec![json!({"type": "text_delta", "text": text})])
}

fn first() -> String {
    let deltas = |kind: &str, key: &str, pieces: &[&str]| -> Vec<Value> {
        pieces.iter().map(|piece| json!({"type": kind, key: piece})).collect()
    };
    let mut thinking = deltas("thinking_delta", "thinking", &["Grö", "ße"]);
    thinking.extend(deltas("signature_delta", "signature", &["c2", "ln"]));
    let search = json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}});
    let blocks = [
        (json!({"type": "thinking", "thinking": "", "signature": ""}), thinking),
        (json!({"type": "text", "text": ""}), vec![]),
        text_of("One. "),
        (search, deltas("input_json_delta", "partial_json", &["{\"query\":", "\"a\"}"])),
    ];
    stream(&blocks, "pause_turn", 5)
}

fn second() -> String {
    let found = json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []});
    stream(&[(found, vec![]), text_of("Two.")], "end_turn", 7)
}

fn transcoder(client: Format, rounds: u8) -> Transcoder {
    let options = ReplyOptions { request_id: "rq_1".to_owned(), wants_usage: true, ..ReplyOptions::default() };
    Transcoder::new(Format::AnthropicMessages, client, 1, options).continuing(rounds)
}

fn push(transcoder: &mut Transcoder, stream: &str, size: usize, out: &mut Vec<u8>) {
    for chunk in stream.as_bytes().chunks(size) {
        out.extend_from_slice(&transcoder.push(Bytes::copy_from_slice(chunk)));
    }
}

#[test]
fn two_streams_are_one_however_they_are_cut() {
    for client in [Format::OpenAiChat, Format::OpenAiResponses, Format::Gemini] {
        let told = |size: usize| {
            let mut transcoder = transcoder(client, CONTINUED_MAX);
            let mut out = Vec::new();
            push(&mut transcoder, &first(), size, &mut out);
            assert!(transcoder.is_paused() && !transcoder.facts().is_finished && transcoder.facts().stop_reason.is_none());
            let paused = transcoder.take_paused().unwrap_or_else(|| panic!("it is not paused"));
            let content: Value = serde_json::from_str(&format!("[{}]", paused.content)).unwrap_or_default();
            let expected = json!([
                {"type": "thinking", "thinking": "Größe", "signature": "c2ln"},
                {"type": "text", "text": "One. "},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}},
            ]);
            assert_eq!((content, paused.usage.map(|usage| usage.output)), (expected, Some(5)));
            transcoder.resume();
            push(&mut transcoder, &second(), size, &mut out);
            let facts = transcoder.facts();
            assert!(facts.is_finished && facts.fault.is_none() && transcoder.warnings().as_slice().is_empty());
            // The facts are those of the last stream; the client is told of both.
            assert_eq!(facts.usage.map(|usage| usage.output), Some(7));
            String::from_utf8_lossy(&out).into_owned()
        };
        let whole = told(usize::MAX);
        assert!(whole.contains("One. ") && whole.contains("Two.") && !whole.contains("turn_paused"), "{whole}");
        let summed = match client {
            Format::OpenAiChat => r#""prompt_tokens":20,"completion_tokens":12"#,
            Format::Gemini => r#""promptTokenCount":20,"candidatesTokenCount":12"#,
            _ => r#""output_tokens":12"#,
        };
        assert!(whole.contains(summed), "{whole}");
        for size in [1, 7, 100] {
            assert_eq!(told(size), whole, "{client:?} {size}");
        }
    }
}

#[test]
fn what_cannot_be_gone_on_with_is_cut_off() {
    let long = "x".repeat(TURN_BYTES_MAX);
    let torn = json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}});
    let torn = (torn, vec![json!({"type": "input_json_delta", "partial_json": "{\"query"})]);
    let cases = [
        (0, stream(&[text_of("a")], "pause_turn", 1)),
        (CONTINUED_MAX, stream(&[text_of(&long)], "pause_turn", 1)),
        (CONTINUED_MAX, stream(&[torn], "pause_turn", 1)),
        (CONTINUED_MAX, stream(&[], "pause_turn", 1)),
    ];
    for (rounds, stream) in cases {
        let mut transcoder = transcoder(Format::OpenAiChat, rounds);
        let mut out = Vec::new();
        push(&mut transcoder, &stream, usize::MAX, &mut out);
        assert!(!transcoder.is_paused() && transcoder.take_paused().is_none() && transcoder.facts().is_finished);
        let codes: Vec<_> = transcoder.warnings().as_slice().iter().map(|warning| warning.code).collect();
        assert!(codes.contains(&"turn_paused"), "{codes:?}");
        let out = String::from_utf8_lossy(&out);
        assert!(out.contains(r#""finish_reason":"length""#) && out.contains("[DONE]"), "{out:.300}");
    }
}
