//! Chat Completions, and Completions.

use super::{Events, member, objects, put_all_but};
use crate::json::{Json, Object, Path, list};
use serde_json::value::RawValue;

/// One chunk says all, one why it ended, one what it used.
pub(super) fn chat(answer: &Object<'_>, out: &mut Events) {
    let choices = objects(answer, "choices");
    chunk(answer, out, |json| {
        for (number, (_, choice)) in choices.iter().enumerate() {
            json.object(|json| {
                put_index(json, choice, number);
                put_all_but(json, choice, &["index", "message", "finish_reason"]);
                json.put_object("delta", |json| delta(json, choice));
                json.put_null("finish_reason");
            });
        }
    });
    chunk(answer, out, |json| {
        for (number, (_, choice)) in choices.iter().enumerate() {
            json.object(|json| {
                put_index(json, choice, number);
                json.put_object("delta", |_| {});
                json.put_raw("finish_reason", member(choice, "finish_reason").map_or("\"stop\"", RawValue::get));
            });
        }
    });
    end(answer, out, true);
}

fn put_index(json: &mut Json<'_>, choice: &Object<'_>, number: usize) {
    match member(choice, "index") {
        Some(index) => json.put_raw("index", index.get()),
        None => json.put_number("index", number as u64),
    }
}

/// A whole answer is a chunk already.
pub(super) fn completions(answer: &Object<'_>, out: &mut Events) {
    out.object(|json| put_all_but(json, answer, &["usage"]));
    end(answer, out, false);
}

fn chunk(answer: &Object<'_>, out: &mut Events, choices: impl FnOnce(&mut Json<'_>)) {
    out.object(|json| {
        head(json, answer, true);
        json.put_list("choices", choices);
    });
}

fn head(json: &mut Json<'_>, answer: &Object<'_>, is_chat: bool) {
    for (key, value) in answer.members() {
        match key {
            "choices" | "usage" => {}
            "object" if is_chat => json.put("object", "chat.completion.chunk"),
            _ => json.put_member(key, value.get()),
        }
    }
}

fn end(answer: &Object<'_>, out: &mut Events, is_chat: bool) {
    if let Some(usage) = member(answer, "usage") {
        out.object(|json| {
            head(json, answer, is_chat);
            json.put_list("choices", |_| {});
            json.put_raw("usage", usage.get());
        });
    }
    out.data("[DONE]");
}

/// The message, its calls numbered as those of streams are.
fn delta(json: &mut Json<'_>, choice: &Object<'_>) {
    let Some(message) = member(choice, "message").and_then(|message| Object::read(message, &Path::Root).ok()) else { return };
    for (key, value) in message.members() {
        match list(value, &Path::Root) {
            Ok(_) if key == "tool_calls" => json.put_list("tool_calls", |json| {
                for (number, (_, call)) in objects(&message, key).iter().enumerate() {
                    json.object(|json| {
                        json.put_number("index", number as u64);
                        put_all_but(json, call, &["index"]);
                    });
                }
            }),
            _ => json.put_member(key, value.get()),
        }
    }
}
