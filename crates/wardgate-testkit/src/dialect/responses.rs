//! OpenAI's Responses.

use serde_json::{Value, json};

pub(super) fn whole(output: &Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 5, "status": "completed", "model": "upstream-model", "error": null,
        "incomplete_details": null, "output": output,
        "usage": {
            "input_tokens": 12, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 15,
        },
    })
}

pub(super) fn message(text: &str) -> Value {
    let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
    json!({"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content})
}

pub(super) fn call(name: &str, arguments: &str) -> Value {
    json!({"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1", "name": name, "arguments": arguments})
}

/// An event with its name and number.
fn event(kind: &str, number: u64, mut fields: Value) -> String {
    fields["type"] = kind.into();
    fields["sequence_number"] = number.into();
    format!("event: {kind}\ndata: {fields}\n\n")
}

fn created() -> String {
    let mut response = whole(&json!([]));
    response["status"] = "in_progress".into();
    response["usage"] = Value::Null;
    event("response.created", 0, json!({"response": response}))
}

pub(super) fn opening() -> String {
    let item = json!({"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    let part = json!({"type": "output_text", "text": "", "annotations": []});
    created()
        + &event("response.output_item.added", 1, json!({"output_index": 0, "item": item}))
        + &event(
            "response.content_part.added",
            2,
            json!({"output_index": 0, "content_index": 0, "item_id": "msg_1", "part": part}),
        )
}

pub(super) fn content(text: &str) -> String {
    let fields = json!({"output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": text});
    event("response.output_text.delta", 3, fields)
}

pub(super) fn ending(text: &str) -> String {
    event("response.output_item.done", 4, json!({"output_index": 0, "item": message(text)}))
        + &event("response.completed", 5, json!({"response": whole(&json!([message(text)]))}))
}

pub(super) fn call_stream(name: &str, fragments: &[&str]) -> Vec<String> {
    let item = json!({"id": "fc_1", "type": "function_call", "status": "in_progress", "call_id": "call_1", "name": name, "arguments": ""});
    let mut events = vec![created(), event("response.output_item.added", 1, json!({"output_index": 0, "item": item}))];
    for fragment in fragments {
        let fields = json!({"output_index": 0, "item_id": "fc_1", "delta": fragment});
        events.push(event("response.function_call_arguments.delta", 2, fields));
    }
    let item = call(name, &fragments.concat());
    events.push(event("response.output_item.done", 3, json!({"output_index": 0, "item": item})));
    events.push(event("response.completed", 4, json!({"response": whole(&json!([item]))})));
    events
}
