//! Fitting a request body to one provider without rebuilding it.
//!
//! The body stays as the client sent it, but for the model's name, the request for usage in a stream, a cap on the output, and
//! fields that steer the gateway or that the provider does not take. What comes out is a list of slices of the original with
//! small pieces between them.

pub mod bare;
mod cuts;

use crate::format::gemini;
use crate::peek::{GATEWAY_ONLY, GENERATION_CONFIG, Key, Peek};
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

/// What one provider needs changed.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'e> {
    /// The model's name in the provider's spelling.
    pub model: &'e str,
    /// Whether to ask for usage in the stream, where the client did not.
    pub ask_for_usage: bool,
    /// The cap on the answer's tokens that takes the place of the client's.
    pub output_cap: Option<OutputCap>,
    /// What the provider takes.
    pub params: Params<'e>,
    /// What a configuration changes, by parameter, each once.
    pub changes: &'e [(&'e str, Change<'e>)],
}

/// What is done with a member at the top of a body.
#[derive(Debug, Clone, Copy)]
pub enum Change<'e> {
    /// It has this value, whatever the client wrote.
    Set(&'e Value),
    /// It has this value where the client wrote none.
    Default(&'e Value),
    /// It is no more than this. What is no number is more.
    Cap(&'e serde_json::Number),
    /// It is not there.
    Remove,
}

/// A cap on an answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputCap {
    /// What it is called where the client has none. The client's own name for it stays.
    pub field: &'static str,
    /// The most tokens.
    pub tokens: u64,
}

/// The parameters that a provider takes. The default takes all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Params<'e> {
    /// Only these; none: all.
    pub supported: Option<&'e HashSet<Box<str>>>,
    /// Not these, which the model does not take.
    pub unsupported: Option<&'e HashSet<Box<str>>>,
    /// Not these, which the provider does not take.
    pub unsupported_there: Option<&'e HashSet<Box<str>>>,
}

/// What is no parameter, and never taken out.
const ESSENTIAL: [&str; 8] =
    ["model", "messages", "stream", "contents", "content", "requests", "generateContentRequest", "generate_content_request"];

/// What is said to the model, which a list of the parameters that a provider takes may well leave out.
const SAID: [&str; 6] = ["system", "prompt", "input", "instructions", "systemInstruction", "system_instruction"];

/// The most names of removed members that are told.
const REMOVED_MAX: usize = 64;

impl Params<'_> {
    /// Whether a member at the top of a body stays.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        let is_supported = || self.supported.is_none_or(|names| names.contains(name) || SAID.contains(&name));
        let is_unsupported =
            || [self.unsupported, self.unsupported_there].into_iter().flatten().any(|names| names.contains(name));
        ESSENTIAL.contains(&name) || is_supported() && !is_unsupported()
    }

    const fn takes_all(&self) -> bool {
        self.supported.is_none() && self.unsupported.is_none() && self.unsupported_there.is_none()
    }
}

/// The slices of the edited body, in order. At most seven unless fields had to be taken out.
pub type Slices = Vec<Bytes>;

/// A body that was fitted.
#[derive(Debug)]
pub struct Edited {
    /// The body.
    pub slices: Slices,
    /// Members that the provider does not take and that were taken out, in order; the first [`REMOVED_MAX`] of them.
    pub removed: Vec<String>,
    /// Members that a configuration gave another value than the client had.
    pub changed: Vec<String>,
}

/// Edits a body that [`crate::peek::peek`] or [`crate::peek::peek_gemini`] accepted.
#[must_use]
pub fn apply(body: &Bytes, peek: &Peek, edit: Edit<'_>) -> Edited {
    let caps_several = peek.has_several_output_caps && edit.output_cap.is_some();
    let keeps_members = !peek.has_gateway_only_fields && !caps_several && edit.params.takes_all() && edit.changes.is_empty();
    match &peek.model_span {
        Some(span) if keeps_members => {
            Edited { slices: splice(body, peek, span, edit), removed: Vec::new(), changed: Vec::new() }
        }
        None if keeps_members && peek.is_model_in_path && edit.output_cap.is_none() => {
            let body = rename(body, &peek.request_model_spans, edit.model);
            Edited { slices: vec![body], removed: Vec::new(), changed: Vec::new() }
        }
        _ => rebuild(body, peek, edit),
    }
}

