//! Writing a Chat Completions request.

use super::{reasoning, server_tools};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{CacheMark, Content, Part, Reasoning, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::Opaque;
use crate::neutral::request::{OutputForm, Request, Tier};
use crate::neutral::server_tool::ServerToolKind;
use crate::neutral::tool::{CallKind, Tool, ToolChoice, ToolResult};
use crate::transcode::Encoded;
use crate::transcode::aliases::{CUSTOM_ARGUMENT, NARROW};
use crate::transcode::arrange::{Ids, Message, Piece, arrange};
use crate::transcode::fit::{CUSTOM_SCHEMA, Field, Fit, joined_text, short_user};
use crate::transcode::target::Target;
use crate::transcode::{media, schema};
use std::collections::HashMap;
use wardgate_core::format::Format;

/// The most stop sequences that Chat Completions takes.
const STOP_MAX: usize = 4;

/// The longest name of a user that OpenAI takes.
pub(crate) const USER_BYTES_MAX: usize = 64;

pub(crate) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    // Custom tools are OpenAI's own; the hosts that imitate it know functions only.
    let fit = Fit::new(request, target, Format::OpenAiChat, NARROW, !target.traits.is_openai);
    let messages = arrange(request, if target.traits.is_mistral { Ids::Nine } else { Ids::Any })?;
    refuse_what_has_no_place(&fit, &messages)?;
    let body = object(|json| {
        json.put("model", target.model);
        json.put_list("messages", |json| messages.iter().for_each(|message| write_message(&fit, json, message)));
        tools(&fit, json);
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

fn write_message(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>) {
    if message.turn.phase.is_some() {
        fit.warn("unsupported_parameter", format!("{}.phase", message.turn.path));
    }
    match message.role {
        Role::Tool => write_results(fit, json, message),
        Role::Assistant => json.object(|json| write_assistant(fit, json, message)),
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
                write_content(fit, json, &parts);
            });
        }
    }
}

/// The member `content`: a string where it is one plain text, else parts.
fn write_content(fit: &Fit<'_>, json: &mut Json<'_>, parts: &[&Part]) {
    match parts {
        [] => json.put("content", ""),
        [Part { content: Content::Text { text, .. }, cache }] if cache.is_none() || !marks(fit) => json.put("content", text),
        parts => json.put_list("content", |json| parts.iter().for_each(|part| write_part(fit, json, part))),
    }
}

const fn marks(fit: &Fit<'_>) -> bool {
    fit.target.traits.takes_cache_marks
}

fn write_part(fit: &Fit<'_>, json: &mut Json<'_>, part: &Part) {
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
            Content::Call(_) | Content::Result(_) | Content::Reasoning(_) | Content::Foreign { .. } => {
                json.put("type", "text");
                json.put("text", "");
            }
        }
        write_mark(fit, json, part.cache);
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

fn write_mark(fit: &Fit<'_>, json: &mut Json<'_>, mark: Option<CacheMark>) {
    if let Some(mark) = mark.filter(|_| marks(fit)) {
        json.put_object("cache_control", |json| {
            json.put("type", "ephemeral");
            if mark == CacheMark::Long {
                json.put("ttl", "1h");
            }
        });
    }
}

