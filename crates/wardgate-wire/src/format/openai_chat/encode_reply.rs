//! Writing a whole Chat Completions answer.

use super::{logprobs, reasoning, served, tier};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{Citation, Content, Reasoning};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::tool::{Call, CallKind};
use crate::transcode::options::ReplyOptions;
use wardgate_core::usage::Usage;

pub(crate) fn encode(reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    object(|json| {
        json.put("id", reply.id.as_deref().unwrap_or(&options.request_id));
        json.put("object", "chat.completion");
        json.put_integer("created", reply.created.unwrap_or(options.created));
        json.put("model", options.model.as_deref().or(reply.model.as_deref()).unwrap_or_default());
        json.put_list("choices", |json| {
            for (index, reply) in (0..).zip(std::iter::once(reply).chain(&reply.others)) {
                json.object(|json| {
                    json.put_number("index", index);
                    json.put_object("message", |json| message(reply, json));
                    write_logprobs(reply, json);
                    json.put("finish_reason", finish_reason(&reply.stop));
                    native(&reply.stop, json);
                });
            }
        });
        json.put_some("service_tier", reply.tier.and_then(tier::served_word));
        if let Some(usage) = &reply.usage {
            json.put_object("usage", |json| write_usage(json, usage));
        }
    })
}

fn write_logprobs(reply: &Reply, json: &mut Json<'_>) {
    let mut elements = Vec::new();
    for part in &reply.parts {
        logprobs::write(&mut Json(&mut elements), part.logprobs());
    }
    if elements.is_empty() { json.put_null("logprobs") } else { logprobs::put(json, &elements) }
}

fn message(reply: &Reply, json: &mut Json<'_>) {
    json.put("role", "assistant");
    let text = joined(reply, |part| match part {
        Content::Text { text, .. } => Some(text),
        _ => None,
    });
    match text {
        Some(text) => json.put("content", &text),
        None => json.put_null("content"),
    }
    let refusal = joined(reply, |part| match part {
        Content::Refusal(text) => Some(text),
        _ => None,
    });
    let refusal = refusal.or(match &reply.stop {
        Stop::Refusal(text) => text.clone(),
        _ => None,
    });
    match refusal {
        Some(refusal) => json.put("refusal", &refusal),
        None => json.put_null("refusal"),
    }
    write_reasoning(reply, json);
    write_annotations(reply, json);
    let images = || {
        reply.parts.iter().filter_map(|part| match part {
            Content::Image { source, .. } => source.to_url(),
            _ => None,
        })
    };
    if images().next().is_some() {
        json.put_list("images", |json| {
            images().for_each(|url| {
                json.object(|json| {
                    json.put("type", "image_url");
                    json.put_object("image_url", |json| json.put("url", &url));
                });
            });
        });
    }
    let served = || {
        reply.parts.iter().filter_map(|part| match part {
            Content::Served(served) => Some(served),
            _ => None,
        })
    };
    if served().next().is_some() {
        json.put_list(served::KEY, |json| served().for_each(|served| served::write(json, served, None)));
    }
    if reply.has_calls() {
        json.put_list("tool_calls", |json| {
            for part in &reply.parts {
                if let Content::Call(call) = part {
                    json.object(|json| write_call(json, call));
                }
            }
        });
    }
}

/// The texts of one kind as one. None where there is none at all.
fn joined<'r>(reply: &'r Reply, of: impl Fn(&'r Content) -> Option<&'r String>) -> Option<String> {
    reply.parts.iter().filter_map(of).fold(None, |joined, text| Some(joined.unwrap_or_default() + text))
}

fn write_reasoning(reply: &Reply, json: &mut Json<'_>) {
    let reasonings: Vec<&Reasoning> = reply
        .parts
        .iter()
        .filter_map(|part| match part {
            Content::Reasoning(reasoning) => Some(reasoning),
            _ => None,
        })
        .collect();
    if reasonings.is_empty() {
        return;
    }
    let text: Vec<&str> = reasonings.iter().map(|it| it.text.as_str()).filter(|text| !text.is_empty()).collect();
    if !text.is_empty() {
        let text = text.join("\n");
        json.put("reasoning_content", &text);
        json.put("reasoning", &text);
    }
    json.put_list("reasoning_details", |json| {
        for (index, it) in reasonings.iter().enumerate() {
            if !it.text.is_empty() {
                reasoning::write_text(json, &it.text, it.is_summary, index);
            }
            if let Some(opaque) = &it.opaque {
                reasoning::write_sealed(json, opaque, index, it.call_id.as_deref());
            }
        }
    });
}

