//! Going on with a turn that Anthropic interrupted in the middle of its own tools (`pause_turn`).
//!
//! Whoever speaks Messages sends the answer back as it is and gets the rest. A client of another format cannot: so the gateway does
//! it, with the same request and what the assistant said so far behind it, and the client sees one answer.

use crate::edit::{for_each_member, push_member};
use crate::format::anthropic_messages::usage::MessagesUsage;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::usage::Usage;

/// How often one turn is gone on with. Behind that it is told as cut off.
pub const CONTINUED_MAX: u8 = 5;

/// The most that is kept of a turn in order to go on with it, in bytes. A longer one is told as cut off.
pub const TURN_BYTES_MAX: usize = 8 * 1024 * 1024;

/// An answer, or a piece of one, that ended in a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// All that the assistant said in this turn, as elements of a JSON array.
    pub content: String,
    /// What the last call used, if that was said.
    pub usage: Option<Usage>,
    /// How long what it said was, in bytes.
    pub content_bytes: u64,
}

/// Whether a whole answer ended in a pause. `earlier`: what the assistant said before it. None where it did not, or where there is
/// nothing to go on with.
#[must_use]
pub fn of(answer: &[u8], earlier: &str) -> Option<Paused> {
    #[derive(Deserialize)]
    struct Message<'b> {
        stop_reason: Option<String>,
        #[serde(borrow)]
        content: Option<&'b RawValue>,
        usage: Option<MessagesUsage>,
    }
    // Hardly any answer is paused, and none is read twice for that.
    memchr::memmem::find(answer, b"pause_turn")?;
    let message: Message<'_> = serde_json::from_slice(answer).ok()?;
    let content = message.content.filter(|_| message.stop_reason.as_deref() == Some("pause_turn"))?;
    let content = joined(earlier, inside(content.get())?);
    let usage = message.usage.map(|usage| usage.over(Usage::default()));
    let fits = !content.is_empty() && content.len() <= TURN_BYTES_MAX;
    fits.then_some(Paused { content, usage, content_bytes: answer.len() as u64 })
}

/// The answer with what the assistant said before it. None where it is no answer.
#[must_use]
pub fn whole(answer: &[u8], earlier: &str) -> Option<Vec<u8>> {
    let mut out = String::from("{");
    let mut is_read = true;
    for_each_member(answer, |key, value| match (key, inside(value)) {
        ("content", Some(own)) => push_member(&mut out, key, &format!("[{}]", joined(earlier, own))),
        ("content", None) => is_read = false,
        _ => push_member(&mut out, key, value),
    })
    .ok()?;
    out.push('}');
    is_read.then(|| out.into_bytes())
}

/// The request that goes on: the one that was sent, and behind it what the assistant said. None where it is no request.
#[must_use]
pub fn request(sent: &[u8], content: &str) -> Option<Vec<u8>> {
    let mut out = String::with_capacity(sent.len() + content.len() + 64);
    out.push('{');
    let mut is_read = false;
    for_each_member(sent, |key, value| match (key, inside(value)) {
        ("messages", Some(messages)) => {
            is_read = true;
            let turn = format!("{{\"role\":\"assistant\",\"content\":[{content}]}}");
            push_member(&mut out, key, &format!("[{}]", joined(messages, &turn)));
        }
        _ => push_member(&mut out, key, value),
    })
    .ok()?;
    out.push('}');
    is_read.then(|| out.into_bytes())
}

/// What stands between the brackets of an array.
fn inside(array: &str) -> Option<&str> {
    Some(array.trim().strip_prefix('[')?.strip_suffix(']')?.trim())
}

fn joined(first: &str, second: &str) -> String {
    let comma = if first.is_empty() || second.is_empty() { "" } else { "," };
    format!("{first}{comma}{second}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_answer_goes_on_where_it_stopped() {
        let check = |answer: &str, earlier: &str, expected: Option<(&str, u64)>| {
            let paused = of(answer.as_bytes(), earlier);
            let found = paused.as_ref().map(|it| (it.content.as_str(), it.usage.map_or(0, |usage| usage.output)));
            assert_eq!(found, expected, "{answer}");
        };
        let paused = r#"{"content":[ {"type":"text","text":"é"} ],"stop_reason":"pause_turn","usage":{"output_tokens":3}}"#;
        check(paused, "", Some((r#"{"type":"text","text":"é"}"#, 3)));
        check(paused, "{}", Some((r#"{},{"type":"text","text":"é"}"#, 3)));
        check(r#"{"content":[{}],"stop_reason":"end_turn","x":"pause_turn"}"#, "", None);
        check(r#"{"content":[],"stop_reason":"pause_turn"}"#, "", None);
        check(r#"{"content":"pause_turn","stop_reason":"pause_turn"}"#, "", None);
        check(paused, &"x".repeat(TURN_BYTES_MAX), None);
        let whole = whole(br#"{"id":"m","content":[{"b":1}],"stop_reason":"end_turn"}"#, r#"{"a":1.0}"#);
        let expected = r#"{"id":"m","content":[{"a":1.0},{"b":1}],"stop_reason":"end_turn"}"#;
        assert_eq!(whole.map(|it| String::from_utf8_lossy(&it).into_owned()).as_deref(), Some(expected));
        let request = request(br#"{"model":"m","messages":[{"role":"user"}],"stream":true}"#, r#"{"a":1}"#);
        let expected = r#"{"model":"m","messages":[{"role":"user"},{"role":"assistant","content":[{"a":1}]}],"stream":true}"#;
        assert_eq!(request.map(|it| String::from_utf8_lossy(&it).into_owned()).as_deref(), Some(expected));
        assert_eq!((super::request(b"{}", "x"), super::request(b"[]", "x"), super::whole(b"x", "")), (None, None, None));
    }
}