fn write_assistant(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>) {
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
        texts => write_content(fit, json, texts),
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
fn write_results(fit: &Fit<'_>, json: &mut Json<'_>, message: &Message<'_>) {
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
            json.put("content", &text);
        });
    }
    if !media.is_empty() {
        fit.warn("result_media_moved", message.turn.path.as_str());
        json.object(|json| {
            json.put("role", "user");
            json.put_list("content", |json| media.iter().for_each(|part| write_part(fit, json, part)));
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

fn tools(fit: &Fit<'_>, json: &mut Json<'_>) {
    if fit.request.tools.is_empty() {
        return;
    }
    let allowed = if fit.target.traits.is_openai { fit.request.tools.iter().collect() } else { fit.allowed_tools() };
    json.put_list("tools", |json| allowed.iter().for_each(|tool| write_tool(fit, json, tool)));
    let is_openai = fit.target.traits.is_openai;
    if let Some(choice) = fit.tool_choice() {
        match choice {
            ToolChoice::Auto => json.put("tool_choice", "auto"),
            ToolChoice::None => json.put("tool_choice", "none"),
            ToolChoice::Required => json.put("tool_choice", "required"),
            ToolChoice::Named(name) if fit.is_server_tool(name) => fit.warn_field("tool_choice_not_forced", Field::ToolChoice),
            ToolChoice::Named(name) => json.put_object("tool_choice", |json| write_named(fit, json, name)),
            ToolChoice::Allowed { names, is_required } if is_openai => json.put_object("tool_choice", |json| {
                json.put("type", "allowed_tools");
                json.put_object("allowed_tools", |json| {
                    json.put("mode", if *is_required { "required" } else { "auto" });
                    json.put_list("tools", |json| {
                        names.iter().for_each(|name| json.object(|json| write_named(fit, json, name)));
                    });
                });
            }),
            ToolChoice::Allowed { is_required, .. } => json.put("tool_choice", if *is_required { "required" } else { "auto" }),
        }
    }
    if let Some(is_parallel) = fit.request.parallel_tools {
        json.put_flag("parallel_tool_calls", is_parallel);
    }
}

/// A tool that is chosen, by what sort it is.
fn write_named(fit: &Fit<'_>, json: &mut Json<'_>, name: &str) {
    let sort = if fit.is_custom_there(name) { "custom" } else { "function" };
    json.put("type", sort);
    json.put_object(sort, |json| json.put("name", fit.aliases.sent(name)));
}

fn write_tool(fit: &Fit<'_>, json: &mut Json<'_>, tool: &Tool) {
    match tool {
        Tool::Function(function) => json.object(|json| {
            json.put("type", "function");
            json.put_object("function", |json| {
                json.put("name", fit.aliases.sent(&function.name));
                json.put_some("description", function.description.as_deref());
                if fit.target.traits.is_mistral {
                    json.put_some_raw("parameters", function.schema.as_deref().map(schema::for_mistral).as_deref());
                } else {
                    json.put_json("parameters", function.schema.as_deref());
                    if let Some(is_strict) = function.is_strict {
                        json.put_flag("strict", is_strict);
                    }
                }
            });
            write_mark(fit, json, function.cache);
        }),
        Tool::Custom { name, description, grammar } if fit.target.traits.is_openai => json.object(|json| {
            json.put("type", "custom");
            json.put_object("custom", |json| {
                json.put("name", fit.aliases.sent(name));
                json.put_some("description", description.as_deref());
                json.put_json("format", grammar.as_deref());
            });
        }),
        Tool::Custom { name, description, grammar } => {
            fit.warn_field("custom_tool_wrapped", Field::Tools);
            json.object(|json| {
                json.put("type", "function");
                json.put_object("function", |json| {
                    json.put("name", fit.aliases.sent(name));
                    json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
                    json.put_raw("parameters", CUSTOM_SCHEMA);
                });
            });
        }
        Tool::Builtin { .. } => {}
    }
}

/// The description of a custom tool that is sent as a function: its grammar has no other place.
pub(crate) fn custom_description(description: Option<&str>, grammar: Option<&serde_json::value::RawValue>) -> String {
    let description = description.unwrap_or_default();
    let grammar = grammar.filter(|grammar| !grammar.get().contains("\"type\":\"text\""));
    match grammar {
        Some(grammar) => format!("{description}\nThe input follows this format: {}", grammar.get()).trim_start().to_owned(),
        None => description.to_owned(),
    }
}

fn options(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    let traits = &fit.target.traits;
    if let Some(tokens) = capped(fit) {
        json.put_number(if traits.is_openai { "max_completion_tokens" } else { "max_tokens" }, tokens);
    }
    if let Some(effort) = fit.effort() {
        json.put("reasoning_effort", effort.name());
    }
    let sampling = &request.sampling;
    let numbers = [
        ("temperature", fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 2.0)),
        ("top_p", fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0)),
        ("seed", sampling.seed.as_ref().map(|it| it.literal())),
        ("frequency_penalty", sampling.frequency_penalty.as_ref().map(|it| it.literal())),
        ("presence_penalty", sampling.presence_penalty.as_ref().map(|it| it.literal())),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            json.put_raw(key, number);
        }
    }
    fit.drop(sampling.top_k.is_some(), Field::TopK);
    fit.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
    fit.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
    fit.drop(sampling.logit_bias.is_some(), Field::LogitBias);
    let stop = fit.stops(STOP_MAX, |stop| !stop.is_empty());
    if !stop.is_empty() {
        json.put_texts("stop", stop);
    }
    fit.drop_logprobs();
    response_format(fit, json);
    if traits.is_openai {
        json.put_some("verbosity", request.verbosity.as_deref());
        json.put_some("prompt_cache_key", request.cache_key.as_deref());
        json.put_some("safety_identifier", request.user.as_deref().map(|user| short_user(user, USER_BYTES_MAX)).as_deref());
        json.put_json("metadata", request.metadata.as_deref());
        if request.is_stored == Some(true) {
            json.put_flag("store", true);
        }
        if let Some(tier) = request.tier {
            json.put("service_tier", tier_word(tier));
        }
    } else {
        fit.drop(request.is_stored == Some(true), Field::Store);
        fit.drop(request.tier.is_some_and(|tier| !matches!(tier, Tier::Auto | Tier::Standard)), Field::Tier);
    }
}

pub(crate) const fn tier_word(tier: Tier) -> &'static str {
    match tier {
        Tier::Auto => "auto",
        Tier::Standard => "default",
        Tier::Flex => "flex",
        Tier::Priority => "priority",
        Tier::Fast => "fast",
    }
}

/// The cap on output, lowered to what the model has.
pub(crate) fn capped(fit: &Fit<'_>) -> Option<u64> {
    let wanted = fit.request.output_tokens_max?;
    match fit.target.traits.output_tokens_max.filter(|max| *max < wanted) {
        Some(max) => {
            fit.warn_field("parameter_lowered", Field::OutputTokensMax);
            Some(max)
        }
        None => Some(wanted),
    }
}

fn response_format(fit: &Fit<'_>, json: &mut Json<'_>) {
    match &fit.request.output {
        OutputForm::Text => {}
        OutputForm::JsonObject => json.put_object("response_format", |json| json.put("type", "json_object")),
        OutputForm::JsonSchema { .. } if !fit.target.traits.has_json_schema => {
            // The best that such a host has; the schema itself is lost.
            fit.warn_field("json_schema_dropped", Field::Output);
            json.put_object("response_format", |json| json.put("type", "json_object"));
        }
        OutputForm::JsonSchema { name, description, schema, is_strict } => json.put_object("response_format", |json| {
            json.put("type", "json_schema");
            json.put_object("json_schema", |json| {
                json.put("name", name.as_deref().unwrap_or("response"));
                json.put_some("description", description.as_deref());
                json.put_flag("strict", is_strict.unwrap_or_else(|| schema::is_openai_strict(schema)));
                json.put_raw("schema", schema.get());
            });
        }),
    }
}
