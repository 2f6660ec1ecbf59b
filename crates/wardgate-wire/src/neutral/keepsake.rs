//! What a client may forget of an answer, and how its turn is known again when it comes back without.
//!
//! Most clients of Chat Completions send back of an assistant's turn what they know: its text and its calls. Signatures and sealed
//! reasoning are lost that way, and some models refuse a conversation without them. A keepsake holds these pieces of one answer,
//! each with its place, and the answer's echo: what a client that keeps text and calls will send back of it. White space does not
//! count in it, since clients trim texts and write arguments anew.

use super::content::{Content, Part, Reasoning, Turn};
use super::event::{Event, Open};
use super::opaque::Origin;
use super::reply::Reply;
use super::tool::CallKind;
use crate::transcode::aliases::Aliases;
use wardgate_core::format::Format;

/// The most of an answer's text, and of its calls, that makes its echo, in bytes.
const ECHO_BYTES_MAX: usize = 64 * 1024;

/// The most of one answer that is kept, in bytes. Of a longer one nothing is.
const KEPT_BYTES_MAX: usize = 256 * 1024;

/// A turn as a client sends it back at least.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    text: Vec<u8>,
    calls: Vec<u8>,
    /// The arguments of the last call, until it is clear that there are any.
    arguments: Vec<u8>,
    has_calls: bool,
}

impl Echo {
    /// The echo of an assistant's turn that holds nothing that only its maker can read; none of any other.
    #[must_use]
    pub fn of(turn: &Turn) -> Option<Self> {
        let mut echo = Self::default();
        for part in &turn.parts {
            match &part.content {
                Content::Reasoning(Reasoning { opaque: Some(_), .. }) => return None,
                Content::Text { text, .. } => echo.add_text(text),
                Content::Call(call) => {
                    echo.add_call(&call.id);
                    if call.kind == CallKind::Function {
                        echo.add_arguments(&call.arguments);
                    }
                    echo.end_call();
                }
                _ => {}
            }
        }
        Some(echo)
    }

    /// Whether it has a call.
    #[must_use]
    pub const fn has_calls(&self) -> bool {
        self.has_calls
    }

    /// What tells it from others.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 2] {
        [&self.text, &self.calls]
    }

    fn add_text(&mut self, text: &str) {
        squeeze(&mut self.text, text);
    }

    fn add_call(&mut self, id: &str) {
        self.has_calls = true;
        squeeze(&mut self.calls, id);
        self.calls.push(0);
    }

    fn add_arguments(&mut self, arguments: &str) {
        squeeze(&mut self.arguments, arguments);
    }

    /// No arguments are the same as an empty object.
    fn end_call(&mut self) {
        let arguments = std::mem::take(&mut self.arguments);
        if arguments != b"{}" && self.calls.len() < ECHO_BYTES_MAX {
            self.calls.extend_from_slice(&arguments);
        }
        self.calls.push(0);
    }
}

fn squeeze(into: &mut Vec<u8>, text: &str) {
    let room = ECHO_BYTES_MAX.saturating_sub(into.len());
    into.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(room));
}

/// A piece that a client may lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How many calls stood before it.
    calls_before: usize,
    /// Whether text stood before it.
    is_behind_text: bool,
    reasoning: Reasoning,
}

impl Kept {
    /// Who made it.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.reasoning.opaque.as_ref().map(|opaque| opaque.origin)
    }

    /// How long it is, in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.reasoning.text.len() + self.reasoning.opaque.as_ref().map_or(0, |opaque| opaque.data.len())
    }
}

/// What is kept of one answer.
#[derive(Debug, Default)]
pub struct Keepsake {
    echo: Echo,
    kept: Vec<Kept>,
    aliases: Aliases,
    open: Opened,
    calls: usize,
    has_text: bool,
    bytes: usize,
}

#[derive(Debug, Default)]
enum Opened {
    #[default]
    Nothing,
    Text,
    Call,
    /// A call whose arguments the client knows in another shape.
    Custom,
    Reasoning(Reasoning),
}

impl Keepsake {
    /// Of an answer that has not begun, with the names that its tools have for the client.
    #[must_use]
    pub fn new(aliases: Aliases) -> Self {
        Self { aliases, ..Self::default() }
    }

    /// Of a whole answer.
    #[must_use]
    pub fn of(reply: &Reply, aliases: Aliases) -> Self {
        let mut keepsake = Self::new(aliases);
        reply.replay(&mut |event| keepsake.push(&event));
        keepsake
    }

