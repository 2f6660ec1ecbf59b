//! Writing a Chat Completions request.

mod tools;
mod options;

pub(crate) use options::{USER_BYTES_MAX, capped};
pub(crate) use tools::custom_description;

use super::{reasoning, server_tools};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{CacheMark, Content, Part, Reasoning, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::Opaque;
use crate::neutral::request::Request;
use crate::neutral::server_tool::ServerToolKind;
use crate::neutral::tool::{CallKind, Tool, ToolResult};
use crate::transcode::aliases::{CUSTOM_ARGUMENT, NARROW};
use crate::transcode::arrange::{Ids, Message, Piece, arrange};
use crate::transcode::fit::{Fit, joined_text};
use crate::transcode::marks::Marks;
use crate::transcode::target::{CacheMarks, Target};
use crate::transcode::{Encoded, media};
use options::options;
use std::collections::HashMap;
use tools::tools;
use wardgate_core::format::Format;

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    // Custom tools are OpenAI's own; the hosts that imitate it know functions only.
    let fit = Fit::new(request, target, Format::OpenAiChat, NARROW, !target.traits.is_openai);
    let messages = arrange(request, if target.traits.is_mistral { Ids::Nine } else { Ids::Any })?;
    refuse_what_has_no_place(&fit, &messages)?;
    let marks = Marks::of_openai(&fit, &messages);
    let body = object(|json| {
        json.put("model", target.model);
        json.put_list("messages", |json| messages.iter().for_each(|message| write_message(&fit, &marks, json, message)));
        tools(&fit, &marks, json);
        server_tools::write(&fit, json);
        options(&fit, json);
        if let Some(pictures) = &request.pictures {
            json.put_texts("modalities", if pictures.is_only { &["image"][..] } else { &["image", "text"] }.iter().copied());
            if pictures.aspect_ratio.is_some() || pictures.size.is_some() {
                json.put_object("image_config", |json| {
                    json.put_some("aspect_ratio", pictures.aspect_ratio.as_deref());
                    json.put_some("image_size", pictures.size.as_deref());
                });
            }
        }
        if request.is_stream {
            json.put_flag("stream", true);
            json.put_object("stream_options", |json| json.put_flag("include_usage", true));
        }
    });
    Ok(fit.done(body))
}

fn refuse_what_has_no_place(fit: &Fit<'_>, messages: &[Message<'_>]) -> Result<(), Untranslatable> {
    for (index, tool) in fit.request.tools.iter().enumerate() {
        if let Tool::Builtin { kind, .. } = tool {
            return Err(fit.foreign_tool(index, kind));
        }
    }
    fit.check_schema()?;
    fit.check_server_tools(|kind| kind == ServerToolKind::WebSearch)?;
    for message in messages {
        let path = &message.turn.path;
        for piece in &message.pieces {
            let parts = match &piece.part.content {
                Content::Result(result) => result.parts.as_slice(),
                _ => std::slice::from_ref(piece.part),
            };
            for part in parts {
                let path = part.path_in(path);
                match &part.content {
                    Content::Foreign { kind, .. } => return Err(fit.foreign_content(kind, path)),
                    Content::Image { source: Source::FileId { .. }, .. }
                    | Content::File { source: Source::FileId { .. }, .. }
                    | Content::Audio(Source::FileId { .. })
                    | Content::Video(Source::FileId { .. }) => return Err(file_id_not_portable(path)),
                    Content::File { source: Source::Url { .. }, .. } | Content::Audio(Source::Url { .. }) => {
                        let why = "a document or a sound at a URL cannot be sent to this provider: send its bytes";
                        return Err(media::url_not_supported(path, why));
                    }
                    Content::Image { source, .. } | Content::Video(source) => media::check_web(source, path)?,
                    _ => {}
                }
            }
        }
    }
    if !fit.target.traits.takes_prefill && messages.last().is_some_and(|last| last.role == Role::Assistant) {
        return Err(prefill_not_supported(messages));
    }
    Ok(())
}

pub(crate) fn file_id_not_portable(path: &str) -> Untranslatable {
    let why = "the file is stored at another provider: send its bytes or a URL";
    Untranslatable::new("file_id_not_portable", path, why)
}

