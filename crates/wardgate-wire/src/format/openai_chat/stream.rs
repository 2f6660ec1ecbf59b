//! A stream of Chat Completions chunks.
//!
//! The first delta has a role and no content. `finish_reason` comes before the usage, the usage before `[DONE]`; some hosts put
//! the usage into the last content chunk, into a choice, or under `x_groq`, and some never send `[DONE]`. So a stream is whole
//! when `[DONE]` came, or when it ended behind a `finish_reason`.

use super::decode_stream::failure;
use super::template::Template;
use super::usage::ChatUsage;
use crate::json::count::seconds;
use crate::json::{Text, from_bytes};
use crate::neutral::event::truncated;
use crate::stream::{Envelope, StreamFacts, Verdict, malformed};
use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

#[derive(Deserialize)]
struct Chunk<'b> {
    #[serde(borrow, default)]
    choices: Choices<'b>,
    // In a box, since hardly any chunk has one and all would be as large.
    usage: Option<Box<ChatUsage>>,
    x_groq: Option<XGroq>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
    /// OpenAI's padding.
    #[serde(borrow)]
    obfuscation: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Choice<'b> {
    #[serde(borrow)]
    delta: Option<Delta<'b>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'b>>,
    usage: Option<Box<ChatUsage>>,
}

#[derive(Deserialize)]
struct XGroq {
    usage: Option<Box<ChatUsage>>,
}

/// What the choices say together, which is read without a list of them.
#[derive(Default)]
struct Choices<'b> {
    are_there: bool,
    bytes: usize,
    /// The one string that they say, if that is all.
    sole: Option<&'b RawValue>,
    finish_reason: Option<Text<'b>>,
    usage: Option<Box<ChatUsage>>,
}

/// How much a delta says, whatever the fields are called: anything but a role that is not empty.
struct Delta<'b> {
    bytes: usize,
    sole: Option<&'b RawValue>,
}

/// What is kept from one chunk of a stream to the next.
#[derive(Default)]
pub(crate) struct Watch {
    template: Template,
}

impl Watch {
    /// Reads an event's data.
    pub(crate) fn read(
        &mut self,
        data: &[u8],
        hides_usage: bool,
        credential: Option<&str>,
        facts: &mut StreamFacts,
    ) -> Verdict {
        match self.template.text(data) {
            Some(text) => match serde_json::from_slice::<IgnoredAny>(text) {
                Ok(IgnoredAny) => {
                    note_content(text.len().saturating_sub(2), facts);
                    Verdict::Pass
                }
                Err(error) => malformed(&error),
            },
            None => read(data, hides_usage, credential, facts, &mut self.template),
        }
    }
}

fn note_content(bytes: usize, facts: &mut StreamFacts) {
    if bytes > 0 {
        facts.has_content = true;
        facts.content_bytes += bytes as u64;
    }
}

fn read(data: &[u8], hides_usage: bool, credential: Option<&str>, facts: &mut StreamFacts, template: &mut Template) -> Verdict {
    if data == b"[DONE]" {
        return done(facts);
    }
    let chunk: Chunk<'_> = match from_bytes(data) {
        Ok(chunk) => chunk,
        Err(error) => return malformed(&error),
    };
    if let Some(error) = chunk.error {
        return Verdict::Fault(crate::reply::in_band(error, credential));
    }
    if !facts.has_content && facts.envelope.id.is_none() {
        facts.envelope = envelope(data);
    }
    let choices = chunk.choices;
    note_content(choices.bytes, facts);
    let choices_end = choices.finish_reason.is_some();
    if let Some(Text(reason)) = choices.finish_reason {
        if let Some(fault) = failure(&reason) {
            return Verdict::Fault(fault);
        }
        facts.has_content = true;
        facts.is_stopped = true;
        facts.stop_reason = Some(reason.into());
    }
    let is_usage_only = !choices.are_there && chunk.usage.is_some();
    let usage = chunk.usage.or_else(|| chunk.x_groq.and_then(|x_groq| x_groq.usage)).or(choices.usage);
    let says_more = usage.is_some() || choices_end;
    if let Some(usage) = usage {
        facts.usage = Some(usage.to_usage());
    }
    let verdict = match hides_usage {
        true if is_usage_only => Verdict::Drop,
        true => without_null_usage(data),
        false => Verdict::Pass,
    };
    if let (Verdict::Pass, false, Some(text)) = (&verdict, says_more, choices.sole) {
        template.learn(data, text, chunk.obfuscation);
    }
    verdict
}