/// Leaves members at the top of a body out: those that a provider does not take, which are told, and one that the gateway
/// added for itself. For bodies that were written here; one that is no object stays as it is.
#[must_use]
pub fn retain(body: Bytes, params: Params<'_>, own: Option<&str>) -> Edited {
    if params.takes_all() && own.is_none() {
        return Edited { slices: vec![body], removed: Vec::new(), changed: Vec::new() };
    }
    let (mut text, mut removed, mut is_changed) = (String::from("{"), Vec::new(), false);
    let read = for_each_member(&body, |key, value| {
        if !params.takes(key) {
            removed.push(key.to_owned());
        }
        if params.takes(key) && own != Some(key) {
            push_member(&mut text, key, value);
        } else {
            is_changed = true;
        }
    });
    if read.is_err() || !is_changed {
        return Edited { slices: vec![body], removed: Vec::new(), changed: Vec::new() };
    }
    text.push('}');
    Edited { slices: vec![Bytes::from(text)], removed, changed: Vec::new() }
}

/// Leaves members at the top of a body out and puts others, as JSON, in. One that is no object stays as it is.
#[must_use]
pub fn exchange(slices: Slices, leave_out: &[&str], put_in: &[(&str, &str)]) -> Slices {
    let body = slices.concat();
    let mut text = String::with_capacity(body.len() + 64);
    text.push('{');
    put_in.iter().for_each(|(key, value)| push_member(&mut text, key, value));
    let read = for_each_member(&body, |key, value| {
        if !leave_out.contains(&key) && put_in.iter().all(|(other, _)| *other != key) {
            push_member(&mut text, key, value);
        }
    });
    text.push('}');
    if read.is_ok() { vec![Bytes::from(text)] } else { slices }
}

