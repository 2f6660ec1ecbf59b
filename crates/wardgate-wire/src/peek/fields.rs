//! Going through the members of a request's body once, and keeping those that count.

use super::values::{is_null, prompts, tokens};
use super::{GATEWAY_ONLY, Key, PeekError, batch};
use crate::depth;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use wardgate_core::format::{Format, Surface};

/// Those of them in which a client says whom it prefers.
const PREFERENCES: [&str; 3] = ["provider", "route", "plugins"];

/// What routing reads, beside the caps on the output.
const READ: [&str; 4] = ["model", "models", "stream", "stream_options"];

pub(super) fn read<'b>(
    body: &'b [u8],
    output_caps: &'static [&'static str],
    more: &'static [&'static str],
) -> Result<(&'b str, Fields<'b>), PeekError> {
    let text =
        std::str::from_utf8(body).map_err(|error| PeekError::NotJson(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    if depth::is_too_deep(body) {
        return Err(PeekError::TooDeep);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = FieldsVisitor { output_caps, more }
        .deserialize(&mut deserializer)
        .and_then(|fields| deserializer.end().map(|()| fields))
        .map_err(|error| not_json(text, &error))?;
    if let Some(name) = fields.duplicate {
        return Err(PeekError::Duplicate(name));
    }
    if let Some(name) = fields.other_case {
        return Err(PeekError::OtherCase(name));
    }
    Ok((text, fields))
}

/// Whether a name that routing does not read is one that it reads to those who compare without case, as programs in Go do: to
/// them two letters beyond ASCII, too, are the same as `s` and `k`.
fn is_other_case(name: &str, output_caps: &[&str], more: &[&str]) -> bool {
    let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if name.bytes().all(is_lower) {
        return false;
    }
    let folded = || {
        name.chars().map(|character| match character {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            other => other.to_ascii_lowercase(),
        })
    };
    READ.iter()
        .chain(output_caps)
        .chain(more)
        .any(|read| folded().eq(read.chars().map(|character| character.to_ascii_lowercase())))
}

fn not_json(text: &str, error: &serde_json::Error) -> PeekError {
    let starts_other =
        text.trim_start().starts_with(['[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    if starts_other && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return PeekError::NotAnObject;
    }
    // The parser's own text may quote the body; its category and place do not.
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "unexpected character",
    };
    PeekError::NotJson(format!("{what} at line {} column {}", error.line(), error.column()))
}

#[derive(Default)]
pub(super) struct Fields<'b> {
    pub(super) model: Option<&'b RawValue>,
    pub(super) models: Option<&'b RawValue>,
    pub(super) stream: Option<&'b RawValue>,
    pub(super) background: Option<&'b RawValue>,
    pub(super) stream_options: Option<&'b RawValue>,
    pub(super) usage: Option<&'b RawValue>,
    pub(super) generation_config: Option<&'b RawValue>,
    pub(super) requests: Option<&'b RawValue>,
    /// A whole request that is to be counted, and what it is called.
    pub(super) counted: Option<(String, &'b RawValue)>,
    pub(super) output_cap: Option<&'b RawValue>,
    pub(super) output_tokens_max: Option<u64>,
    pub(super) answers: Option<u64>,
    /// Of two the one with more, whichever a provider reads.
    pub(super) prompt: Option<&'b RawValue>,
    /// The newer name of `user`.
    pub(super) safety_identifier: Option<&'b RawValue>,
    pub(super) user: Option<&'b RawValue>,
    pub(super) metadata: Option<&'b RawValue>,
    pub(super) has_several_output_caps: bool,
    pub(super) has_gateway_only: bool,
    pub(super) has_preferences: bool,
    pub(super) duplicate: Option<String>,
    pub(super) other_case: Option<String>,
}

impl<'b> Fields<'b> {
    pub(super) fn end_user(&self, surface: Surface) -> Option<&'b RawValue> {
        let named = match surface.format() {
            Format::AnthropicMessages => self.metadata,
            _ => self.safety_identifier.filter(|value| !is_null(value)).or(self.user),
        };
        named.filter(|value| !is_null(value))
    }
}

struct FieldsVisitor {
    output_caps: &'static [&'static str],
    /// What else routing reads in this format.
    more: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            if GATEWAY_ONLY.contains(&&*key) {
                fields.has_gateway_only = true;
                fields.has_preferences |= PREFERENCES.contains(&&*key);
            }
            let slot = match &*key {
                "model" => &mut fields.model,
                "models" => &mut fields.models,
                "stream" => &mut fields.stream,
                "background" => &mut fields.background,
                "stream_options" => &mut fields.stream_options,
                "usage" => &mut fields.usage,
                "generationConfig" | "generation_config" => &mut fields.generation_config,
                "requests" if self.more == batch::READ => &mut fields.requests,
                name if self.more == batch::COUNTED && batch::COUNTED.contains(&name) => {
                    // Two spellings of it are two requests as well.
                    if fields.counted.replace((name.to_owned(), map.next_value()?)).is_some() {
                        fields.duplicate.get_or_insert_with(|| key.into_owned());
                    }
                    continue;
                }
                name if self.output_caps.contains(&name) => {
                    let value: &RawValue = map.next_value()?;
                    fields.output_tokens_max = fields.output_tokens_max.max(tokens(value));
                    fields.has_several_output_caps |= fields.output_cap.is_some();
                    fields.output_cap.get_or_insert(value);
                    continue;
                }
                // Nothing is decided by them but who is counted: the last of two counts, as it does to most readers.
                "prompt" => {
                    let value: &RawValue = map.next_value()?;
                    fields.prompt = fields.prompt.filter(|other| prompts(Some(other)) > prompts(Some(value))).or(Some(value));
                    continue;
                }
                "safety_identifier" => {
                    fields.safety_identifier = Some(map.next_value()?);
                    continue;
                }
                "user" => {
                    fields.user = Some(map.next_value()?);
                    continue;
                }
                "metadata" => {
                    fields.metadata = Some(map.next_value()?);
                    continue;
                }
                // All answers that are written are paid for, also those of which only the best is sent.
                "n" | "best_of" => {
                    fields.answers = fields.answers.max(tokens(map.next_value()?));
                    continue;
                }
                name => {
                    if is_other_case(name, self.output_caps, self.more) {
                        fields.other_case.get_or_insert_with(|| name.to_owned());
                    }
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value()?).is_some() {
                fields.duplicate.get_or_insert_with(|| key.into_owned());
            }
        }
        Ok(fields)
    }
}