/// The end marker. Behind nothing at all it ends no answer.
pub(crate) fn done(facts: &mut StreamFacts) -> Verdict {
    if !facts.has_content && !facts.is_stopped {
        return Verdict::Fault(truncated());
    }
    facts.is_finished = true;
    Verdict::Pass
}

/// What the stream's chunks repeat, read from the first one.
fn envelope(data: &[u8]) -> Envelope {
    #[derive(Deserialize)]
    struct Head {
        id: Option<Box<str>>,
        model: Option<Box<str>>,
        #[serde(default, deserialize_with = "seconds")]
        created: Option<i64>,
    }
    match serde_json::from_slice::<Head>(data) {
        Ok(head) => Envelope { id: head.id, model: head.model, created: head.created, events: 0 },
        Err(_) => Envelope::default(),
    }
}

/// Takes `"usage":null` out of a chunk: a host adds it to every chunk when usage is asked for, which the client did not.
fn without_null_usage(data: &[u8]) -> Verdict {
    #[derive(Deserialize)]
    struct WithUsage<'b> {
        #[serde(borrow)]
        usage: &'b RawValue,
    }
    const KEY: &[u8] = b"\"usage\"";
    if memmem::find(data, KEY).is_none() {
        return Verdict::Pass;
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return Verdict::Pass;
    };
    let Ok(WithUsage { usage }) = serde_json::from_str(text) else {
        return Verdict::Pass;
    };
    if usage.get() != "null" {
        return Verdict::Pass;
    }
    let value = crate::peek::span(text, usage);
    let Some(before) =
        data[..value.start].trim_ascii_end().strip_suffix(b":").and_then(|rest| rest.trim_ascii_end().strip_suffix(KEY))
    else {
        return Verdict::Pass;
    };
    let after = &data[value.end..];
    let (before, after) = match before.trim_ascii_end().strip_suffix(b",") {
        Some(before) => (before, after),
        None => (before, after.trim_ascii_start().strip_prefix(b",").unwrap_or(after)),
    };
    Verdict::Replace(Bytes::from([b"data: ".as_slice(), before, after, b"\n\n"].concat()))
}

impl<'de: 'b, 'b> Deserialize<'de> for Choices<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoicesVisitor;
        impl<'de> Visitor<'de> for ChoicesVisitor {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices")
            }

            fn visit_unit<E>(self) -> Result<Choices<'de>, E> {
                Ok(Choices::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices<'de>, A::Error> {
                let mut choices = Choices::default();
                while let Some(choice) = list.next_element::<Choice<'de>>()? {
                    if let Some(delta) = choice.delta {
                        choices.bytes += delta.bytes;
                        choices.sole = delta.sole.filter(|_| !choices.are_there);
                    }
                    choices.are_there = true;
                    choices.finish_reason = choice.finish_reason.or(choices.finish_reason);
                    choices.usage = choices.usage.or(choice.usage);
                }
                Ok(choices)
            }
        }
        deserializer.deserialize_any(ChoicesVisitor)
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Delta<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DeltaVisitor;
        impl<'de> Visitor<'de> for DeltaVisitor {
            type Value = Delta<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a delta")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Delta<'de>, A::Error> {
                let (mut bytes, mut sole) = (0, None);
                while let Some((crate::peek::Key(key), value)) = map.next_entry::<_, &'de RawValue>()? {
                    let said = value.get();
                    if key != "role" && !matches!(said, "null" | "\"\"" | "[]" | "{}") {
                        sole = Some(value).filter(|_| bytes == 0 && said.starts_with('"'));
                        bytes += said.len().saturating_sub(2).max(1);
                    }
                }
                Ok(Delta { bytes, sole })
            }
        }
        deserializer.deserialize_map(DeltaVisitor)
    }
}
