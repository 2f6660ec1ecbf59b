//! Writing a generateContent request. The model and whether to stream stand in the path.

use super::encode_config::generation_config;
use super::{SIGNATURE_SKIPPED, server_tools};
use crate::format::anthropic_messages::encode_request::needs_json_word;
use crate::format::openai_chat::encode_request::{custom_description, function_arguments, prefill_not_supported, result_text};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{Content, Part, Reasoning, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::{OutputForm, Request, Tier};
use crate::neutral::tool::{CallKind, Tool, ToolChoice, ToolResult};
use crate::transcode::Encoded;
use crate::transcode::aliases::DOTTED;
use crate::transcode::arrange::{Ids, Message, Piece, arrange, split_instructions};
use crate::transcode::fit::{CUSTOM_SCHEMA, Field, Fit, arguments_object, joined_text};
use crate::transcode::media;
use crate::transcode::target::Target;
use wardgate_core::format::Format;

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let fit = Fit::new(request, target, Format::Gemini, DOTTED, true);
    let messages = arrange(request, Ids::Any)?;
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
    let body = object(|json| {
        write_system(&fit, json, &system);
        json.put_list("contents", |json| write_contents(&fit, json, &messages, is_alone));
        tools(&fit, json);
        json.put_object("generationConfig", |json| generation_config(&fit, json));
        match request.tier {
            Some(Tier::Flex) => json.put("serviceTier", "flex"),
            Some(Tier::Priority) => json.put("serviceTier", "priority"),
            Some(Tier::Fast) => fit.drop(true, Field::Tier),
            Some(Tier::Standard | Tier::Auto) | None => {}
        }
    });
    Ok(fit.done(body))
}

