//! Writing a whole generateContent answer.

use super::grounding::Sources;
use super::{logprobs, served, usage};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{Content, Source};
use crate::neutral::opaque::Opaque;
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::tool::{Call, CallKind};
use crate::transcode::fit::arguments_object;
use crate::transcode::options::ReplyOptions;
use std::borrow::Cow;
use wardgate_core::format::Format;

pub(crate) fn encode(reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    object(|json| {
        json.put_list("candidates", |json| {
            for (index, reply) in (0..).zip(std::iter::once(reply).chain(&reply.others)) {
                json.object(|json| {
                    json.put_object("content", |json| {
                        json.put("role", "model");
                        json.put_list("parts", |json| parts(reply, json));
                    });
                    json.put("finishReason", finish_reason(&reply.stop, reply.parts.iter().any(is_refusal)));
                    json.put_number("index", index);
                    sources(reply).write(json);
                    logprobs::put(json, reply.parts.iter().flat_map(Content::logprobs));
                });
            }
        });
        if let Some(usage) = &reply.usage {
            json.put_object("usageMetadata", |json| usage::write(json, usage, reply.tier));
        }
        json.put("modelVersion", options.model.as_deref().or(reply.model.as_deref()).unwrap_or_default());
        json.put("responseId", reply.id.as_deref().unwrap_or(&options.request_id));
    })
}

const fn is_refusal(part: &Content) -> bool {
    matches!(part, Content::Refusal(_))
}

/// What the texts rest on, each by the number of its part.
fn sources(reply: &Reply) -> Sources {
    let mut sources = Sources::default();
    let is_written = |part: &&Content| match part {
        Content::Reasoning(reasoning) => !reasoning.text.is_empty(),
        Content::Text { .. } | Content::Refusal(_) | Content::Call(_) => true,
        Content::Image { source, .. } => matches!(source, Source::Base64 { .. }),
        _ => false,
    };
    let mut number = 0;
    for part in &reply.parts {
        match part {
            Content::Text { text, citations, .. } => {
                citations.iter().for_each(|citation| sources.cite(citation, number, 0, text));
            }
            Content::Served(served) => {
                sources.search(served);
                number += served::parts(served);
            }
            _ => {}
        }
        number += usize::from(is_written(&part));
    }
    sources
}

/// The parts. A signature without text of its own belongs to the part behind it.
fn parts(reply: &Reply, json: &mut Json<'_>) {
    let mut signature: Option<Cow<'_, str>> = None;
    for part in &reply.parts {
        match part {
            Content::Reasoning(reasoning) if reasoning.text.is_empty() => {
                signature = reasoning.opaque.as_ref().map(shown);
            }
            Content::Reasoning(reasoning) => json.object(|json| {
                json.put("text", &reasoning.text);
                json.put_flag("thought", true);
                json.put_some("thoughtSignature", reasoning.opaque.as_ref().map(shown).as_deref());
            }),
            Content::Text { text, .. } | Content::Refusal(text) => json.object(|json| {
                json.put("text", text);
                json.put_some("thoughtSignature", signature.take().as_deref());
            }),
            Content::Call(call) => json.object(|json| {
                write_call(json, &call.id, &call.name, &args(call));
                json.put_some("thoughtSignature", signature.take().as_deref());
            }),
            Content::Image { source, .. } => write_image(json, source),
            Content::Served(served) => served::write_parts(json, served),
            _ => {}
        }
    }
    if let Some(signature) = signature {
        json.object(|json| {
            json.put("text", "");
            json.put("thoughtSignature", &signature);
        });
    }
}

fn args(call: &Call) -> Cow<'_, str> {
    match call.kind {
        CallKind::Function => arguments_object(&call.arguments).0,
        CallKind::Custom => crate::format::openai_chat::encode_request::function_arguments(call.kind, &call.arguments).into(),
    }
}

pub(super) fn write_call(json: &mut Json<'_>, id: &str, name: &str, args: &str) {
    json.put_object("functionCall", |json| {
        json.put("id", id);
        json.put("name", name);
        json.put_raw("args", args);
    });
}

pub(super) fn write_image(json: &mut Json<'_>, source: &Source) {
    if let Source::Base64 { media, data } = source {
        json.object(|json| {
            json.put_object("inlineData", |json| {
                json.put("mimeType", media);
                json.put("data", data);
            });
        });
    }
}

/// A signature for a client, which must be base64: Gemini's own is already, an envelope is made so.
pub(super) fn shown(opaque: &Opaque) -> Cow<'_, str> {
    use base64ct::{Base64, Encoding};
    match opaque.origin.format {
        Format::Gemini => (&opaque.data).into(),
        _ => Base64::encode_string(opaque.shown_to(Format::Gemini).as_bytes()).into(),
    }
}

/// Words of refusal are text here, so the reason has to tell.
pub(super) const fn finish_reason(stop: &Stop, is_refusal: bool) -> &'static str {
    match stop {
        Stop::End if is_refusal => "SAFETY",
        Stop::End | Stop::Sequence(_) | Stop::ToolUse | Stop::Other(_) => "STOP",
        Stop::MaxTokens | Stop::ContextWindow => "MAX_TOKENS",
        Stop::ContentFilter | Stop::Refusal(_) => "SAFETY",
        Stop::Pause => "CONTINUATION",
    }
}
