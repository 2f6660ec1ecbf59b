//! Responses.

use super::{Events, member, objects, word, words};
use crate::json::{Json, Object};
use serde_json::value::RawValue;

pub(super) fn write(answer: &Object<'_>, out: &mut Events) -> Option<()> {
    let last = match &*word(answer, "status") {
        "completed" | "" => "response.completed",
        "incomplete" => "response.incomplete",
        _ => return None,
    };
    out.is_named = true;
    out.numbered = Some(0);
    for kind in ["response.created", "response.in_progress"] {
        out.typed(kind, |json| json.put_object("response", |json| write_begun(json, answer)));
    }
    for (number, (raw, item)) in objects(answer, "output").iter().enumerate() {
        write_item(number as u64, raw, item, out);
    }
    out.typed(last, |json| {
        json.put_object("response", |json| answer.members().for_each(|(key, value)| json.put_member(key, value.get())));
    });
    Some(())
}

/// The answer as it is before its first item.
fn write_begun(json: &mut Json<'_>, answer: &Object<'_>) {
    for (key, value) in answer.members() {
        match key {
            "status" => json.put("status", "in_progress"),
            "output" => json.put_member(key, "[]"),
            "usage" | "incomplete_details" | "completed_at" | "tool_usage" => json.put_member(key, "null"),
            _ => json.put_member(key, value.get()),
        }
    }
}

/// Where something stands in the answer.
struct Place {
    number: u64,
    item_id: String,
    /// What counts the parts of this kind, and the part.
    part: Option<(&'static str, u64)>,
}

impl Place {
    fn write(&self, json: &mut Json<'_>) {
        json.put("item_id", &self.item_id);
        json.put_number("output_index", self.number);
        if let Some((counter, number)) = self.part {
            json.put_number(counter, number);
        }
    }
}

fn write_item(number: u64, raw: &RawValue, item: &Object<'_>, out: &mut Events) {
    out.typed("response.output_item.added", |json| {
        json.put_number("output_index", number);
        json.put_object("item", |json| write_empty(json, item));
    });
    let place = |part| Place { number, item_id: word(item, "id"), part };
    for (index, (raw, part)) in (0..).zip(objects(item, "summary")) {
        let (place, added, done) = (
            place(Some(("summary_index", index))),
            "response.reasoning_summary_part.added",
            "response.reasoning_summary_part.done",
        );
        write_part(
            &place,
            added,
            raw,
            &part,
            out,
            |out| text("response.reasoning_summary_text", &place, "text", &part, out),
            done,
        );
    }
    for (index, (raw, part)) in (0..).zip(objects(item, "content")) {
        let place = place(Some(("content_index", index)));
        let (added, done) = ("response.content_part.added", "response.content_part.done");
        let telling = |out: &mut Events| match &*word(&part, "type") {
            "output_text" => {
                text("response.output_text", &place, "text", &part, out);
                write_annotations(&place, &part, out);
            }
            "refusal" => text("response.refusal", &place, "refusal", &part, out),
            "reasoning_text" => text("response.reasoning_text", &place, "text", &part, out),
            _ => {}
        };
        write_part(&place, added, raw, &part, out, telling, done);
    }
    match &*word(item, "type") {
        "function_call" => text("response.function_call_arguments", &place(None), "arguments", item, out),
        "custom_tool_call" => text("response.custom_tool_call_input", &place(None), "input", item, out),
        _ => {}
    }
    out.typed("response.output_item.done", |json| {
        json.put_number("output_index", number);
        json.put_raw("item", raw.get());
    });
}

/// An item, or a part of one, as it is before its first delta.
fn write_empty(json: &mut Json<'_>, object: &Object<'_>) {
    for (key, value) in object.members() {
        match key {
            "status" => json.put("status", "in_progress"),
            "summary" | "content" | "annotations" | "logprobs" if value.get().starts_with('[') => json.put_member(key, "[]"),
            "arguments" | "input" | "text" | "refusal" if value.get().starts_with('"') => json.put_member(key, "\"\""),
            _ => json.put_member(key, value.get()),
        }
    }
}

fn write_part(
    place: &Place,
    added: &str,
    raw: &RawValue,
    part: &Object<'_>,
    out: &mut Events,
    telling: impl FnOnce(&mut Events),
    done: &str,
) {
    out.typed(added, |json| {
        place.write(json);
        json.put_object("part", |json| write_empty(json, part));
    });
    telling(out);
    out.typed(done, |json| {
        place.write(json);
        json.put_raw("part", raw.get());
    });
}

/// A text in one delta.
fn text(kind: &str, place: &Place, key: &str, of: &Object<'_>, out: &mut Events) {
    let has_logprobs = kind == "response.output_text";
    let logprobs = has_logprobs.then(|| member(of, "logprobs").map_or("[]", RawValue::get));
    if let Some(text) = words(of, key) {
        out.typed(&format!("{kind}.delta"), |json| {
            place.write(json);
            json.put_raw("delta", text);
            json.put_some_raw("logprobs", logprobs);
        });
    }
    out.typed(&format!("{kind}.done"), |json| {
        place.write(json);
        json.put_member(key, words(of, key).unwrap_or("\"\""));
        json.put_some_raw("logprobs", logprobs);
    });
}

fn write_annotations(place: &Place, part: &Object<'_>, out: &mut Events) {
    for (number, (annotation, _)) in (0..).zip(objects(part, "annotations")) {
        out.typed("response.output_text.annotation.added", |json| {
            place.write(json);
            json.put_number("annotation_index", number);
            json.put_raw("annotation", annotation.get());
        });
    }
}