/// The usual case: replace a few values in place.
fn splice(body: &Bytes, peek: &Peek, model_span: &Range<usize>, edit: Edit<'_>) -> Slices {
    let mut model = json_string(edit.model);
    let mut replaced = Vec::with_capacity(3);
    // A member that is not there yet is added behind the model's value, which saves a search for a free place.
    if edit.ask_for_usage {
        match &peek.stream_options_span {
            Some(span) => replaced.push((span.clone(), with_usage(&body[span.clone()]))),
            None => model.push_str(r#","stream_options":{"include_usage":true}"#),
        }
    }
    if let Some(cap) = edit.output_cap {
        match &peek.output_tokens_span {
            Some(span) => replaced.push((span.clone(), cap.tokens.to_string())),
            None => push_cap(&mut model, cap.field, cap),
        }
    }
    if model.as_bytes() != &body[model_span.clone()] {
        replaced.push((model_span.clone(), model));
    }
    replaced.sort_by_key(|(span, _)| span.start);
    let mut slices = Vec::with_capacity(2 * replaced.len() + 1);
    let mut from = 0;
    for (span, text) in replaced {
        slices.push(body.slice(from..span.start));
        slices.push(Bytes::from(text));
        from = span.end;
    }
    slices.push(body.slice(from..));
    slices
}

/// The body with the model's name in each of several requests.
fn rename(body: &Bytes, spans: &[Range<usize>], model: &str) -> Bytes {
    if spans.is_empty() {
        return body.clone();
    }
    let mut text = Vec::with_capacity(body.len() + spans.len() * model.len());
    let name = json_string(&gemini::model_name(model));
    let mut from = 0;
    for span in spans {
        text.extend_from_slice(&body[from..span.start]);
        text.extend_from_slice(name.as_bytes());
        from = span.end;
    }
    text.extend_from_slice(&body[from..]);
    Bytes::from(text)
}

/// The rare case: write the members again, each byte for byte, without those that this provider, or any, must not see.
fn rebuild(body: &Bytes, peek: &Peek, edit: Edit<'_>) -> Edited {
    let body = &rename(body, &peek.request_model_spans, edit.model);
    let mut text = String::with_capacity(body.len() + edit.model.len());
    text.push('{');
    if !peek.is_model_in_path {
        push_member(&mut text, "model", &json_string(edit.model));
    }
    let (mut removed, mut changed) = (Vec::new(), Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    let (mut has_stream_options, mut has_cap) = (false, false);
    let read = for_each_member(body, |key, value| {
        if key == "model" || GATEWAY_ONLY.contains(&key) {
            return;
        }
        if !edit.params.takes(key) {
            if removed.len() < REMOVED_MAX {
                removed.push(key.to_owned());
            }
            return;
        }
        if let Some((name, change)) = edit.changes.iter().find(|(name, _)| *name == key) {
            if matches!(change, Change::Remove) {
                removed.push(key.to_owned());
            } else if !seen.contains(name) {
                seen.push(name);
                let written = change.of(value);
                changed.extend(written.is_some().then(|| key.to_owned()));
                push_member(&mut text, key, written.as_deref().unwrap_or(value));
            }
            return;
        }
        match edit.output_cap {
            Some(cap) if peek.output_caps.contains(&key) => {
                if !has_cap {
                    push_cap(&mut text, key, cap);
                }
                has_cap = true;
            }
            Some(cap) if peek.is_model_in_path && GENERATION_CONFIG.contains(&key) => {
                has_cap = true;
                push_member(&mut text, key, &with_cap(value, cap));
            }
            _ if key == "stream_options" && edit.ask_for_usage => {
                has_stream_options = true;
                push_member(&mut text, key, &with_usage(value.as_bytes()));
            }
            _ => push_member(&mut text, key, value),
        }
    });
    debug_assert!(read.is_ok(), "the body was read before");
    if edit.ask_for_usage && !has_stream_options {
        push_member(&mut text, "stream_options", r#"{"include_usage":true}"#);
    }
    if let Some(cap) = edit.output_cap.filter(|_| !has_cap) {
        if peek.is_model_in_path {
            push_member(&mut text, GENERATION_CONFIG[0], &with_cap("{}", cap));
        } else {
            push_cap(&mut text, cap.field, cap);
        }
    }
    for (name, change) in edit.changes.iter().filter(|(name, _)| !seen.contains(name) && edit.params.takes(name)) {
        if let Change::Set(value) | Change::Default(value) = change {
            push_member(&mut text, name, &value.to_string());
            changed.push((*name).to_owned());
        }
    }
    text.push('}');
    Edited { slices: vec![Bytes::from(text)], removed, changed }
}

impl Change<'_> {
    /// What takes the place of a value that is there; none: it stays.
    fn of(self, value: &str) -> Option<String> {
        match self {
            Self::Set(wanted) => Some(wanted.to_string()).filter(|wanted| wanted != value),
            Self::Default(_) | Self::Remove => None,
            Self::Cap(_) if value == "null" => None,
            Self::Cap(most) => {
                let is_within = value.parse::<f64>().ok().zip(most.as_f64()).is_some_and(|(value, most)| value <= most);
                (!is_within).then(|| most.to_string())
            }
        }
    }
}

/// Adds a member to an object that is open.
pub(crate) fn push_member(text: &mut String, key: &str, value: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(&json_string(key));
    text.push(':');
    text.push_str(value);
}

fn push_cap(text: &mut String, field: &str, cap: OutputCap) {
    push_member(text, field, &cap.tokens.to_string());
}

/// A `generationConfig` with the cap in the place of its own. What is no object is replaced.
fn with_cap(generation_config: &str, cap: OutputCap) -> String {
    let mut text = String::from("{");
    push_cap(&mut text, cap.field, cap);
    let only = text.len();
    let read = for_each_member(generation_config.as_bytes(), |key, value| {
        if !["maxOutputTokens", "max_output_tokens"].contains(&key) {
            push_member(&mut text, key, value);
        }
    });
    if read.is_err() {
        text.truncate(only);
    }
    text.push('}');
    text
}

/// `stream_options` with usage asked for and all else as it was. What is no object is replaced.
fn with_usage(stream_options: &[u8]) -> String {
    let only = r#"{"include_usage":true"#;
    let mut text = String::from(only);
    let read = for_each_member(stream_options, |key, value| {
        if key != "include_usage" {
            push_member(&mut text, key, value);
        }
    });
    if read.is_err() {
        text.truncate(only.len());
    }
    text.push('}');
    text
}

pub(crate) fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| Value::from(text).to_string())
}

/// Goes through the members of an object in their order, values untouched.
pub(crate) fn for_each_member(object: &[u8], each: impl FnMut(&str, &str)) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(object);
    Members(each).deserialize(&mut deserializer)
}

struct Members<F>(F);

impl<'de, F: FnMut(&str, &str)> DeserializeSeed<'de> for Members<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(key), value)) = map.next_entry::<_, &RawValue>()? {
            (self.0)(&key, value.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
