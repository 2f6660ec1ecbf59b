//! Cohere's Chat, version 2.

use serde_json::{Value, json};

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

fn usage() -> Value {
    json!({"billed_units": {"input_tokens": 12, "output_tokens": 3}, "tokens": {"input_tokens": 12, "output_tokens": 3}, "cached_tokens": 4})
}

pub(super) fn whole(message: &Value, reason: &str) -> Value {
    json!({"id": "chat-1", "finish_reason": reason, "message": message, "usage": usage()})
}

pub(super) fn call(name: &str, arguments: &str) -> Value {
    json!({"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}})
}

pub(super) fn start() -> String {
    let message = json!({"role": "assistant", "content": [], "tool_calls": [], "citations": []});
    event(&json!({"type": "message-start", "id": "chat-1", "delta": {"message": message}}))
}

pub(super) fn opening() -> String {
    let content = json!({"content": {"type": "text", "text": ""}});
    start() + &event(&json!({"type": "content-start", "index": 0, "delta": {"message": content}}))
}

pub(super) fn content(text: &str) -> String {
    event(&json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}}))
}

pub(super) fn ending(kind: &str, reason: &str) -> String {
    let delta = json!({"finish_reason": reason, "usage": usage()});
    event(&json!({"type": kind, "index": 0})) + &event(&json!({"type": "message-end", "id": "chat-1", "delta": delta}))
}

pub(super) fn call_stream(name: &str, fragments: &[&str]) -> Vec<String> {
    let call = json!({"tool_calls": call(name, "")});
    let mut events = vec![start() + &event(&json!({"type": "tool-call-start", "index": 0, "delta": {"message": call}}))];
    events.extend(fragments.iter().map(|part| {
        let call = json!({"tool_calls": {"function": {"arguments": part}}});
        event(&json!({"type": "tool-call-delta", "index": 0, "delta": {"message": call}}))
    }));
    events.push(ending("tool-call-end", "TOOL_CALL"));
    events
}

/// It has no event for errors: it ends with a reason.
pub(super) fn error_event(message: &str) -> String {
    event(&json!({"type": "message-end", "id": "chat-1", "delta": {"finish_reason": "ERROR", "error": message}}))
}
