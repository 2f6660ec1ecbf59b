//! Taking envelopes out of a request that passes as it is.
//!
//! A client that was answered by a model of another format holds that model's signatures and encrypted reasoning in envelopes
//! of ours ([`crate::neutral::opaque`]). When its next turn goes to a provider of its own format, that provider would refuse
//! them, so what is bound to such a piece is left out.

use crate::edit::{for_each_member, push_member};
use memchr::memmem;
use serde_json::value::RawValue;
use wardgate_core::format::Format;

/// How an envelope begins in JSON.
const PLAIN: &[u8] = b"\"wg1.";

/// How it begins in JSON where the format wants base64 (Gemini).
const BASE64: &[u8] = b"\"d2cxL";

/// The members that hold an envelope for the whole object they stand in.
const HOLDERS: [&str; 4] = ["signature", "data", "encrypted_content", "encrypted_index"];

/// The members that are an envelope and nothing else depends on.
const ANNEXES: [&str; 2] = ["thoughtSignature", "thought_signature"];

/// The list of calls that Chat Completions has no words for. None of it is known to who did not write it.
const FOREIGN: &str = "server_tool_calls";

/// Whether there may be envelopes in a body of a format.
#[must_use]
pub fn are_in(format: Format, body: &[u8]) -> bool {
    memmem::find(body, if format == Format::Gemini { BASE64 } else { PLAIN }).is_some()
}

/// Whether a body of Chat Completions has a member beside an envelope that its providers do not know, and may refuse.
#[must_use]
pub fn holds_foreign_members(body: &[u8]) -> bool {
    are_in(Format::OpenAiChat, body) && memmem::find(body, FOREIGN.as_bytes()).is_some()
}

/// The body without its envelopes: blocks and items that hold one are left out. None when it is no JSON.
#[must_use]
pub fn strip(body: &[u8]) -> Option<String> {
    let value: &RawValue = serde_json::from_slice(body).ok()?;
    let mut out = String::with_capacity(body.len());
    copy(value, &mut out)?;
    Some(out)
}

fn is_envelope(value: &str) -> bool {
    [PLAIN, BASE64].iter().any(|mark| value.as_bytes().starts_with(mark))
}

/// Copies a value. Its depth was bounded when the body was read.
fn copy(value: &RawValue, out: &mut String) -> Option<()> {
    let text = value.get();
    if ![PLAIN, BASE64].iter().any(|mark| memmem::find(text.as_bytes(), mark).is_some()) {
        out.push_str(text);
        return Some(());
    }
    match text.as_bytes().first() {
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            out.push('[');
            let start = out.len();
            for element in elements.into_iter().filter(|element| !holds_one(element)) {
                if out.len() > start {
                    out.push(',');
                }
                copy(element, out)?;
            }
            out.push(']');
        }
        Some(b'{') => {
            let mut object = String::from("{");
            let mut is_read = true;
            for_each_member(text.as_bytes(), |key, member| {
                let holds_calls = key == FOREIGN && memmem::find(member.as_bytes(), PLAIN).is_some();
                if holds_calls || ANNEXES.contains(&key) && is_envelope(member) {
                    return;
                }
                let mut copied = String::new();
                let value: Option<&RawValue> = serde_json::from_str(member).ok();
                is_read &= value.and_then(|value| copy(value, &mut copied)).is_some();
                push_member(&mut object, key, &copied);
            })
            .ok()?;
            if !is_read {
                return None;
            }
            object.push('}');
            out.push_str(&object);
        }
        _ => out.push_str(text),
    }
    Some(())
}

fn holds_one(value: &RawValue) -> bool {
    let mut holds = false;
    if value.get().starts_with('{') {
        let read =
            for_each_member(value.get().as_bytes(), |key, member| holds |= HOLDERS.contains(&key) && is_envelope(member));
        return holds && read.is_ok();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_to_an_envelope_goes_and_all_else_stays() {
        let check = |body: &str, expected: &str| assert_eq!(strip(body.as_bytes()).as_deref(), Some(expected));
        let text = r#"{"type":"text","text":"wg1.x \u00e9","n":1.0}"#;
        check(
            &format!(
                r#"{{"model":"m","messages":[{{"role":"assistant","content":[{{"type":"thinking","thinking":"t","signature":"wg1.unsigned"}},{text},{{"type":"redacted_thinking","data":"wg1.gemini.1.r.AA"}},{{"type":"thinking","signature":"real"}}]}}]}}"#
            ),
            &format!(
                r#"{{"model":"m","messages":[{{"role":"assistant","content":[{text},{{"type":"thinking","signature":"real"}}]}}]}}"#
            ),
        );
        check(
            r#"{"input":[{"type":"reasoning","summary":[],"encrypted_content":"wg1.x"},{"type":"message"}]}"#,
            r#"{"input":[{"type":"message"}]}"#,
        );
        check(
            r#"{"contents":[{"parts":[{"functionCall":{"name":"f"},"thoughtSignature":"d2cxLmFi"}]}]}"#,
            r#"{"contents":[{"parts":[{"functionCall":{"name":"f"}}]}]}"#,
        );
        // What other providers did themselves: blocks, an item, a list.
        check(
            &format!(
                r#"{{"messages":[{{"role":"assistant","content":[{{"type":"server_tool_use","id":"s","encrypted_content":"wg1.unsigned"}},{{"type":"web_search_tool_result","tool_use_id":"s","content":[],"encrypted_content":"wg1.unsigned"}},{text}]}}]}}"#
            ),
            &format!(r#"{{"messages":[{{"role":"assistant","content":[{text}]}}]}}"#),
        );
        check(
            r#"{"input":[{"type":"web_search_call","encrypted_content":"wg1.x"},{"type":"web_search_call","id":"ws_1"}]}"#,
            r#"{"input":[{"type":"web_search_call","id":"ws_1"}]}"#,
        );
        check(
            r#"{"messages":[{"role":"assistant","content":"x","server_tool_calls":[{"encrypted_content":"wg1.unsigned"}]}]}"#,
            r#"{"messages":[{"role":"assistant","content":"x"}]}"#,
        );
        assert!(!are_in(Format::AnthropicMessages, b"{\"x\":\"wg2.\"}") && strip(b"{").is_none());
    }
}