pub(crate) fn prefill_not_supported(messages: &[Message<'_>]) -> Untranslatable {
    let path = messages.last().map_or("", |last| last.turn.path.as_str());
    let why = "the model does not continue an assistant's turn: end the conversation with a turn of the user";
    Untranslatable::new("prefill_not_supported", path, why)
}

fn write_message(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, message: &Message<'_>) {
    if message.turn.phase.is_some() {
        fit.warn("unsupported_parameter", format!("{}.phase", message.turn.path));
    }
    match message.role {
        Role::Tool => write_results(fit, marks, json, message),
        Role::Assistant => json.object(|json| write_assistant(fit, marks, json, message)),
        role => {
            let word = match role {
                Role::Developer if fit.target.traits.is_openai => "developer",
                Role::System | Role::Developer => "system",
                _ => "user",
            };
            json.object(|json| {
                json.put("role", word);
                json.put_some("name", message.turn.name.as_deref());
                let parts: Vec<&Part> = message.pieces.iter().map(|piece| piece.part).collect();
                write_content(fit, marks, json, &parts);
            });
        }
    }
}

/// The member `content`: a string where it is one plain text, else parts.
fn write_content(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, parts: &[&Part]) {
    match parts {
        [] => json.put("content", ""),
        [Part { content: Content::Text { text, .. }, cache, .. }] if marks.get(cache).is_none() => {
            json.put("content", text);
        }
        parts => json.put_list("content", |json| parts.iter().for_each(|part| write_part(fit, marks, json, part))),
    }
}

fn write_part(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, part: &Part) {
    json.object(|json| {
        match &part.content {
            Content::Text { text, .. } | Content::Refusal(text) => {
                json.put("type", "text");
                json.put("text", text);
            }
            Content::Image { source, detail } => {
                json.put("type", "image_url");
                json.put_object("image_url", |json| {
                    json.put("url", &media::to_url(source));
                    json.put_some("detail", detail.as_deref());
                });
            }
            Content::Video(source) => {
                json.put("type", "video_url");
                json.put_object("video_url", |json| json.put("url", &source.to_url().unwrap_or_default()));
            }
            Content::Audio(source) => write_audio(json, source),
            // Only OpenAI reads files of other kinds than PDF here.
            Content::File { source, name, .. }
                if let Some(text) =
                    media::document_text(source).filter(|_| !fit.target.traits.is_openai || is_text(source)) =>
            {
                json.put("type", "text");
                json.put("text", &media::told_document(name.as_deref(), &text));
            }
            Content::File { source, name, .. } => {
                json.put("type", "file");
                json.put_object("file", |json| {
                    json.put("filename", name.as_deref().unwrap_or("document.pdf"));
                    json.put("file_data", &media::to_url(source));
                });
            }
            Content::SearchResult { source, title, text } => {
                json.put("type", "text");
                json.put("text", &media::told_passage(source, title, text));
            }
            Content::Call(_) | Content::Result(_) | Content::Served(_) | Content::Reasoning(_) | Content::Foreign { .. } => {
                json.put("type", "text");
                json.put("text", "");
            }
        }
        write_mark(fit, marks, json, &part.cache);
    });
}

/// Sound in base64. Chat Completions has wav and mp3, and names them so.
pub(crate) fn write_audio(json: &mut Json<'_>, source: &Source) {
    let (media, data) = match source {
        Source::Base64 { media, data } => (media.as_str(), data.as_str()),
        _ => ("", ""),
    };
    let form = media.strip_prefix("audio/").unwrap_or("wav");
    json.put("type", "input_audio");
    json.put_object("input_audio", |json| {
        json.put("data", data);
        json.put(
            "format",
            match form {
                "mpeg" => "mp3",
                "x-wav" | "wave" => "wav",
                form => form,
            },
        );
    });
}

/// Writes a mark that is kept, in the host's words.
pub(crate) fn write_mark(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, mark: &Option<CacheMark>) {
    let Some(mark) = marks.get(mark) else { return };
    let is_long = mark == CacheMark::Long;
    match fit.target.traits.cache_marks {
        CacheMarks::None => {}
        CacheMarks::Control => json.put_object("cache_control", |json| {
            json.put("type", "ephemeral");
            json.put_some("ttl", is_long.then_some("1h"));
        }),
        // What is usual is shorter; twelve hours, the next there is, would cost twice as much to write.
        CacheMarks::Breakpoint => json.put_object("prompt_cache_breakpoint", |json| {
            json.put("mode", "explicit");
            json.put_some("ttl", is_long.then_some("30m"));
        }),
    }
}

fn write_assistant(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, message: &Message<'_>) {
    let parts = || message.pieces.iter().map(|piece| piece.part);
    json.put("role", "assistant");
    json.put_some("name", message.turn.name.as_deref());
    let has_calls = message.pieces.iter().any(|piece| matches!(piece.part.content, Content::Call(_)));
    write_reasoning(fit, json, message, has_calls);
    let said: Vec<&Part> = parts()
        .filter(|part| matches!(part.content, Content::Text { .. } | Content::Image { .. } | Content::File { .. }))
        .collect();
    let has_media = said.iter().any(|part| !matches!(part.content, Content::Text { .. }));
    if has_media {
        fit.warn("assistant_media_dropped", message.turn.path.as_str());
    }
    let texts: Vec<&Part> = said.into_iter().filter(|part| matches!(part.content, Content::Text { .. })).collect();
    match texts.as_slice() {
        [] if has_media => json.put("content", media::PICTURE),
        [] if has_calls => json.put_null("content"),
        texts => write_content(fit, marks, json, texts),
    }
    let refusal = joined_text(parts().filter(|part| matches!(part.content, Content::Refusal(_))));
    if !refusal.is_empty() {
        json.put("refusal", &refusal);
    }
    if has_calls {
        let signatures = signatures(message);
        json.put_list("tool_calls", |json| {
            message.pieces.iter().for_each(|piece| write_call(fit, json, message, piece, &signatures));
        });
    }
}

fn write_reasoning(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>, has_calls: bool) {
    let reasonings = || {
        message.pieces.iter().filter_map(|piece| match &piece.part.content {
            Content::Reasoning(reasoning) => Some(reasoning),
            _ => None,
        })
    };
    let text: Vec<&str> = reasonings().map(|it| it.text.as_str()).filter(|text| !text.is_empty()).collect();
    let text = text.join("\n");
    let own: Vec<(&str, &Reasoning)> = reasonings()
        .filter_map(|it| it.opaque.as_ref().and_then(|opaque| fit.readable(opaque, &message.turn.path)).map(|data| (data, it)))
        .filter(|(data, _)| data.starts_with('{'))
        .collect();
    if !own.is_empty() {
        json.put_list("reasoning_details", |json| own.iter().for_each(|(data, it)| reasoning::write_back(json, data, it)));
    }
    if !text.is_empty() {
        json.put("reasoning_content", &text);
    } else if fit.target.traits.needs_reasoning_back && has_calls {
        // These hosts refuse a call without its reasoning, and an empty one too.
        fit.warn("reasoning_missing", message.turn.path.as_str());
        json.put("reasoning_content", " ");
    }
}

/// What signs a call, by the call's id: the first that does.
fn signatures<'r>(message: &Message<'r>) -> HashMap<&'r str, &'r Opaque> {
    let signed = message.pieces.iter().rev().filter_map(|piece| match &piece.part.content {
        Content::Reasoning(Reasoning { call_id: Some(id), opaque: Some(opaque), .. }) => Some((id.as_str(), opaque)),
        _ => None,
    });
    signed.collect()
}

