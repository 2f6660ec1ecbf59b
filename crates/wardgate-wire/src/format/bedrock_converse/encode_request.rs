//! Writing a Converse request. The model and whether to stream stand in the path.

mod blocks;
mod thinking;
mod tools;

use crate::format::anthropic_messages::encode_request::{needs_json_word, temperature_or_top_p};
use crate::format::openai_chat::encode_request::{capped, file_id_not_portable, function_arguments, prefill_not_supported};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{CacheMark, Content, Part, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::OpaqueKind;
use crate::neutral::request::{OutputForm, Request, Tier};
use crate::neutral::tool::{CallKind, Tool, ToolChoice};
use crate::transcode::aliases::NARROW;
use crate::transcode::arrange::{Ids, Message, Piece, arrange, split_instructions};
use crate::transcode::fit::{Field, Fit, arguments_object, joined_text};
use crate::transcode::marks::Marks;
use crate::transcode::target::Target;
use crate::transcode::{Encoded, media, schema};
use blocks::write_block;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use thinking::How;
use tools::tools;
use wardgate_core::format::Format;

/// The most pairs of a request's metadata, and the most characters of each half.
const METADATA_MAX: usize = 16;

const METADATA_TEXT_MAX: usize = 256;

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let fit = Fit::new(request, target, Format::BedrockConverse, NARROW, true);
    let messages = arrange(request, if target.model.contains("mistral") { Ids::Nine } else { Ids::Narrow })?;
    check(&fit, &messages)?;
    let (system, mut messages) = split_instructions(messages);
    let (system, is_alone) = match messages.is_empty() && !system.is_empty() {
        true => {
            fit.warn("instructions_as_user", system[0].turn.path.as_str());
            messages = system;
            (Vec::new(), true)
        }
        false => (system, false),
    };
    let marks = Marks::new(&fit, &system, &messages, false);
    let how = How::of(&fit, &messages);
    let body = object(|json| {
        write_system(&fit, json, &system, &marks);
        json.put_list("messages", |json| write_messages(&fit, json, &messages, is_alone, &marks));
        json.put_object("inferenceConfig", |json| inference_config(&fit, json, how.is_thinking()));
        tools(&fit, json, &messages, &marks);
        additional(&fit, json, how);
        if let OutputForm::JsonSchema { schema, name, .. } = &request.output
            && target.traits.has_json_schema
        {
            json.put_object("outputConfig", |json| {
                json.put_object("textFormat", |json| {
                    json.put("type", "json_schema");
                    json.put_object("structure", |json| {
                        json.put_object("jsonSchema", |json| {
                            json.put("schema", &schema::for_anthropic(schema));
                            json.put("name", name.as_deref().unwrap_or("response"));
                        });
                    });
                });
            });
        }
        request_metadata(&fit, json);
        match request.tier {
            Some(Tier::Flex) => json.put_object("serviceTier", |json| json.put("type", "flex")),
            Some(Tier::Priority) => json.put_object("serviceTier", |json| json.put("type", "priority")),
            Some(Tier::Fast) => json.put_object("performanceConfig", |json| json.put("latency", "optimized")),
            Some(Tier::Standard | Tier::Auto) | None => {}
        }
    });
    Ok(fit.done(body))
}

/// The client's pairs and its user, for the logs in the operator's own account at AWS.
fn request_metadata(fit: &Fit<'_>, json: &mut Json<'_>) {
    let pairs: Option<BTreeMap<String, Value>> =
        fit.request.metadata.as_deref().and_then(|metadata| serde_json::from_str(metadata.get()).ok());
    let pairs = pairs.unwrap_or_default().into_iter().filter_map(|(key, value)| match value {
        Value::String(text) => Some((key, text)),
        _ => None,
    });
    let user = fit.request.user.iter().map(|user| ("user".to_owned(), user.clone()));
    let pairs: BTreeMap<String, String> = pairs.chain(user).filter(|(key, _)| !key.is_empty()).take(METADATA_MAX).collect();
    if !pairs.is_empty() {
        let string = |text: &str| crate::edit::json_string(&noted(text));
        json.put_object("requestMetadata", |json| {
            pairs.iter().for_each(|(key, text)| json.put_member(&noted(key), &string(text)));
        });
    }
}

/// A text of the characters, and of the length, that such pairs have.
fn noted(text: &str) -> String {
    let is_taken = |character: char| character.is_ascii_alphanumeric() || " :_@$#=/+,-.".contains(character);
    text.chars().map(|character| if is_taken(character) { character } else { '_' }).take(METADATA_TEXT_MAX).collect()
}

