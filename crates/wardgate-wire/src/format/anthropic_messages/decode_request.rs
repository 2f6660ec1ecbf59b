//! Reading a Messages request.

use super::served::Pairing;
use super::server_tools;
use crate::format::openai_chat::decode_request::cache_mark;
use crate::json::read::{is_text, text};
use crate::json::{Object, Path, list};
use crate::neutral::content::{Content, Part, Reasoning, Role, Source, Turn};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin, UNSIGNED};
use crate::neutral::request::{Effort, OutputForm, Request, Shown, Thinking, Tier};
use crate::neutral::tool::{Call, CallKind, Function, Tool, ToolChoice, ToolResult};
use serde_json::value::RawValue;
use wardgate_core::format::Format;

const FORMAT: Format = Format::AnthropicMessages;

/// Fields without which the answer is the same, and those that steer the gateway.
const SILENT: [&str; 8] = ["models", "provider", "route", "transforms", "usage", "inference_geo", "diagnostics", "betas"];

/// The text that Claude Code puts in front of its instructions: it changes with each request, so no cache would ever hit.
const VOLATILE: &str = "x-anthropic-billing-header";

pub(crate) fn decode(body: &RawValue) -> Result<Request, Untranslatable> {
    let path = Path::Root;
    let mut object = Object::read(body, &path)?;
    let mut request = Request::new(FORMAT);
    request.model = object.text("model", &path)?.unwrap_or_default();
    system(&mut object, &path, &mut request)?;
    let messages_path = path.key("messages");
    let messages = object.take("messages").ok_or_else(|| messages_path.wrong("is missing"))?;
    for (index, value) in list(messages, &messages_path)?.into_iter().enumerate() {
        message(value, &messages_path.at(index), &mut request)?;
    }
    decode_tools(&mut object, &path, &mut request)?;
    request.output_tokens_max = object.count("max_tokens", &path)?;
    let sampling = &mut request.sampling;
    sampling.temperature = object.number("temperature", &path)?;
    sampling.top_p = object.number("top_p", &path)?;
    sampling.top_k = object.number("top_k", &path)?;
    sampling.stop = object.texts("stop_sequences", &path)?;
    request.thinking = thinking(&mut object, &path, &mut request.warnings)?;
    output_config(&mut object, &path, &mut request)?;
    if let Some(mut metadata) = object.object("metadata", &path)? {
        request.user = metadata.text("user_id", &path.key("metadata"))?;
    }
    request.is_cached_whole = object.take("cache_control").is_some();
    request.tier = object.text("service_tier", &path)?.and_then(|word| (word == "standard_only").then_some(Tier::Standard));
    if object.text("speed", &path)?.is_some_and(|speed| speed == "fast") {
        request.tier = Some(Tier::Fast);
    }
    request.is_stream = object.flag("stream", &path)?.unwrap_or(false);
    request.wants_usage = true;
    for key in SILENT {
        object.take(key);
    }
    object.warn_rest(&path, &mut request.warnings);
    Ok(request)
}

fn system(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let Some(value) = object.take("system") else { return Ok(()) };
    let path = path.key("system");
    let mut parts = Vec::new();
    contents(value, &path, &mut parts, &mut request.warnings)?;
    parts.retain(|part| !matches!(&part.content, Content::Text { text, .. } if text.starts_with(VOLATILE)));
    if !parts.is_empty() {
        request.turns.push(Turn { role: Role::System, parts, name: None, phase: None, path: path.to_string() });
    }
    Ok(())
}

/// A message. One of the user may hold results besides other things; results are a turn of their own, before the rest.
fn message(value: &RawValue, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let word = object.need_text("role", path)?;
    let role = match word.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(path.key("role").wrong(format!("{word:?} is no role"))),
    };
    let mut parts = Vec::new();
    let content_path = path.key("content");
    let content = object.take("content").ok_or_else(|| content_path.wrong("is missing"))?;
    contents(content, &content_path, &mut parts, &mut request.warnings)?;
    object.warn_rest(path, &mut request.warnings);
    let (results, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| matches!(part.content, Content::Result(_)));
    let mut push = |role, parts: Vec<Part>| {
        request.turns.push(Turn { role, parts, name: None, phase: None, path: path.to_string() });
    };
    let has_results = !results.is_empty();
    if has_results {
        push(Role::Tool, results);
    }
    if !rest.is_empty() || !has_results {
        push(role, rest);
    }
    Ok(())
}