fn write_call(
    fit: &Fit<'_>,
    json: &mut Json<'_>,
    message: &Message<'_>,
    piece: &Piece<'_>,
    signatures: &HashMap<&str, &Opaque>,
) {
    let Content::Call(call) = &piece.part.content else { return };
    let name = fit.aliases.sent(&call.name);
    json.object(|json| {
        json.put("id", &piece.id);
        if call.kind == CallKind::Custom && fit.target.traits.is_openai {
            json.put("type", "custom");
            json.put_object("custom", |json| {
                json.put("name", name);
                json.put("input", &call.arguments);
            });
            return;
        }
        json.put("type", "function");
        json.put_object("function", |json| {
            json.put("name", name);
            json.put("arguments", &function_arguments(call.kind, &call.arguments));
        });
        // Gemini signs calls; its compatible endpoint carries the signature here.
        let signature = signatures.get(call.id.as_str()).copied();
        if let Some(data) = signature.and_then(|opaque| fit.readable(opaque, &message.turn.path))
            && !data.starts_with('{')
        {
            json.put_object("extra_content", |json| {
                json.put_object("google", |json| json.put("thought_signature", data));
            });
        }
    });
}

/// The arguments of a call as JSON text. A custom tool's text is wrapped.
pub(crate) fn function_arguments(kind: CallKind, arguments: &str) -> String {
    match kind {
        CallKind::Function if arguments.is_empty() => "{}".to_owned(),
        CallKind::Function => arguments.to_owned(),
        CallKind::Custom => String::from_utf8(object(|json| json.put(CUSTOM_ARGUMENT, arguments))).unwrap_or_default(),
    }
}

/// One message a result; what is no text follows in a message of the user, since results hold text only.
fn write_results(fit: &Fit<'_>, marks: &Marks, json: &mut Json<'_>, message: &Message<'_>) {
    let mut media: Vec<&Part> = Vec::new();
    for piece in &message.pieces {
        let Content::Result(result) = &piece.part.content else { continue };
        let before = media.len();
        media.extend(media::untold(result));
        json.object(|json| {
            json.put("role", "tool");
            json.put("tool_call_id", &piece.id);
            let mut text = result_text(result);
            if media.len() > before {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str("[the tool's images and documents follow in the next message]");
            }
            match marks.get(&piece.part.cache) {
                None => json.put("content", &text),
                Some(_) => json.put_list("content", |json| {
                    json.object(|json| {
                        json.put("type", "text");
                        json.put("text", &text);
                        write_mark(fit, marks, json, &piece.part.cache);
                    });
                }),
            }
        });
    }
    if !media.is_empty() {
        fit.warn("result_media_moved", message.turn.path.as_str());
        json.object(|json| {
            json.put("role", "user");
            json.put_list("content", |json| media.iter().for_each(|part| write_part(fit, marks, json, part)));
        });
    }
}

const fn is_text(source: &Source) -> bool {
    matches!(source, Source::Text(_))
}

/// A result as text, with a word in front where it is an error and there is no field for that.
pub(crate) fn result_text(result: &ToolResult) -> String {
    let told = result.parts.iter().filter_map(media::told).filter(|text| !text.is_empty());
    let text = told.collect::<Vec<_>>().join("\n");
    if result.is_error && !text.starts_with("Error") { format!("Error: {text}") } else { text }
}