    /// Takes the next event of the answer.
    pub fn push(&mut self, event: &Event<'_>) {
        match event {
            Event::Open(open) => {
                self.open = match *open {
                    Open::Text => Opened::Text,
                    Open::Refusal => Opened::Nothing,
                    Open::Reasoning { is_summary } => Opened::Reasoning(Reasoning { is_summary, ..Reasoning::default() }),
                    Open::Call { id, name, kind } => {
                        self.echo.add_call(id);
                        let is_custom = kind == CallKind::Custom || self.aliases.is_custom(name);
                        if is_custom { Opened::Custom } else { Opened::Call }
                    }
                }
            }
            Event::Delta(delta) => match &mut self.open {
                Opened::Text => {
                    self.has_text = true;
                    self.echo.add_text(delta);
                }
                Opened::Call => self.echo.add_arguments(delta),
                Opened::Reasoning(reasoning) => {
                    self.bytes += delta.len();
                    if self.bytes <= KEPT_BYTES_MAX {
                        reasoning.text.push_str(delta);
                    }
                }
                Opened::Nothing | Opened::Custom => {}
            },
            Event::Close(opaque) => match std::mem::take(&mut self.open) {
                Opened::Call | Opened::Custom => {
                    self.echo.end_call();
                    self.calls += 1;
                }
                Opened::Reasoning(reasoning) => {
                    if let Some(opaque) = opaque {
                        self.keep(Reasoning { opaque: Some((*opaque).clone()), ..reasoning });
                    }
                }
                Opened::Nothing | Opened::Text => {}
            },
            Event::Sealed { opaque, call_id } => self.keep(Reasoning {
                opaque: Some((*opaque).clone()),
                call_id: call_id.map(str::to_owned),
                ..Reasoning::default()
            }),
            _ => {}
        }
    }

    fn keep(&mut self, reasoning: Reasoning) {
        self.bytes += reasoning.opaque.as_ref().map_or(0, |opaque| opaque.data.len());
        if self.bytes <= KEPT_BYTES_MAX {
            self.kept.push(Kept { calls_before: self.calls, is_behind_text: self.has_text, reasoning });
        }
    }

    /// The echo and the pieces of an answer whose maker will want them back: beside calls, or sealed in Responses. None of any
    /// other.
    #[must_use]
    pub fn finish(self) -> Option<(Echo, Vec<Kept>)> {
        let is_wanted = |kept: &Kept| kept.origin().is_some_and(|origin| is_wanted_back(origin.format, self.calls > 0));
        let is_whole = self.bytes <= KEPT_BYTES_MAX;
        (is_whole && self.kept.iter().any(is_wanted)).then_some((self.echo, self.kept))
    }
}

/// Whether models of a format want reasoning back with a turn that has calls, or has none.
#[must_use]
pub const fn is_wanted_back(format: Format, has_calls: bool) -> bool {
    match format {
        Format::OpenAiResponses => true,
        Format::AnthropicMessages | Format::BedrockConverse | Format::Gemini => has_calls,
        _ => false,
    }
}