fn check(fit: &Fit<'_>, messages: &[Message<'_>]) -> Result<(), Untranslatable> {
    for (index, tool) in fit.request.tools.iter().enumerate() {
        if let Tool::Builtin { kind, .. } = tool {
            return Err(fit.foreign_tool(index, kind));
        }
    }
    fit.check_server_tools(|_| false)?;
    for message in messages {
        let path = message.turn.path.as_str();
        for piece in &message.pieces {
            let parts = match &piece.part.content {
                Content::Result(result) => result.parts.as_slice(),
                _ => std::slice::from_ref(piece.part),
            };
            for part in parts {
                let path = part.path_in(path);
                let source = match &part.content {
                    Content::Foreign { kind, .. } => return Err(fit.foreign_content(kind, path)),
                    Content::Image { source, .. } => media::check_picture(source, path).map(|()| source)?,
                    Content::File { source, .. } | Content::Video(source) | Content::Audio(source) => source,
                    _ => continue,
                };
                match source {
                    Source::Url { url, .. } if !url.starts_with("s3://") => {
                        let why = "a URL cannot be sent to this provider: send the bytes";
                        return Err(media::url_not_supported(path, why));
                    }
                    Source::FileId { .. } => return Err(file_id_not_portable(path)),
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

fn write_system(fit: &Fit<'_>, json: &mut Json<'_>, system: &[Message<'_>], marks: &Marks) {
    let word = needs_json_word(fit);
    let parts: Vec<&Part> = system.iter().flat_map(|message| &message.pieces).map(|piece| piece.part).collect();
    if parts.is_empty() && word.is_none() {
        return;
    }
    json.put_list("system", |json| {
        for part in parts {
            if let Content::Text { text, .. } = &part.content
                && !text.trim().is_empty()
            {
                json.object(|json| json.put("text", text));
                cache_point(marks, json, &part.cache);
            }
        }
        if let Some(word) = &word {
            json.object(|json| json.put("text", word));
        }
    });
}

fn cache_point(marks: &Marks, json: &mut Json<'_>, mark: &Option<CacheMark>) {
    if let Some(mark) = marks.get(mark) {
        json.object(|json| {
            json.put_object("cachePoint", |json| {
                json.put("type", "default");
                if mark == CacheMark::Long {
                    json.put("ttl", "1h");
                }
            });
        });
    }
}

/// Whether a user's turn shows a document and says nothing, which Bedrock refuses.
fn has_documents_alone(messages: &[Message<'_>]) -> bool {
    let pieces = || messages.iter().flat_map(|message| &message.pieces).map(|piece| &piece.part.content);
    let says = |content: &Content| match content {
        Content::Text { text, .. } | Content::Refusal(text) => !text.trim().is_empty(),
        Content::SearchResult { .. } => true,
        _ => false,
    };
    pieces().any(|content| matches!(content, Content::File { .. })) && !pieces().any(says)
}

/// The messages, of which user and assistant take turns, the user first.
fn write_messages(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], is_alone: bool, marks: &Marks) {
    let documents = Cell::new(0);
    if messages.first().is_none_or(|first| first.role == Role::Assistant) {
        fit.warn("user_turn_added", messages.first().map_or("", |first| first.turn.path.as_str()));
        json.object(|json| {
            json.put("role", "user");
            json.put_list("content", |json| json.object(|json| json.put("text", "Continue.")));
        });
    }
    let mut index = 0;
    while let Some(message) = messages.get(index) {
        let is_assistant = message.role == Role::Assistant;
        let group = messages[index..].iter().take_while(|other| (other.role == Role::Assistant) == is_assistant).count();
        json.object(|json| {
            json.put("role", if is_assistant { "assistant" } else { "user" });
            json.put_list("content", |json| {
                for message in &messages[index..index + group] {
                    if message.turn.name.is_some() {
                        fit.warn("unsupported_parameter", format!("{}.name", message.turn.path));
                    }
                    if message.role.is_instruction() && !is_alone {
                        fit.warn("instructions_moved", message.turn.path.as_str());
                        let text = joined_text(message.pieces.iter().map(|piece| piece.part));
                        json.object(|json| json.put("text", &format!("<system-reminder>{text}</system-reminder>")));
                    } else {
                        message.pieces.iter().for_each(|piece| write_piece(fit, json, message, piece, &documents, marks));
                    }
                }
                if json.0.ends_with(b"[") {
                    json.object(|json| json.put("text", "(empty)"));
                } else if has_documents_alone(&messages[index..index + group]) {
                    json.object(|json| json.put("text", "(document)"));
                }
            });
        });
        index += group;
    }
}

fn write_piece(
    fit: &Fit<'_>,
    json: &mut Json<'_>,
    message: &Message<'_>,
    piece: &Piece<'_>,
    documents: &Cell<usize>,
    marks: &Marks,
) {
    let path = message.turn.path.as_str();
    match &piece.part.content {
        Content::Reasoning(reasoning) => {
            let Some(opaque) = &reasoning.opaque else {
                return fit.warn("reasoning_dropped", path);
            };
            let Some(data) = fit.readable(opaque, path) else { return };
            json.object(|json| {
                json.put_object("reasoningContent", |json| match opaque.kind {
                    OpaqueKind::Signature => json.put_object("reasoningText", |json| {
                        json.put("text", &reasoning.text);
                        json.put("signature", data);
                    }),
                    OpaqueKind::Redacted | OpaqueKind::Encrypted | OpaqueKind::Served => json.put("redactedContent", data),
                });
            });
        }
        Content::Call(call) => json.object(|json| {
            json.put_object("toolUse", |json| {
                json.put("toolUseId", &piece.id);
                json.put("name", fit.aliases.sent(&call.name));
                match call.kind {
                    CallKind::Custom => json.put_raw("input", &function_arguments(call.kind, &call.arguments)),
                    CallKind::Function => {
                        let (arguments, is_wrapped) = arguments_object(&call.arguments);
                        if is_wrapped {
                            fit.warn("arguments_wrapped", path);
                        }
                        json.put_raw("input", &arguments);
                    }
                }
            });
        }),
        Content::Result(result) => json.object(|json| {
            json.put_object("toolResult", |json| {
                json.put("toolUseId", &piece.id);
                json.put_list("content", |json| {
                    result.parts.iter().for_each(|part| write_block(json, part, documents));
                    if json.0.ends_with(b"[") {
                        json.object(|json| json.put("text", "(no output)"));
                    }
                });
                json.put("status", if result.is_error { "error" } else { "success" });
            });
        }),
        _ => write_block(json, piece.part, documents),
    }
    if !matches!(piece.part.content, Content::Reasoning(_)) {
        cache_point(marks, json, &piece.part.cache);
    }
}

fn inference_config(fit: &Fit<'_>, json: &mut Json<'_>, is_thinking: bool) {
    let sampling = &fit.request.sampling;
    if let Some(tokens) = capped(fit) {
        json.put_number("maxTokens", tokens);
    }
    let (temperature, top_p) = match is_claude(fit) {
        // While it thinks, the model draws as it likes.
        _ if is_thinking => {
            fit.drop_unless(sampling.temperature.as_ref(), 1.0, Field::Temperature);
            fit.drop_unless(sampling.top_p.as_ref(), 1.0, Field::TopP);
            (None, None)
        }
        true => temperature_or_top_p(fit),
        false => (
            fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 1.0),
            fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0),
        ),
    };
    json.put_some_raw("temperature", temperature);
    json.put_some_raw("topP", top_p);
    let stop = fit.stops(usize::MAX, |stop| !stop.trim().is_empty());
    if !stop.is_empty() {
        json.put_texts("stopSequences", stop);
    }
    fit.drop_what_claude_lacks();
}

/// Some things only Claude is told here.
fn is_claude(fit: &Fit<'_>) -> bool {
    fit.target.model.contains("claude")
}

/// What only some models know: `top_k`, one call at a time, and how to think.
fn additional(fit: &Fit<'_>, json: &mut Json<'_>, how: How) {
    let request = fit.request;
    let top_k = fit.sampling(request.sampling.top_k.as_ref(), Field::TopK, f64::INFINITY);
    // While it thinks, the model draws as it likes.
    fit.drop(top_k.is_some() && how.is_thinking(), Field::TopK);
    let top_k = top_k.filter(|_| !how.is_thinking());
    let may_call = !request.tools.is_empty() && request.tool_choice != Some(ToolChoice::None);
    let is_serial = may_call && request.parallel_tools == Some(false) && is_claude(fit);
    if top_k.is_none() && how.is_silent() && !is_serial {
        return;
    }
    json.put_object("additionalModelRequestFields", |json| {
        json.put_some_raw("top_k", top_k);
        if is_serial {
            // Which tools are chosen from, the format itself says.
            json.put_object("tool_choice", |json| json.put_flag("disable_parallel_tool_use", true));
        }
        how.write(fit, json);
    });
}
