//! Gemini's generateContent.

use serde_json::{Value, json};

fn chunk(parts: &Value, reason: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(reason) = reason {
        candidate["finishReason"] = reason.into();
    }
    let mut chunk = json!({"candidates": [candidate], "modelVersion": "upstream-model", "responseId": "resp-1"});
    if reason.is_some() {
        chunk["usageMetadata"] =
            json!({"promptTokenCount": 12, "cachedContentTokenCount": 4, "candidatesTokenCount": 3, "totalTokenCount": 15});
    }
    chunk
}

pub(super) fn whole(parts: &Value) -> Value {
    chunk(parts, Some("STOP"))
}

pub(super) fn call(name: &str, arguments: &str) -> Value {
    let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
    json!({"functionCall": {"name": name, "args": arguments}})
}

pub(super) fn content(text: &str) -> String {
    format!("data: {}\n\n", chunk(&json!([{"text": text}]), None))
}

pub(super) fn ending() -> String {
    format!("data: {}\n\n", chunk(&json!([]), Some("STOP")))
}

pub(super) fn call_stream(name: &str, fragments: &[&str]) -> Vec<String> {
    vec![format!("data: {}\n\n", chunk(&json!([call(name, &fragments.concat())]), None)), ending()]
}
