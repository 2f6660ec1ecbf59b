//! Writing a Messages request.

use super::server_tools;
use crate::format::openai_chat::encode_request::{capped, custom_description, file_id_not_portable, prefill_not_supported};
use crate::json::Json;
use crate::json::write::object;
use crate::neutral::content::{CacheMark, Content, Part, Reasoning, Role, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::OpaqueKind;
use crate::neutral::request::{Effort, OutputForm, Request, Shown, Tier};
use crate::neutral::tool::{Call, CallKind, Tool, ToolChoice, ToolResult};
use crate::transcode::Encoded;
use crate::transcode::aliases::WIDE;
use crate::transcode::arrange::{Ids, Message, Piece, arrange, split_instructions};
use crate::transcode::fit::{CUSTOM_SCHEMA, EMPTY_SCHEMA, Field, Fit, arguments_object, short_user};
use crate::transcode::target::{Target, ThinkingWay};
use crate::transcode::{media, schema};
use serde_json::value::RawValue;
use std::borrow::Cow;
use wardgate_core::format::Format;

/// The limit on output where neither the client nor the catalog says one; the format needs one.
const OUTPUT_TOKENS_DEFAULT: u64 = 32_000;

/// The smallest budget for thinking that the format takes.
const BUDGET_TOKENS_MIN: u64 = 1_024;

/// The longest name of a user.
const USER_BYTES_MAX: usize = 256;

/// The most cache marks in one request.
const CACHE_MARKS_MAX: usize = 4;

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
    let marks = Marks::new(&fit, &system, &messages);
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

/// Which cache marks are kept: the first one, and the last three. They are told apart by where their part is.
struct Marks {
    kept: Vec<*const Option<CacheMark>>,
}

impl Marks {
    fn new(fit: &Fit<'_>, system: &[Message<'_>], messages: &[Message<'_>]) -> Self {
        let of_tools = fit.request.tools.iter().filter_map(|tool| match tool {
            Tool::Function(function) if function.cache.is_some() => Some(&raw const function.cache),
            _ => None,
        });
        let can_have = |part: &Part| part.cache.is_some() && !matches!(part.content, Content::Reasoning(_));
        let of_parts = system.iter().chain(messages).flat_map(|message| &message.pieces).map(|piece| piece.part);
        let of_parts = of_parts.filter(|part| can_have(part)).map(|part| &raw const part.cache);
        let mut kept: Vec<_> = of_tools.chain(of_parts).collect();
        if kept.len() > CACHE_MARKS_MAX {
            kept.drain(1..kept.len() - (CACHE_MARKS_MAX - 1));
        }
        Self { kept }
    }

    fn write(&self, json: &mut Json<'_>, mark: &Option<CacheMark>) {
        if let Some(ttl) = mark
            && self.kept.contains(&(&raw const *mark))
        {
            json.put_object("cache_control", |json| {
                json.put("type", "ephemeral");
                if *ttl == CacheMark::Long {
                    json.put("ttl", "1h");
                }
            });
        }
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
                    marks.write(json, &part.cache);
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

fn text_block(json: &mut Json<'_>, text: &str) {
    json.object(|json| {
        json.put("type", "text");
        json.put("text", text);
    });
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
            marks.write(json, &piece.part.cache);
        }),
        Content::Result(result) => json.object(|json| {
            write_result(json, result, &piece.id);
            marks.write(json, &piece.part.cache);
        }),
        Content::Image { .. } | Content::File { .. } if message.role == Role::Assistant => {
            fit.warn("assistant_media_dropped", path);
            text_block(json, media::PICTURE);
        }
        Content::Text { text, .. } | Content::Refusal(text) if text.trim().is_empty() => {}
        _ => json.object(|json| {
            write_block(json, piece.part);
            marks.write(json, &piece.part.cache);
        }),
    }
}

