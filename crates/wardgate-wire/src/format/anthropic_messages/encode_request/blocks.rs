//! Blocks of a Messages request.

use crate::json::Json;
use crate::neutral::content::{Content, Part, Reasoning, Source};
use crate::neutral::opaque::OpaqueKind;
use crate::neutral::tool::{Call, CallKind, ToolResult};
use crate::transcode::fit::{Fit, arguments_object};
use crate::transcode::media;
use std::borrow::Cow;

pub(super) fn text_block(json: &mut Json<'_>, text: &str) {
    json.object(|json| {
        json.put("type", "text");
        json.put("text", text);
    });
}

/// Thoughts go back only to whoever had them, and only whole.
pub(super) fn write_reasoning(fit: &Fit<'_>, json: &mut Json<'_>, reasoning: &Reasoning, path: &str) {
    let Some(opaque) = &reasoning.opaque else {
        fit.warn("reasoning_dropped", path);
        return;
    };
    let Some(data) = fit.readable(opaque, path) else { return };
    json.object(|json| match opaque.kind {
        OpaqueKind::Redacted | OpaqueKind::Encrypted | OpaqueKind::Served => {
            json.put("type", "redacted_thinking");
            json.put("data", data);
        }
        OpaqueKind::Signature => {
            json.put("type", "thinking");
            json.put("thinking", &reasoning.text);
            json.put("signature", data);
        }
    });
}

pub(super) fn write_call(fit: &Fit<'_>, json: &mut Json<'_>, call: &Call, id: &str, path: &str) {
    json.put("type", "tool_use");
    json.put("id", id);
    json.put("name", fit.aliases.sent(&call.name));
    let arguments: Cow<'_, str> = match call.kind {
        CallKind::Custom => crate::format::openai_chat::encode_request::function_arguments(call.kind, &call.arguments).into(),
        CallKind::Function => {
            let (arguments, is_wrapped) = arguments_object(&call.arguments);
            if is_wrapped {
                fit.warn("arguments_wrapped", path);
            }
            arguments
        }
    };
    json.put_raw("input", &arguments);
}

pub(super) fn write_result(json: &mut Json<'_>, result: &ToolResult, id: &str) {
    json.put("type", "tool_result");
    json.put("tool_use_id", id);
    let is_blank = |part: &&Part| !matches!(&part.content, Content::Text { text, .. } if text.trim().is_empty());
    let parts: Vec<&Part> = result.parts.iter().filter(is_blank).collect();
    match parts.as_slice() {
        [] => json.put("content", "(no output)"),
        [Part { content: Content::Text { text, .. }, .. }] => json.put("content", text),
        parts => json.put_list("content", |json| parts.iter().for_each(|part| json.object(|json| write_block(json, part)))),
    }
    if result.is_error {
        json.put_flag("is_error", true);
    }
}

pub(super) fn write_block(json: &mut Json<'_>, part: &Part) {
    match &part.content {
        Content::Image { source, .. } => {
            json.put("type", "image");
            json.put_object("source", |json| write_source(json, source));
        }
        Content::File { source, name, context, is_citable } => {
            json.put("type", "document");
            json.put_object("source", |json| match media::document_text(source) {
                Some(text) => {
                    json.put("type", "text");
                    json.put("media_type", "text/plain");
                    json.put("data", &text);
                }
                None => write_source(json, source),
            });
            json.put_some("title", name.as_deref());
            json.put_some("context", context.as_deref());
            if *is_citable {
                json.put_object("citations", |json| json.put_flag("enabled", true));
            }
        }
        Content::SearchResult { source, title, text } => {
            json.put("type", "search_result");
            json.put("source", source);
            json.put("title", title);
            json.put_list("content", |json| text_block(json, text));
        }
        Content::Text { text, .. } | Content::Refusal(text) => {
            json.put("type", "text");
            json.put("text", text);
        }
        // Written elsewhere, or refused before.
        _ => {
            json.put("type", "text");
            json.put("text", "(empty)");
        }
    }
}

fn write_source(json: &mut Json<'_>, source: &Source) {
    match source {
        Source::Base64 { media, data } => {
            let media = media::media_of(source).unwrap_or(media);
            json.put("type", "base64");
            json.put("media_type", media::image_media(media, data));
            json.put("data", data);
        }
        Source::Text(text) => {
            json.put("type", "text");
            json.put("media_type", "text/plain");
            json.put("data", text);
        }
        Source::Url { url, .. } => {
            json.put("type", "url");
            json.put("url", url);
        }
        Source::FileId { id, .. } => {
            json.put("type", "file");
            json.put("file_id", id);
        }
    }
}