/// Indices count through the whole message, which is all texts together. A document of the request has no address, so it stands in
/// a list of our own.
fn write_annotations(reply: &Reply, json: &mut Json<'_>) {
    let mut offset = 0;
    let mut cited: Vec<(&Citation, u64, u64)> = Vec::new();
    for part in &reply.parts {
        if let Content::Text { text, citations, .. } = part {
            let length = text.chars().count() as u64;
            cited.extend(citations.iter().map(|citation| (citation, offset, length)));
            offset += length;
        }
    }
    let (pages, documents): (Vec<_>, Vec<_>) = cited.into_iter().partition(|(citation, ..)| citation.url.is_some());
    let write = |json: &mut Json<'_>, cited: &[(&Citation, u64, u64)], one: fn(&mut Json<'_>, &Citation, u64, u64)| {
        cited.iter().for_each(|(citation, offset, length)| json.object(|json| one(json, citation, *offset, *length)));
    };
    if !pages.is_empty() {
        json.put_list("annotations", |json| write(json, &pages, write_annotation));
    }
    if !documents.is_empty() {
        json.put_list("citations", |json| write(json, &documents, write_document));
    }
}

/// A source without an address.
pub(crate) fn write_document(json: &mut Json<'_>, citation: &Citation, offset: u64, length: u64) {
    json.put_number("start_index", offset + citation.start.unwrap_or(0));
    json.put_number("end_index", offset + citation.end.unwrap_or(length));
    if let Some(document) = citation.document {
        json.put_number("document_index", document);
    }
    json.put_some("title", citation.title.as_deref());
    json.put_some("cited_text", citation.cited_text.as_deref());
}

/// One source. A source of a whole part covers it from end to end.
pub(crate) fn write_annotation(json: &mut Json<'_>, citation: &Citation, offset: u64, length: u64) {
    json.put("type", "url_citation");
    json.put_object("url_citation", |json| {
        json.put_number("start_index", offset + citation.start.unwrap_or(0));
        json.put_number("end_index", offset + citation.end.unwrap_or(length));
        json.put("url", citation.url.as_deref().unwrap_or_default());
        json.put("title", citation.title.as_deref().unwrap_or_default());
    });
}

fn write_call(json: &mut Json<'_>, call: &Call) {
    json.put("id", &call.id);
    match call.kind {
        CallKind::Function => {
            json.put("type", "function");
            json.put_object("function", |json| {
                json.put("name", &call.name);
                json.put("arguments", if call.arguments.is_empty() { "{}" } else { &call.arguments });
            });
        }
        CallKind::Custom => {
            json.put("type", "custom");
            json.put_object("custom", |json| {
                json.put("name", &call.name);
                json.put("input", &call.arguments);
            });
        }
    }
}

pub(crate) const fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) | Stop::Other(_) => "stop",
        // A turn that was interrupted is not whole.
        Stop::MaxTokens | Stop::ContextWindow | Stop::Pause => "length",
        Stop::ToolUse => "tool_calls",
        Stop::ContentFilter | Stop::Refusal(_) => "content_filter",
    }
}

/// The provider's own word, where ours does not say the same.
pub(crate) fn native(stop: &Stop, json: &mut Json<'_>) {
    match stop {
        Stop::Other(word) => json.put("native_finish_reason", word),
        Stop::Pause | Stop::ContextWindow | Stop::Refusal(_) => json.put("native_finish_reason", stop.name()),
        _ => {}
    }
}

pub(crate) fn write_usage(json: &mut Json<'_>, usage: &Usage) {
    json.put_number("prompt_tokens", usage.input());
    json.put_number("completion_tokens", usage.output);
    json.put_number("total_tokens", usage.total());
    json.put_object("prompt_tokens_details", |json| {
        json.put_number("cached_tokens", usage.cache_read);
        if usage.cache_write() > 0 {
            json.put_number("cache_write_tokens", usage.cache_write());
        }
    });
    json.put_object("completion_tokens_details", |json| json.put_number("reasoning_tokens", usage.reasoning));
    if usage.units.web_searches > 0 {
        json.put_object("server_tool_use", |json| {
            json.put_number("web_search_requests", usage.units.web_searches.into());
        });
    }
}
