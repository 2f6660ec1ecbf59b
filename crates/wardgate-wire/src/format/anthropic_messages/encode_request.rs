//! Writing a Messages request.

mod blocks;
mod tools;
mod thinking;
mod options;

pub(crate) use options::temperature_or_top_p;
pub(crate) use tools::tool_schema;

use crate::format::openai_chat::encode_request::{capped, file_id_not_portable, prefill_not_supported};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{CacheMark, Content, Part, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::{OutputForm, Request};
use crate::neutral::tool::Tool;
use crate::transcode::aliases::WIDE;
use crate::transcode::arrange::{Ids, Message, Piece, arrange, split_instructions};
use crate::transcode::fit::{Field, Fit};
use crate::transcode::marks::Marks;
use crate::transcode::target::Target;
use crate::transcode::{Encoded, media};
use blocks::{text_block, write_block, write_call, write_reasoning, write_result};
use options::options;
use thinking::thinking;
use tools::tools;
use wardgate_core::format::Format;

/// The limit on output where neither the client nor the catalog says one; the format needs one.
const OUTPUT_TOKENS_DEFAULT: u64 = 32_000;

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let fit = Fit::new(request, target, Format::AnthropicMessages, WIDE, true);
    let messages = arrange(request, Ids::Narrow)?;
    check(&fit, &messages)?;
    let (system, mut messages) = split_instructions(messages);
    // Instructions alone are asked as the user's words, since there has to be a turn.
    let (system, is_alone) = match messages.is_empty() && !system.is_empty() {
        true => {
            fit.warn("instructions_as_user", system[0].turn.path.as_str());
            messages = system;
            (Vec::new(), true)
        }
        false => (system, false),
    };
    let marks = Marks::new(&fit, &system, &messages, target.traits.takes_late_instructions);
    let body = object(|json| {
        json.put("model", target.model);
        let tokens_max = capped(&fit).unwrap_or_else(|| default_tokens_max(&fit));
        json.put_number("max_tokens", tokens_max);
        write_system(&fit, json, &system, &marks);
        json.put_list("messages", |json| write_messages(&fit, json, &messages, is_alone, &marks));
        tools(&fit, json, &messages, &marks);
        let is_thinking = thinking(&fit, json, &messages, tokens_max);
        options(&fit, json, is_thinking);
    });
    Ok(fit.done(body))
}

/// The limit where the client gave none: what the model has. One that is not streamed would take too long with all of that.
fn default_tokens_max(fit: &Fit<'_>) -> u64 {
    match fit.target.traits.output_tokens_max {
        Some(max) if fit.request.is_stream => max,
        Some(max) => max.min(OUTPUT_TOKENS_DEFAULT),
        None => OUTPUT_TOKENS_DEFAULT,
    }
}

fn check(fit: &Fit<'_>, messages: &[Message<'_>]) -> Result<(), Untranslatable> {
    for (index, tool) in fit.request.tools.iter().enumerate() {
        if let Tool::Builtin { kind, .. } = tool {
            return Err(fit.foreign_tool(index, kind));
        }
    }
    fit.check_server_tools(|_| true)?;
    for message in messages {
        let path = message.turn.path.as_str();
        for piece in &message.pieces {
            check_part(fit, piece.part, path)?;
            if let Content::Result(result) = &piece.part.content {
                result.parts.iter().try_for_each(|part| check_part(fit, part, path))?;
            }
        }
    }
    if !fit.target.traits.takes_prefill && messages.last().is_some_and(|last| last.role == Role::Assistant) {
        return Err(prefill_not_supported(messages));
    }
    Ok(())
}

fn check_part(fit: &Fit<'_>, part: &Part, path: &str) -> Result<(), Untranslatable> {
    let path = part.path_in(path);
    match &part.content {
        Content::Audio(_) => Err(fit.unsupported_modality("audio", path)),
        Content::Video(_) => Err(fit.unsupported_modality("video", path)),
        Content::Foreign { kind, .. } => Err(fit.foreign_content(kind, path)),
        Content::Image { source: Source::FileId { .. }, .. } | Content::File { source: Source::FileId { .. }, .. } => {
            Err(file_id_not_portable(path))
        }
        Content::Image { source, .. } => media::check_picture(source, path).and_then(|()| media::check_web(source, path)),
        Content::File { source, .. } => check_document(source, path),
        _ => Ok(()),
    }
}

/// Documents are PDF or text.
fn check_document(source: &Source, path: &str) -> Result<(), Untranslatable> {
    media::check_web(source, path)?;
    let is_here = matches!(source, Source::Base64 { .. });
    if !is_here || media::media_of(source) == Some("application/pdf") || media::document_text(source).is_some() {
        return Ok(());
    }
    let kind = media::media_of(source).unwrap_or_default();
    let why = format!("documents of the type {kind:?} cannot be sent to this provider: it takes PDF and text");
    Err(Untranslatable::new("unsupported_modality", path, why))
}

