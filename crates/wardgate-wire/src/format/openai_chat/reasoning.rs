//! Reasoning in Chat Completions: a string under one of two names, and a list of details in the shape that OpenRouter made.
//!
//! A detail with a signature or with data is kept whole, as the opaque piece of a Chat provider, and goes back as it came. What
//! another format made stands in a detail of ours, in its envelope.

use crate::json::write::one_line;
use crate::json::{Json, Object, Path};
use crate::neutral::content::{Content, Part, Reasoning};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use wardgate_core::format::Format;

/// One entry of `reasoning_details`.
#[derive(Deserialize)]
pub(crate) struct Detail<'b> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Cow<'b, str>,
    pub(crate) text: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) data: Option<String>,
    pub(crate) id: Option<String>,
}

impl Detail<'_> {
    pub(crate) fn is_summary(&self) -> bool {
        self.kind == "reasoning.summary"
    }

    pub(crate) fn shown(&self) -> Option<&str> {
        self.text.as_deref().or(self.summary.as_deref()).filter(|text| !text.is_empty())
    }

    /// What must go back to whoever made it: an envelope of ours, opened, or the detail itself without its text.
    pub(crate) fn opaque(&self, raw: &RawValue, origin: Origin) -> Option<Opaque> {
        let sealed = self.data.as_deref().or(self.signature.as_deref()).filter(|sealed| !sealed.is_empty())?;
        let kind = if self.data.is_some() { OpaqueKind::Encrypted } else { OpaqueKind::Signature };
        Opaque::from_envelope(sealed).or_else(|| Some(Opaque { origin, kind, data: without_text(raw) }))
    }
}

fn without_text(raw: &RawValue) -> String {
    let Ok(object) = Object::read(raw, &Path::Root) else { return raw.get().to_owned() };
    let bytes = crate::json::write::object(|json| {
        for (key, value) in object.members().filter(|(key, _)| !matches!(*key, "text" | "summary")) {
            json.put_member(key, value.get());
        }
    });
    String::from_utf8(bytes).unwrap_or_default()
}

/// The reasoning of an assistant's message, from a client or in a whole answer.
pub(crate) fn decode_message(object: &mut Object<'_>, path: &Path<'_>, parts: &mut Vec<Part>) -> Result<(), Untranslatable> {
    decode(object, path, Origin::of(Format::OpenAiChat), parts)
}

pub(crate) fn decode(
    object: &mut Object<'_>,
    path: &Path<'_>,
    origin: Origin,
    parts: &mut Vec<Part>,
) -> Result<(), Untranslatable> {
    let details = object.list("reasoning_details", path)?;
    let content = object.take("reasoning_content");
    let plain = match content.or_else(|| object.take("reasoning")) {
        Some(value) => Some(crate::json::read::text(value, &path.key("reasoning_content"))?),
        None => None,
    };
    object.take("reasoning");
    let before = parts.len();
    let path = path.key("reasoning_details");
    for (index, raw) in details.into_iter().enumerate() {
        let detail: Detail<'_> = serde_json::from_str(raw.get()).map_err(|_| path.at(index).wrong("is no reasoning detail"))?;
        let opaque = detail.opaque(raw, origin);
        let text = detail.shown().unwrap_or_default().to_owned();
        if text.is_empty() && opaque.is_none() {
            continue;
        }
        let reasoning = Reasoning {
            is_summary: detail.is_summary(),
            call_id: detail.id.filter(|_| opaque.is_some() && text.is_empty()),
            text,
            opaque,
        };
        // A signature that comes in an entry of its own belongs to the text before it.
        let last = parts[before..].last_mut().map(|part| &mut part.content);
        match last {
            Some(Content::Reasoning(last))
                if last.opaque.is_none() && reasoning.text.is_empty() && detail.kind == "reasoning.text" =>
            {
                last.opaque = reasoning.opaque;
            }
            _ => parts.push(Content::Reasoning(reasoning).into()),
        }
    }
    let has_text = parts[before..].iter().any(|part| matches!(&part.content, Content::Reasoning(it) if !it.text.is_empty()));
    if let Some(text) = plain.filter(|text| !text.is_empty() && !has_text) {
        parts.insert(before, Content::Reasoning(Reasoning { text, ..Reasoning::default() }).into());
    }
    Ok(())
}

/// The word for who made a piece, in OpenRouter's list.
const fn maker(format: Format) -> &'static str {
    match format {
        Format::AnthropicMessages | Format::BedrockConverse => "anthropic-claude-v1",
        Format::OpenAiResponses => "openai-responses-v1",
        Format::Gemini => "google-gemini-v1",
        _ => "unknown",
    }
}

/// Writes a piece as a detail for a client.
pub(crate) fn write_sealed(json: &mut Json<'_>, opaque: &Opaque, index: usize, id: Option<&str>) {
    // A signature of Google's, as its layer for Chat puts it beside a call, is no detail.
    let is_detail = || serde_json::from_str::<&RawValue>(&opaque.data).is_ok_and(|raw| raw.get().starts_with('{'));
    if opaque.origin.format == Format::OpenAiChat && is_detail() {
        json.raw(&one_line(&opaque.data));
        return;
    }
    let shown = opaque.shown_to(Format::OpenAiChat);
    json.object(|json| {
        let is_signature = opaque.kind == OpaqueKind::Signature && id.is_none();
        json.put("type", if is_signature { "reasoning.text" } else { "reasoning.encrypted" });
        json.put(if is_signature { "signature" } else { "data" }, &shown);
        json.put_some("id", id);
        json.put("format", maker(opaque.origin.format));
        json.put_number("index", index as u64);
    });
}

/// Writes readable reasoning as a detail for a client.
pub(crate) fn write_text(json: &mut Json<'_>, text: &str, is_summary: bool, index: usize) {
    json.object(|json| {
        json.put("type", if is_summary { "reasoning.summary" } else { "reasoning.text" });
        json.put(if is_summary { "summary" } else { "text" }, text);
        json.put_number("index", index as u64);
    });
}

/// Writes a detail back to the provider that made it, its text in its place.
pub(crate) fn write_back(json: &mut Json<'_>, data: &str, reasoning: &Reasoning) {
    let raw = serde_json::from_str::<&RawValue>(data).ok();
    let Some(object) = raw.and_then(|raw| Object::read(raw, &Path::Root).ok()) else { return };
    json.object(|json| {
        for (key, value) in object.members() {
            json.put_member(key, value.get());
            if key == "type" && !reasoning.text.is_empty() {
                json.put(if reasoning.is_summary { "summary" } else { "text" }, &reasoning.text);
            }
        }
    });
}