fn check(fit: &Fit<'_>, messages: &[Message<'_>]) -> Result<(), Untranslatable> {
    for (index, tool) in fit.request.tools.iter().enumerate() {
        if let Tool::Builtin { kind, .. } = tool {
            return Err(fit.foreign_tool(index, kind));
        }
    }
    if !fit.target.traits.is_gemini_3 && !fit.request.tools.is_empty() && !matches!(fit.request.output, OutputForm::Text) {
        let why = "this model cannot answer in JSON while there are tools";
        return Err(fit.refuse_field("combination_not_supported", Field::Output, why));
    }
    server_tools::check(fit)?;
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
                    Content::Image { source, .. } | Content::Audio(source) | Content::Video(source) => source,
                    Content::File { source, .. } => source,
                    _ => continue,
                };
                match source {
                    Source::Url { url, .. } if !is_googles(url) => {
                        let why = "a URL cannot be sent to this provider: send the bytes";
                        return Err(media::url_not_supported(path, why));
                    }
                    Source::FileId { .. } => {
                        return Err(crate::format::openai_chat::encode_request::file_id_not_portable(path));
                    }
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

/// Addresses that Google's servers read themselves.
fn is_googles(url: &str) -> bool {
    ["gs://", "https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/"]
        .iter()
        .any(|prefix| url.starts_with(prefix))
}

fn write_system(fit: &Fit<'_>, json: &mut Json<'_>, system: &[Message<'_>]) {
    let word = match fit.request.output {
        // JSON without a schema has a switch of its own.
        OutputForm::JsonSchema { .. } => needs_json_word(fit),
        _ => None,
    };
    let texts = system.iter().flat_map(|message| &message.pieces).filter_map(|piece| match &piece.part.content {
        Content::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let texts: Vec<&str> = texts.chain(word.as_deref()).collect();
    if !texts.is_empty() {
        json.put_object("systemInstruction", |json| {
            json.put_list("parts", |json| texts.iter().for_each(|text| json.object(|json| json.put("text", text))));
        });
    }
}

fn write_contents(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], is_alone: bool) {
    if messages.first().is_none_or(|first| first.role == Role::Assistant) {
        let path = messages.first().map_or("", |first| first.turn.path.as_str());
        fit.warn("user_turn_added", path);
        json.object(|json| {
            json.put("role", "user");
            json.put_list("parts", |json| json.object(|json| json.put("text", "Continue.")));
        });
    }
    let mut index = 0;
    while let Some(message) = messages.get(index) {
        let is_model = message.role == Role::Assistant;
        let group = messages[index..].iter().take_while(|other| (other.role == Role::Assistant) == is_model).count();
        json.object(|json| {
            json.put("role", if is_model { "model" } else { "user" });
            json.put_list("parts", |json| {
                for message in &messages[index..index + group] {
                    if message.turn.name.is_some() {
                        fit.warn("unsupported_parameter", format!("{}.name", message.turn.path));
                    }
                    match message.role {
                        Role::Assistant => write_model(fit, json, message),
                        role if role.is_instruction() && !is_alone => {
                            fit.warn("instructions_moved", message.turn.path.as_str());
                            let text = joined_text(message.pieces.iter().map(|piece| piece.part));
                            json.object(|json| json.put("text", &format!("<system-reminder>{text}</system-reminder>")));
                        }
                        _ => message.pieces.iter().for_each(|piece| write_user(fit, json, piece)),
                    }
                }
                if json.0.ends_with(b"[") {
                    json.object(|json| json.put("text", "(empty)"));
                }
            });
        });
        index += group;
    }
}

/// What the model said. A signature without text of its own belongs to the part behind it.
fn write_model(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>) {
    let path = message.turn.path.as_str();
    let mut signature: Option<&str> = None;
    let mut has_signed_call = false;
    for piece in &message.pieces {
        match &piece.part.content {
            Content::Reasoning(Reasoning { text, opaque, .. }) => {
                let own = opaque.as_ref().and_then(|opaque| fit.readable(opaque, path));
                if text.is_empty() {
                    signature = own.or(signature);
                } else if let Some(own) = own {
                    json.object(|json| {
                        json.put("text", text);
                        json.put_flag("thought", true);
                        json.put("thoughtSignature", own);
                    });
                } else if opaque.is_none() {
                    fit.warn("reasoning_dropped", path);
                }
            }
            Content::Call(call) => {
                // Only the first call of a step is signed.
                let signed = signature.take().or_else(|| {
                    let needs = fit.target.traits.is_gemini_3 && !has_signed_call;
                    needs.then(|| {
                        fit.warn("signature_missing", path);
                        SIGNATURE_SKIPPED
                    })
                });
                has_signed_call = true;
                json.object(|json| {
                    json.put_object("functionCall", |json| {
                        if fit.target.traits.is_gemini_3 {
                            json.put("id", &piece.id);
                        }
                        json.put("name", fit.aliases.sent(&call.name));
                        match call.kind {
                            CallKind::Custom => json.put_raw("args", &function_arguments(call.kind, &call.arguments)),
                            CallKind::Function => {
                                let (arguments, is_wrapped) = arguments_object(&call.arguments);
                                if is_wrapped {
                                    fit.warn("arguments_wrapped", path);
                                }
                                json.put_raw("args", &arguments);
                            }
                        }
                    });
                    json.put_some("thoughtSignature", signed);
                });
            }
            Content::Served(served) => served.raw.iter().for_each(|raw| json.raw(&raw.data)),
            Content::Text { text, .. } | Content::Refusal(text) if !text.is_empty() => json.object(|json| {
                json.put("text", text);
                json.put_some("thoughtSignature", signature.take());
            }),
            Content::Text { .. } | Content::Refusal(_) => {}
            _ => write_part(fit, json, piece.part, signature.take()),
        }
    }
    if let Some(signature) = signature {
        json.object(|json| {
            json.put("text", "");
            json.put("thoughtSignature", signature);
        });
    }
}

fn write_user(fit: &Fit<'_>, json: &mut Json<'_>, piece: &Piece<'_>) {
    match &piece.part.content {
        Content::Result(result) => {
            let media: Vec<&Part> = media::untold(result).collect();
            let is_3 = fit.target.traits.is_gemini_3;
            json.object(|json| {
                json.put_object("functionResponse", |json| {
                    if is_3 {
                        json.put("id", &piece.id);
                    }
                    json.put("name", fit.aliases.sent(piece.tool));
                    json.key("response");
                    json.0.extend_from_slice(response(result).as_bytes());
                    if is_3 && !media.is_empty() {
                        json.put_list("parts", |json| media.iter().for_each(|part| write_part(fit, json, part, None)));
                    }
                });
            });
            if !is_3 && !media.is_empty() {
                fit.warn_field("result_media_moved", Field::Tools);
                media.iter().for_each(|part| write_part(fit, json, part, None));
            }
        }
        Content::Text { text, .. } | Content::Refusal(text) if text.is_empty() => {}
        _ => write_part(fit, json, piece.part, None),
    }
}

/// A result as the object that the format wants: an object as it is, anything else in a member.
fn response(result: &ToolResult) -> String {
    let text = result_text(&ToolResult { is_error: false, ..result.clone() });
    let is_object = !result.is_error
        && text.trim_start().starts_with('{')
        && serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
    if is_object {
        return text;
    }
    let key = if result.is_error { "error" } else { "output" };
    String::from_utf8(object(|json| json.put(key, &text))).unwrap_or_default()
}

/// How closely to look at a picture, in OpenAI's words and in this format's, from little to much.
const RESOLUTIONS: [(&str, &str); 4] = [
    ("low", "MEDIA_RESOLUTION_LOW"),
    ("medium", "MEDIA_RESOLUTION_MEDIUM"),
    ("high", "MEDIA_RESOLUTION_HIGH"),
    ("original", "MEDIA_RESOLUTION_ULTRA_HIGH"),
];

/// Which of the resolutions a part asks for.
fn resolution(part: &Part) -> Option<usize> {
    let Content::Image { detail: Some(detail), .. } = &part.content else { return None };
    RESOLUTIONS.iter().position(|(word, _)| word == detail)
}

/// The highest resolution that is asked for, for models that are told one for all pictures. They have none above high.
pub(super) fn resolution_of_all(request: &Request) -> Option<&'static str> {
    let highest = request.turns.iter().flat_map(|turn| &turn.parts).filter_map(resolution).max()?;
    RESOLUTIONS.get(highest.min(2)).map(|(_, level)| *level)
}

fn write_part(fit: &Fit<'_>, json: &mut Json<'_>, part: &Part, signature: Option<&str>) {
    let source = match &part.content {
        Content::Image { source, .. } | Content::Audio(source) | Content::Video(source) => source,
        Content::File { source, name: None, .. } => source,
        Content::File { source: source @ Source::Text(_), name: Some(name), .. } => {
            json.object(|json| json.put("text", &format!("{name}:")));
            source
        }
        Content::File { source, .. } => source,
        Content::Text { text, .. } | Content::Refusal(text) => return json.object(|json| json.put("text", text)),
        Content::SearchResult { source, title, text } => {
            return json.object(|json| json.put("text", &media::told_passage(source, title, text)));
        }
        Content::Call(_) | Content::Result(_) | Content::Served(_) | Content::Reasoning(_) | Content::Foreign { .. } => return,
    };
    json.object(|json| {
        match source {
            Source::Base64 { media, data } => json.put_object("inlineData", |json| {
                let media = media::media_of(source).unwrap_or(media);
                json.put("mimeType", if media.starts_with("image/") { media::image_media(media, data) } else { media });
                json.put("data", data);
            }),
            Source::Text(text) => json.put("text", text),
            Source::Url { url, .. } => json.put_object("fileData", |json| {
                json.put("fileUri", url);
                json.put_some("mimeType", media::media_of(source));
            }),
            Source::FileId { id, .. } => json.put_object("fileData", |json| json.put("fileUri", id)),
        }
        if let Some(at) = resolution(part).filter(|_| fit.target.traits.is_gemini_3) {
            json.put_object("mediaResolution", |json| json.put("level", RESOLUTIONS[at].1));
        }
        json.put_some("thoughtSignature", signature);
    });
}

fn tools(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    if request.tools.is_empty() && request.server_tools.is_empty() {
        return;
    }
    let is_filtered = matches!(&request.tool_choice, Some(ToolChoice::Allowed { is_required: false, .. }));
    let allowed = if is_filtered { fit.allowed_tools() } else { request.tools.iter().collect() };
    json.put_list("tools", |json| {
        if !request.tools.is_empty() {
            json.object(|json| {
                json.put_list("functionDeclarations", |json| allowed.iter().for_each(|tool| write_tool(fit, json, tool)));
            });
        }
        server_tools::write(fit, json);
    });
    if request.tools.is_empty() {
        // Only functions can be chosen.
        let is_forced = matches!(fit.tool_choice(), Some(ToolChoice::Required | ToolChoice::Named(_)));
        if is_forced {
            fit.warn_field("tool_choice_not_forced", Field::ToolChoice);
        }
        return;
    }
    let is_mixed = !request.server_tools.is_empty() && !fit.target.traits.is_vertex;
    if let Some(choice) = fit.tool_choice() {
        let (mode, names): (&str, &[String]) = match choice {
            ToolChoice::Named(name) if fit.is_server_tool(name) => {
                fit.warn_field("tool_choice_not_forced", Field::ToolChoice);
                ("AUTO", &[])
            }
            ToolChoice::Auto | ToolChoice::Allowed { is_required: false, .. } => ("AUTO", &[]),
            ToolChoice::None => ("NONE", &[]),
            ToolChoice::Required => ("ANY", &[]),
            ToolChoice::Named(name) => ("ANY", std::slice::from_ref(name)),
            ToolChoice::Allowed { names, .. } => ("ANY", names),
        };
        json.put_object("toolConfig", |json| {
            json.put_object("functionCallingConfig", |json| {
                json.put("mode", mode);
                if !names.is_empty() {
                    json.put_texts("allowedFunctionNames", names.iter().map(|name| fit.aliases.sent(name)));
                }
            });
            if is_mixed {
                json.put_flag("includeServerSideToolInvocations", true);
            }
        });
    } else if is_mixed {
        // Without this, functions and Google's own tools exclude each other.
        json.put_object("toolConfig", |json| json.put_flag("includeServerSideToolInvocations", true));
    }
    fit.drop(request.parallel_tools == Some(false), Field::ParallelTools);
}

fn write_tool(fit: &Fit<'_>, json: &mut Json<'_>, tool: &Tool) {
    json.object(|json| match tool {
        Tool::Function(function) => {
            json.put("name", fit.aliases.sent(&function.name));
            json.put_some("description", function.description.as_deref());
            json.put_json("parametersJsonSchema", function.schema.as_deref());
        }
        Tool::Custom { name, description, grammar } => {
            fit.warn_field("custom_tool_wrapped", Field::Tools);
            json.put("name", fit.aliases.sent(name));
            json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
            json.put_raw("parametersJsonSchema", CUSTOM_SCHEMA);
        }
        Tool::Builtin { .. } => {}
    });
}