fn contents(value: &RawValue, path: &Path<'_>, parts: &mut Vec<Part>, warnings: &mut Warnings) -> Result<(), Untranslatable> {
    if is_text(value) {
        let text = text(value, path)?;
        if !text.is_empty() {
            parts.push(Content::text(text).into());
        }
        return Ok(());
    }
    let mut pairing = Pairing::default();
    for (index, value) in list(value, path)?.into_iter().enumerate() {
        let path = path.at(index);
        if let Some(part) = block(value, &path, &mut pairing, warnings)? {
            parts.push(part);
        }
    }
    parts.extend(pairing.rest().map(|served| Part::from(Content::Served(Box::new(served))).placed(path)));
    Ok(())
}

/// One block. Empty text is none.
fn block(
    value: &RawValue,
    path: &Path<'_>,
    pairing: &mut Pairing,
    warnings: &mut Warnings,
) -> Result<Option<Part>, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let kind = object.need_text("type", path)?;
    let cache = cache_mark(&mut object, path)?;
    let content = match kind.as_str() {
        "text" => {
            object.take("citations");
            match object.need_text("text", path)? {
                text if text.is_empty() => return Ok(None),
                text => Content::text(text),
            }
        }
        "image" => Content::Image { source: source(&mut object, path)?, detail: None },
        "document" => {
            let mut citations = object.object("citations", path)?.unwrap_or_default();
            Content::File {
                source: source(&mut object, path)?,
                name: object.text("title", path)?,
                context: object.text("context", path)?,
                is_citable: citations.flag("enabled", &path.key("citations"))?.unwrap_or(false),
            }
        }
        "search_result" => {
            let mut inner = Vec::new();
            if let Some(value) = object.take("content") {
                contents(value, &path.key("content"), &mut inner, warnings)?;
            }
            object.take("citations");
            Content::SearchResult {
                source: object.text("source", path)?.unwrap_or_default(),
                title: object.text("title", path)?.unwrap_or_default(),
                text: crate::transcode::fit::joined_text(&inner),
            }
        }
        "tool_use" => {
            let id = object.need_text("id", path)?;
            let name = object.need_text("name", path)?;
            let input = object.take("input").map_or("{}", RawValue::get);
            let arguments = crate::transcode::fit::arguments_text(input);
            object.take("caller");
            Content::Call(Call { id, name, arguments, kind: CallKind::Function })
        }
        "tool_result" => Content::Result(result(&mut object, path, warnings)?),
        "thinking" => {
            let text = object.text("thinking", path)?.unwrap_or_default();
            let signature = object.text("signature", path)?.filter(|it| !it.is_empty() && it != UNSIGNED);
            let opaque = signature.map(|it| Opaque::from_client(FORMAT, OpaqueKind::Signature, &it));
            if text.is_empty() && opaque.is_none() {
                return Ok(None);
            }
            Content::Reasoning(Reasoning { text, opaque, ..Reasoning::default() })
        }
        "redacted_thinking" => {
            let opaque = Opaque::from_client(FORMAT, OpaqueKind::Redacted, &object.need_text("data", path)?);
            Content::Reasoning(Reasoning { opaque: Some(opaque), ..Reasoning::default() })
        }
        "server_tool_use" if pairing.call(value.get()) => return Ok(None),
        word if server_tools::is_result(word)
            && let Some(served) = pairing.result(value.get(), Origin::of(FORMAT)) =>
        {
            Content::Served(Box::new(served))
        }
        // Of a tool that nobody else knows. It is over, and who reads on need not know how it was found.
        word if word == "server_tool_use" || server_tools::is_result(word) => {
            warnings.add("content_dropped", path.to_string());
            return Ok(None);
        }
        _ => {
            let content = Content::Foreign { format: FORMAT, kind, json: value.get().to_owned() };
            return Ok(Some(Part::marked(content, cache).placed(path)));
        }
    };
    if !matches!(content, Content::Served(_)) {
        object.warn_rest(path, warnings);
    }
    Ok(Some(Part::marked(content, cache).placed(path)))
}

fn result(object: &mut Object<'_>, path: &Path<'_>, warnings: &mut Warnings) -> Result<ToolResult, Untranslatable> {
    let mut parts = Vec::new();
    if let Some(value) = object.take("content") {
        contents(value, &path.key("content"), &mut parts, warnings)?;
    }
    Ok(ToolResult {
        call_id: object.need_text("tool_use_id", path)?,
        name: None,
        parts,
        is_error: object.flag("is_error", path)?.unwrap_or(false),
        kind: CallKind::Function,
    })
}