/// Thoughts go back only to whoever had them, and only whole.
fn write_reasoning(fit: &Fit<'_>, json: &mut Json<'_>, reasoning: &Reasoning, path: &str) {
    let Some(opaque) = &reasoning.opaque else {
        fit.warn("reasoning_dropped", path);
        return;
    };
    let Some(data) = fit.readable(opaque, path) else { return };
    json.object(|json| match opaque.kind {
        OpaqueKind::Redacted | OpaqueKind::Encrypted => {
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

fn write_call(fit: &Fit<'_>, json: &mut Json<'_>, call: &Call, id: &str, path: &str) {
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

fn write_result(json: &mut Json<'_>, result: &ToolResult, id: &str) {
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

fn write_block(json: &mut Json<'_>, part: &Part) {
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

fn tools(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], marks: &Marks) {
    let request = fit.request;
    if request.tools.is_empty() && request.server_tools.is_empty() {
        // Calls in the history without tools are refused, so the tools are told again, not to be used.
        let mut names: Vec<&str> = Vec::new();
        for piece in messages.iter().flat_map(|message| &message.pieces) {
            if let Content::Call(call) = &piece.part.content
                && !names.contains(&call.name.as_str())
            {
                names.push(&call.name);
            }
        }
        if !names.is_empty() {
            fit.warn_field("tools_declared_again", Field::Tools);
            json.put_list("tools", |json| {
                names.iter().for_each(|name| {
                    json.object(|json| {
                        json.put("name", fit.aliases.sent(name));
                        json.put_raw("input_schema", r#"{"type":"object"}"#);
                    });
                });
            });
            json.put_object("tool_choice", |json| json.put("type", "none"));
        }
        return;
    }
    json.put_list("tools", |json| {
        fit.allowed_tools().iter().for_each(|tool| write_tool(fit, json, tool, marks));
        server_tools::write(fit, json);
    });
    let is_serial = request.parallel_tools == Some(false);
    let choice = fit.tool_choice().or(is_serial.then_some(&ToolChoice::Auto));
    if let Some(choice) = choice {
        json.put_object("tool_choice", |json| {
            match choice {
                ToolChoice::Auto | ToolChoice::Allowed { is_required: false, .. } => json.put("type", "auto"),
                ToolChoice::None => json.put("type", "none"),
                ToolChoice::Required | ToolChoice::Allowed { is_required: true, .. } => json.put("type", "any"),
                ToolChoice::Named(name) => {
                    json.put("type", "tool");
                    json.put("name", fit.aliases.sent(name));
                }
            }
            if is_serial && *choice != ToolChoice::None {
                json.put_flag("disable_parallel_tool_use", true);
            }
        });
    }
}

fn write_tool(fit: &Fit<'_>, json: &mut Json<'_>, tool: &Tool, marks: &Marks) {
    json.object(|json| match tool {
        Tool::Function(function) => {
            json.put("name", fit.aliases.sent(&function.name));
            json.put_some("description", function.description.as_deref());
            let is_strict = function.is_strict == Some(true) && fit.target.traits.has_json_schema;
            json.put_raw("input_schema", &tool_schema(function.schema.as_deref(), is_strict));
            if is_strict {
                json.put_flag("strict", true);
            }
            marks.write(json, &function.cache);
        }
        Tool::Custom { name, description, grammar } => {
            fit.warn_field("custom_tool_wrapped", Field::Tools);
            json.put("name", fit.aliases.sent(name));
            json.put("description", &custom_description(description.as_deref(), grammar.as_deref()));
            json.put_raw("input_schema", CUSTOM_SCHEMA);
        }
        Tool::Builtin { .. } => {}
    });
}

/// A tool's schema. A strict one follows the same rules as that of an answer.
pub(crate) fn tool_schema(schema: Option<&RawValue>, is_strict: bool) -> Cow<'_, str> {
    let schema = schema::object_root(schema.map_or(EMPTY_SCHEMA, RawValue::get));
    let cleaned = || serde_json::from_str::<&RawValue>(&schema).ok().map(schema::for_anthropic);
    match cleaned().filter(|_| is_strict) {
        Some(cleaned) => cleaned.into(),
        None => schema,
    }
}

/// Writes how to think, in the way that the model knows. Says whether it is told to.
fn thinking(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], tokens_max: u64) -> bool {
    let asked = &fit.request.thinking;
    let way = fit.target.traits.thinking;
    let mut effort = fit.effort();
    let is_off = effort == Some(Effort::None) || asked.is_on == Some(false);
    if effort == Some(Effort::Minimal) {
        effort = Some(Effort::Low);
    }
    if is_off {
        if way == ThinkingWay::AlwaysOn {
            fit.warn_field("thinking_cannot_be_disabled", Field::Effort);
            output_config(fit, json, Some(Effort::Low));
        } else {
            json.put_object("thinking", |json| json.put("type", "disabled"));
            output_config(fit, json, None);
        }
        return false;
    }
    if effort.is_none() && asked.is_on != Some(true) {
        output_config(fit, json, None);
        return false;
    }
    if way != ThinkingWay::Budget {
        json.put_object("thinking", |json| {
            json.put("type", "adaptive");
            match asked.shown {
                Some(Shown::Nothing) => json.put("display", "omitted"),
                Some(Shown::Summary) => json.put("display", "summarized"),
                None => {}
            }
        });
        output_config(fit, json, effort);
        return true;
    }
    let wanted = asked.budget_tokens.unwrap_or_else(|| effort.unwrap_or(Effort::Medium).budget_tokens());
    let budget = wanted.max(BUDGET_TOKENS_MIN).min(tokens_max.saturating_sub(BUDGET_TOKENS_MIN));
    let is_possible = budget >= BUDGET_TOKENS_MIN && !lacks_thoughts(fit, messages);
    if is_possible {
        json.put_object("thinking", |json| {
            json.put("type", "enabled");
            json.put_number("budget_tokens", budget);
        });
    } else {
        fit.warn_field("thinking_off", Field::Effort);
    }
    output_config(fit, json, None);
    is_possible
}

/// Whether the conversation waits in the middle of a tool's use and has no thoughts that could go before it. Such models then
/// refuse to think.
fn lacks_thoughts(fit: &Fit<'_>, messages: &[Message<'_>]) -> bool {
    let is_own = |piece: &Piece<'_>| match &piece.part.content {
        Content::Reasoning(Reasoning { opaque: Some(opaque), .. }) => fit.target.reads(fit.format, opaque.origin),
        _ => false,
    };
    messages.last().is_some_and(|last| last.role == Role::Tool)
        && !messages.iter().flat_map(|message| &message.pieces).any(is_own)
}

/// `output_config`: the effort and the form of the answer, where there is either.
fn output_config(fit: &Fit<'_>, json: &mut Json<'_>, effort: Option<Effort>) {
    let schema = match &fit.request.output {
        OutputForm::JsonSchema { schema, .. } if fit.target.traits.has_json_schema => Some(schema),
        _ => None,
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    json.put_object("output_config", |json| {
        json.put_some("effort", effort.map(Effort::name));
        if let Some(schema) = schema {
            json.put_object("format", |json| {
                json.put("type", "json_schema");
                json.put_raw("schema", &schema::for_anthropic(schema));
            });
        }
    });
}

/// Claude refuses temperature and `top_p` together. Of the two the one that says something counts, the temperature first.
pub(crate) fn temperature_or_top_p<'r>(fit: &Fit<'r>) -> (Option<&'r str>, Option<&'r str>) {
    let sampling = &fit.request.sampling;
    let temperature = fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 1.0);
    let top_p = fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0);
    match (temperature, top_p) {
        (Some("1" | "1.0"), Some(_)) => (None, top_p),
        (Some(_), Some(_)) => {
            fit.drop_unless(sampling.top_p.as_ref(), 1.0, Field::TopP);
            (temperature, None)
        }
        one => one,
    }
}

fn options(fit: &Fit<'_>, json: &mut Json<'_>, is_thinking: bool) {
    let request = fit.request;
    let sampling = &request.sampling;
    let (temperature, top_p) = temperature_or_top_p(fit);
    let numbers = [
        ("temperature", temperature),
        ("top_p", top_p),
        ("top_k", fit.sampling(sampling.top_k.as_ref(), Field::TopK, f64::INFINITY)),
    ];
    for ((key, number), field) in numbers.into_iter().zip([Field::Temperature, Field::TopP, Field::TopK]) {
        match number {
            // While it thinks, the model draws as it likes.
            Some(number) if is_thinking => fit.drop(number != "1", field),
            Some(number) => json.put_raw(key, number),
            None => {}
        }
    }
    let stop = fit.stops(usize::MAX, |stop| !stop.trim().is_empty());
    if !stop.is_empty() {
        json.put_texts("stop_sequences", stop);
    }
    fit.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
    fit.drop(sampling.seed.is_some(), Field::Seed);
    fit.drop_unless(sampling.frequency_penalty.as_ref(), 0.0, Field::FrequencyPenalty);
    fit.drop_unless(sampling.presence_penalty.as_ref(), 0.0, Field::PresencePenalty);
    fit.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
    fit.drop(sampling.logit_bias.is_some(), Field::LogitBias);
    fit.drop_logprobs();
    fit.drop(request.is_stored == Some(true), Field::Store);
    match request.tier {
        Some(Tier::Standard) => json.put("service_tier", "standard_only"),
        Some(Tier::Flex | Tier::Priority | Tier::Fast) => fit.drop(true, Field::Tier),
        Some(Tier::Auto) | None => {}
    }
    if request.is_cached_whole {
        json.put_object("cache_control", |json| json.put("type", "ephemeral"));
    }
    // An address or a number that names a person is no business of the provider's.
    if let Some(user) = request.user.as_deref() {
        json.put_object("metadata", |json| json.put("user_id", &short_user(&anonymous(user), USER_BYTES_MAX)));
    }
    if request.is_stream {
        json.put_flag("stream", true);
    }
}

/// The user's name for a provider that wants no personal data: hashed where it looks like an e-mail address or a telephone number.
fn anonymous(user: &str) -> Cow<'_, str> {
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let is_number =
        digits >= 7 && user.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b' ' | b'(' | b')'));
    if user.contains('@') || is_number {
        return format!("user-{:016x}", crate::neutral::opaque::fnv(user.bytes())).into();
    }
    user.into()
}
