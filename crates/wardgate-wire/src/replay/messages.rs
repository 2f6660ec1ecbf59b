//! Messages.

use super::{Events, member, objects, put_all_but, word, words};
use crate::json::{Json, Object};
use serde_json::value::RawValue;

/// What tells of the end; all else is told at the beginning.
const ENDING: [&str; 4] = ["stop_reason", "stop_sequence", "stop_details", "container"];

pub(super) fn write(answer: &Object<'_>, out: &mut Events) -> Option<()> {
    member(answer, "content")?;
    out.is_named = true;
    out.typed("message_start", |json| {
        json.put_object("message", |json| {
            put_all_but(json, answer, &[&ENDING[..], &["content"]].concat());
            json.put_list("content", |_| {});
            json.put_null("stop_reason");
            json.put_null("stop_sequence");
        });
    });
    for (number, (raw, block)) in objects(answer, "content").iter().enumerate() {
        write_block(number as u64, raw, block, out);
    }
    out.typed("message_delta", |json| {
        json.put_object("delta", |json| {
            for (key, value) in answer.members().filter(|(key, _)| ENDING.contains(key)) {
                json.put_member(key, value.get());
            }
        });
        json.put_json("usage", member(answer, "usage"));
    });
    out.typed("message_stop", |_| {});
    Some(())
}

fn write_block(number: u64, raw: &RawValue, block: &Object<'_>, out: &mut Events) {
    let kind = word(block, "type");
    out.typed("content_block_start", |json| {
        json.put_number("index", number);
        match &*kind {
            "text" | "thinking" => json.put_object("content_block", |json| write_empty(json, block)),
            _ if is_call(block) => json.put_object("content_block", |json| write_empty(json, block)),
            // Every other block comes whole.
            _ => json.put_raw("content_block", raw.get()),
        }
    });
    let mut delta = |kind: &str, key: &str, value: &str| {
        out.typed("content_block_delta", |json| {
            json.put_number("index", number);
            json.put_object("delta", |json| {
                json.put("type", kind);
                json.put_member(key, value);
            });
        });
    };
    match &*kind {
        "text" => {
            for (citation, _) in objects(block, "citations") {
                delta("citations_delta", "citation", citation.get());
            }
            words(block, "text").into_iter().for_each(|text| delta("text_delta", "text", text));
        }
        "thinking" => {
            words(block, "thinking").into_iter().for_each(|text| delta("thinking_delta", "thinking", text));
            words(block, "signature").into_iter().for_each(|text| delta("signature_delta", "signature", text));
        }
        _ if is_call(block) => {
            let input = member(block, "input").map_or("{}", RawValue::get);
            let mut quoted = Vec::new();
            Json(&mut quoted).text(input);
            delta("input_json_delta", "partial_json", &String::from_utf8(quoted).unwrap_or_default());
        }
        _ => {}
    }
    out.typed("content_block_stop", |json| json.put_number("index", number));
}

/// Whether a block is a call of a tool, whoever runs it.
fn is_call(block: &Object<'_>) -> bool {
    member(block, "input").is_some_and(|input| input.get().starts_with('{')) && member(block, "name").is_some()
}

/// A block as it is before its first delta.
fn write_empty(json: &mut Json<'_>, block: &Object<'_>) {
    for (key, value) in block.members() {
        match key {
            "text" | "thinking" | "signature" => json.put_member(key, "\"\""),
            "input" => json.put_object("input", |_| {}),
            "citations" if value.get() != "null" => json.put_member(key, "[]"),
            _ => json.put_member(key, value.get()),
        }
    }
}