fn source(object: &mut Object<'_>, path: &Path<'_>) -> Result<Source, Untranslatable> {
    let path = path.key("source");
    let mut source = object.take("source").ok_or_else(|| path.wrong("is missing")).and_then(|it| Object::read(it, &path))?;
    let kind = source.need_text("type", &path)?;
    match kind.as_str() {
        "base64" => {
            Ok(Source::Base64 { media: source.need_text("media_type", &path)?, data: source.need_text("data", &path)? })
        }
        "url" => Ok(Source::Url { url: source.need_text("url", &path)?, media: None }),
        "text" => Ok(Source::Text(source.need_text("data", &path)?)),
        "file" => Ok(Source::FileId { format: FORMAT, id: source.need_text("file_id", &path)? }),
        "content" => {
            let mut parts = Vec::new();
            if let Some(value) = source.take("content") {
                contents(value, &path.key("content"), &mut parts, &mut Warnings::default())?;
            }
            match parts.iter().all(|part| matches!(part.content, Content::Text { .. })) {
                true => Ok(Source::Text(crate::transcode::fit::joined_text(&parts))),
                false => {
                    Err(path.refuse("unsupported_content", "a document made of blocks that are no text cannot be sent on"))
                }
            }
        }
        _ => Err(path.key("type").wrong(format!("{kind:?} is no kind of source"))),
    }
}

fn decode_tools(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let tools_path = path.key("tools");
    for (index, value) in object.list("tools", path)?.into_iter().enumerate() {
        tool(value, &tools_path.at(index), request)?;
    }
    let Some(mut choice) = object.object("tool_choice", path)? else { return Ok(()) };
    let path = path.key("tool_choice");
    let kind = choice.need_text("type", &path)?;
    request.tool_choice = Some(match kind.as_str() {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(choice.need_text("name", &path)?),
        _ => return Err(path.key("type").wrong(format!("{kind:?} is no tool choice"))),
    });
    request.parallel_tools = choice.flag("disable_parallel_tool_use", &path)?.map(|is_disabled| !is_disabled);
    Ok(())
}

fn tool(value: &RawValue, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    // The tool's type is no part of its schema.
    match object.text("type", path)?.filter(|kind| kind != "custom") {
        Some(word) if let Some(kind) = server_tools::kind(&word) => {
            let tool = server_tools::read(kind, &mut object, path, &mut request.warnings)?;
            request.server_tools.push(tool);
        }
        Some(kind) => request.tools.push(Tool::Builtin { format: FORMAT, kind, json: value.to_owned() }),
        None => {
            let function = Function {
                name: object.need_text("name", path)?,
                description: object.text("description", path)?,
                schema: object.raw("input_schema"),
                is_strict: object.flag("strict", path)?,
                cache: cache_mark(&mut object, path)?,
            };
            object.take("input_examples");
            object.take("eager_input_streaming");
            object.warn_rest(path, &mut request.warnings);
            request.tools.push(Tool::Function(function));
        }
    }
    Ok(())
}

fn thinking(object: &mut Object<'_>, path: &Path<'_>, warnings: &mut Warnings) -> Result<Thinking, Untranslatable> {
    let mut thinking = Thinking::default();
    let Some(mut inner) = object.object("thinking", path)? else { return Ok(thinking) };
    let path = path.key("thinking");
    let kind = inner.need_text("type", &path)?;
    match kind.as_str() {
        "disabled" => thinking.is_on = Some(false),
        "enabled" => {
            thinking.is_on = Some(true);
            thinking.budget_tokens = inner.count("budget_tokens", &path)?;
        }
        "adaptive" | "between_tools" => thinking.is_on = Some(true),
        _ => {
            // Clients invent words here; all that were seen mean "as the model likes".
            warnings.add("unknown_value", path.key("type").to_string());
            thinking.is_on = Some(true);
        }
    }
    thinking.shown = match inner.text("display", &path)?.as_deref() {
        Some("omitted") => Some(Shown::Nothing),
        Some(_) => Some(Shown::Summary),
        // Who has thinking on gets its text.
        None => thinking.is_on.filter(|is_on| *is_on).map(|_| Shown::Summary),
    };
    Ok(thinking)
}

fn output_config(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut config = object.object("output_config", path)?.unwrap_or_default();
    let config_path = path.key("output_config");
    if let Some(word) = config.text("effort", &config_path)? {
        let effort =
            Effort::from_name(&word).ok_or_else(|| config_path.key("effort").wrong(format!("{word:?} is no effort")))?;
        request.thinking.effort = Some(effort);
    }
    let (mut format, format_path) = match config.object("format", &config_path)? {
        Some(format) => (Some(format), config_path.key("format")),
        // Where it stood before it moved.
        None => (object.object("output_format", path)?, path.key("output_format")),
    };
    if let Some(format) = &mut format {
        request.output = OutputForm::JsonSchema {
            name: None,
            description: None,
            schema: format.raw("schema").ok_or_else(|| format_path.key("schema").wrong("is missing"))?,
            is_strict: None,
        };
    }
    config.warn_rest(&config_path, &mut request.warnings);
    Ok(())
}
