//! Bedrock's Converse and ConverseStream.

use serde_json::{Value, json};

fn usage() -> Value {
    json!({"inputTokens": 8, "outputTokens": 3, "totalTokens": 15, "cacheReadInputTokens": 4})
}

pub(super) fn whole(content: &Value, reason: &str) -> Value {
    let message = json!({"role": "assistant", "content": content});
    json!({"output": {"message": message}, "stopReason": reason, "usage": usage(), "metrics": {"latencyMs": 1}})
}

pub(super) fn call(name: &str, arguments: &str) -> Value {
    let input: Value = serde_json::from_str(arguments).unwrap_or_default();
    json!({"toolUse": {"toolUseId": "call_1", "name": name, "input": input}})
}

pub(super) fn opening() -> Vec<u8> {
    event("messageStart", &json!({"role": "assistant"}))
}

fn delta(delta: &Value) -> Vec<u8> {
    event("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": delta}))
}

pub(super) fn content(text: &str) -> Vec<u8> {
    delta(&json!({"text": text}))
}

pub(super) fn ending(reason: &str) -> Vec<u8> {
    let metadata = json!({"usage": usage(), "metrics": {"latencyMs": 1}});
    let stop = event("contentBlockStop", &json!({"contentBlockIndex": 0}));
    [stop, event("messageStop", &json!({"stopReason": reason})), event("metadata", &metadata)].concat()
}

pub(super) fn error_event(message: &str) -> Vec<u8> {
    let headers = [(":message-type", "exception"), (":exception-type", "internalServerException")];
    frame(&headers, &json!({"message": message}))
}

fn event(kind: &str, payload: &Value) -> Vec<u8> {
    frame(&[(":message-type", "event"), (":event-type", kind)], payload)
}

/// A message of Amazon's event streams: lengths and their checksum, headers whose values are texts, payload, checksum.
fn frame(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or_default().to_be_bytes();
    let mut told = Vec::new();
    for (name, value) in headers.iter().chain(&[(":content-type", "application/json")]) {
        told.push(u8::try_from(name.len()).unwrap_or_default());
        told.extend_from_slice(name.as_bytes());
        told.push(7);
        told.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        told.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let mut bytes = [number(16 + told.len() + payload.len()), number(told.len())].concat();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&told);
    bytes.extend_from_slice(payload.as_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}