/// Puts pieces back into the turn that came without them, each in its place. Reasoning that can only be read makes room.
pub fn put_back(turn: &mut Turn, kept: &[Kept]) {
    let mut kept = kept.iter().peekable();
    let mut parts: Vec<Part> = Vec::with_capacity(turn.parts.len() + kept.len());
    let mut calls = 0;
    for part in std::mem::take(&mut turn.parts) {
        match &part.content {
            Content::Reasoning(_) => continue,
            Content::Text { .. } => {
                while let Some(next) = kept.next_if(|next| !next.is_behind_text && next.calls_before == 0) {
                    parts.push(Content::Reasoning(next.reasoning.clone()).into());
                }
            }
            Content::Call(_) => {
                while let Some(next) = kept.next_if(|next| next.calls_before <= calls) {
                    parts.push(Content::Reasoning(next.reasoning.clone()).into());
                }
                calls += 1;
            }
            _ => {}
        }
        parts.push(part);
    }
    parts.extend(kept.map(|next| Content::Reasoning(next.reasoning.clone()).into()));
    turn.parts = parts;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcode::{ReplyOptions, decode_reply, decode_request, encode_reply};
    use expect_test::{Expect, expect};

    /// A provider's answer to a Chat client, which sends of it back what `echoed` makes of its message.
    fn check(provider: Format, answer: &str, echoed: impl Fn(&mut serde_json::Value), expected: &Expect) {
        let reply = decode_reply(provider, answer.as_bytes(), 7, None).unwrap_or_else(|fault| panic!("{fault:?}"));
        let told = encode_reply(Format::OpenAiChat, &reply, &ReplyOptions::default());
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap_or_default();
        let mut message = told["choices"][0]["message"].clone();
        if let Some(message) = message.as_object_mut() {
            for lost in ["reasoning", "reasoning_content", "reasoning_details"] {
                message.remove(lost);
            }
        }
        echoed(&mut message);
        let body = serde_json::json!({"model": "m", "messages": [message]});
        let mut request =
            decode_request(Format::OpenAiChat, body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let turn = &mut request.turns[0];
        let known = Keepsake::of(&reply, Aliases::default()).finish();
        let found = match known.filter(|(echo, _)| Echo::of(turn).as_ref() == Some(echo)) {
            None => "nothing".to_owned(),
            Some((_, kept)) => {
                put_back(turn, &kept);
                let told = |part: &Part| match &part.content {
                    Content::Reasoning(it) => {
                        format!("{:?}{}", it.text, it.opaque.as_ref().map_or("", |opaque| opaque.data.as_str()))
                    }
                    Content::Text { text, .. } => text.clone(),
                    Content::Call(call) => call.id.clone(),
                    _ => "?".to_owned(),
                };
                turn.parts.iter().map(told).collect::<Vec<_>>().join(" ")
            }
        };
        expected.assert_eq(&found);
    }

    const MESSAGES: &str = r#"{"type":"message","id":"m","model":"c","stop_reason":"tool_use","content":[{"type":"thinking","thinking":"one","signature":"A"},{"type":"text","text":"Well."},{"type":"redacted_thinking","data":"B"},{"type":"tool_use","id":"c1","name":"f","input":{"a": 1}},{"type":"thinking","thinking":"two","signature":"C"},{"type":"tool_use","id":"c2","name":"g","input":{}}]}"#;

    #[test]
    fn every_piece_comes_back_to_its_place() {
        check(Format::AnthropicMessages, MESSAGES, |_| {}, &expect![[r#""one"A Well. ""B c1 "two"C c2"#]]);
        let gemini = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"A"},{"functionCall":{"id":"c2","name":"f","args":{}}}]},"finishReason":"STOP"}]}"#;
        check(Format::Gemini, gemini, |_| {}, &expect![[r#"""A c1 c2"#]]);
        let responses = r#"{"id":"r","status":"completed","output":[{"type":"reasoning","id":"x","summary":[],"encrypted_content":"A"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}]}"#;
        check(Format::OpenAiResponses, responses, |_| {}, &expect![[r#"""A Hi"#]]);
    }

    #[test]
    fn white_space_does_not_count_and_all_else_does() {
        let change = |field: &'static str, value: &'static str| {
            move |message: &mut serde_json::Value| {
                if let Some(place) = message.pointer_mut(field) {
                    *place = value.into();
                }
            }
        };
        let same = expect![[r#""one"A Well. ""B c1 "two"C c2"#]];
        check(Format::AnthropicMessages, MESSAGES, change("/tool_calls/0/function/arguments", "{ \"a\":1}"), &same);
        let other = expect!["nothing"];
        check(Format::AnthropicMessages, MESSAGES, change("/tool_calls/0/function/arguments", "{\"a\":2}"), &other);
        check(Format::AnthropicMessages, MESSAGES, change("/tool_calls/0/id", "c3"), &other);
        check(Format::AnthropicMessages, MESSAGES, change("/content", "Well?"), &other);
    }

    #[test]
    fn what_nobody_wants_back_is_not_kept() {
        let text = r#"{"type":"message","id":"m","model":"c","stop_reason":"end_turn","content":[{"type":"thinking","thinking":"one","signature":"A"},{"type":"text","text":"Well."}]}"#;
        check(Format::AnthropicMessages, text, |_| {}, &expect!["nothing"]);
        let long = MESSAGES.replace("\"one\"", &format!("{:?}", "x".repeat(KEPT_BYTES_MAX)));
        check(Format::AnthropicMessages, &long, |_| {}, &expect!["nothing"]);
    }
}