fn write_mark(marks: &Marks, json: &mut Json<'_>, mark: &Option<CacheMark>) {
    if let Some(mark) = marks.get(mark) {
        json.put_object("cache_control", |json| {
            json.put("type", "ephemeral");
            if mark == CacheMark::Long {
                json.put("ttl", "1h");
            }
        });
    }
}

fn write_system(fit: &Fit<'_>, json: &mut Json<'_>, system: &[Message<'_>], marks: &Marks) {
    let needs_json_word = needs_json_word(fit);
    // Blank text is refused.
    let is_said = |part: &&Part| matches!(&part.content, Content::Text { text, .. } if !text.trim().is_empty());
    let parts = || system.iter().flat_map(|message| &message.pieces).map(|piece| piece.part).filter(is_said);
    if parts().next().is_none() && needs_json_word.is_none() {
        return;
    }
    json.put_list("system", |json| {
        for part in parts() {
            if let Content::Text { text, .. } = &part.content {
                json.object(|json| {
                    json.put("type", "text");
                    json.put("text", text);
                    write_mark(marks, json, &part.cache);
                });
            }
        }
        if let Some(word) = &needs_json_word {
            json.object(|json| {
                json.put("type", "text");
                json.put("text", word);
            });
        }
    });
}

/// What the model is told about JSON where it cannot be held to it.
pub(crate) fn needs_json_word(fit: &Fit<'_>) -> Option<String> {
    match &fit.request.output {
        OutputForm::Text => None,
        OutputForm::JsonObject => {
            fit.warn_field("json_by_instruction", Field::Output);
            Some("Answer with one JSON object and nothing else.".to_owned())
        }
        OutputForm::JsonSchema { .. } if fit.target.traits.has_json_schema => None,
        OutputForm::JsonSchema { schema, .. } => {
            fit.warn_field("json_by_instruction", Field::Output);
            Some(format!("Answer with one JSON value that follows this JSON schema, and nothing else:\n{}", schema.get()))
        }
    }
}

/// The messages, of which user and results take turns with the assistant.
fn write_messages(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], is_alone: bool, marks: &Marks) {
    let mut index = 0;
    while let Some(message) = messages.get(index) {
        if message.role.is_instruction() && !is_alone && fit.target.traits.takes_late_instructions {
            json.object(|json| {
                json.put("role", "system");
                json.put_list("content", |json| write_pieces(fit, json, message, marks));
            });
            index += 1;
            continue;
        }
        let is_assistant = message.role == Role::Assistant;
        let is_same = |other: &&Message<'_>| {
            (other.role == Role::Assistant) == is_assistant
                && !(other.role.is_instruction() && !is_alone && fit.target.traits.takes_late_instructions)
        };
        let group = messages[index..].iter().take_while(is_same).count();
        json.object(|json| {
            json.put("role", if is_assistant { "assistant" } else { "user" });
            json.put_list("content", |json| {
                for message in &messages[index..index + group] {
                    if message.turn.name.is_some() {
                        fit.warn("unsupported_parameter", format!("{}.name", message.turn.path));
                    }
                    if message.role.is_instruction() && !is_alone {
                        reminder(fit, json, message);
                    } else {
                        write_pieces(fit, json, message, marks);
                    }
                }
                if json.0.ends_with(b"[") {
                    text_block(json, "(empty)");
                }
            });
        });
        index += group;
    }
}

/// Instructions in the middle, for a model that has no place for them. Hoisting them would change the cached prefix.
fn reminder(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>) {
    fit.warn("instructions_moved", message.turn.path.as_str());
    let text = crate::transcode::fit::joined_text(message.pieces.iter().map(|piece| piece.part));
    text_block(json, &format!("<system-reminder>{text}</system-reminder>"));
}

fn write_pieces(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>, marks: &Marks) {
    for piece in &message.pieces {
        write_piece(fit, json, message, piece, marks);
    }
}

fn write_piece(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>, piece: &Piece<'_>, marks: &Marks) {
    let path = message.turn.path.as_str();
    match &piece.part.content {
        Content::Reasoning(reasoning) => write_reasoning(fit, json, reasoning, path),
        Content::Call(call) => json.object(|json| {
            write_call(fit, json, call, &piece.id, path);
            write_mark(marks, json, &piece.part.cache);
        }),
        Content::Result(result) => json.object(|json| {
            write_result(json, result, &piece.id);
            write_mark(marks, json, &piece.part.cache);
        }),
        Content::Image { .. } | Content::File { .. } if message.role == Role::Assistant => {
            fit.warn("assistant_media_dropped", path);
            text_block(json, media::PICTURE);
        }
        Content::Served(served) => served.raw.iter().for_each(|raw| json.raw(&raw.data)),
        Content::Text { text, .. } | Content::Refusal(text) if text.trim().is_empty() => {}
        _ => json.object(|json| {
            write_block(json, piece.part);
            write_mark(marks, json, &piece.part.cache);
        }),
    }
}
