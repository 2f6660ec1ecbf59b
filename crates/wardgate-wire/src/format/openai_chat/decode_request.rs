//! Reading a Chat Completions request.

use super::{reasoning, served, server_tools, switches, tier};
use crate::json::read::{is_text, text};
use crate::json::{Object, Path, list};
use crate::neutral::content::{CacheMark, Content, Part, Reasoning, Role, Source, Turn};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::request::{Effort, OutputForm, Pictures, Request, Shown, Thinking};
use crate::neutral::tool::{Call, CallKind, Function, Tool, ToolChoice, ToolResult};
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};
use wardgate_core::format::Format;

/// Fields that steer the gateway, or that only tune how a stream is sent: nothing is lost without them.
const SILENT: [&str; 10] = [
    "models",
    "provider",
    "route",
    "transforms",
    "usage",
    "session_id",
    "prediction",
    "prompt_cache_options",
    "prompt_cache_retention",
    "include_reasoning",
];

pub(crate) fn decode(body: &RawValue) -> Result<Request, Untranslatable> {
    let path = Path::Root;
    let mut object = Object::read(body, &path)?;
    let mut request = Request::new(Format::OpenAiChat);
    request.model = object.text("model", &path)?.unwrap_or_default();
    decode_messages(&mut object, &path, &mut request)?;
    decode_tools(&mut object, &path, &mut request)?;
    request.parallel_tools = object.flag("parallel_tool_calls", &path)?;
    request.output = output(&mut object, &path)?;
    request.thinking = thinking(&mut object, &path)?;
    switches::read(&mut object, &path, &mut request)?;
    sampling(&mut object, &path, &mut request)?;
    let tokens_max = object.count("max_completion_tokens", &path)?;
    request.output_tokens_max = tokens_max.or(object.count("max_tokens", &path)?);
    request.verbosity = object.text("verbosity", &path)?;
    request.cache_key = object.text("prompt_cache_key", &path)?;
    request.is_cached_whole = object.take("cache_control").is_some();
    request.tier = object.text("service_tier", &path)?.map(|word| tier::asked(&word));
    request.is_stored = object.flag("store", &path)?;
    let user = object.text("user", &path)?;
    request.user = object.text("safety_identifier", &path)?.or(user);
    request.metadata = object.raw("metadata");
    request.is_stream = object.flag("stream", &path)?.unwrap_or(false);
    if let Some(mut options) = object.object("stream_options", &path)? {
        request.wants_usage = options.flag("include_usage", &path.key("stream_options"))?.unwrap_or(false);
    }
    request.answers = object.count("n", &path)?.filter(|n| *n > 1);
    let modalities = object.texts("modalities", &path)?;
    if modalities.iter().any(|modality| modality == "audio") {
        let why = "answers in audio cannot be asked for from this provider";
        return Err(path.key("modalities").refuse("unsupported_modality", why));
    }
    if modalities.iter().any(|modality| modality == "image") {
        let is_only = modalities.iter().all(|modality| modality == "image");
        let mut pictures = Pictures { is_only, ..Pictures::default() };
        if let Some(mut config) = object.object("image_config", &path)? {
            let path = path.key("image_config");
            pictures.aspect_ratio = config.text("aspect_ratio", &path)?;
            pictures.size = config.text("image_size", &path)?;
            config.warn_rest(&path, &mut request.warnings);
        }
        request.pictures = Some(pictures);
    }
    request.server_tools.extend(server_tools::read(&mut object, &path, &mut request.warnings)?);
    object.take("audio");
    for key in SILENT {
        object.take(key);
    }
    object.warn_rest(&path, &mut request.warnings);
    Ok(request)
}

/// The parameters that Chat Completions, legacy Completions and, in part, Responses share.
pub(crate) fn sampling(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let sampling = &mut request.sampling;
    sampling.temperature = object.number("temperature", path)?;
    sampling.top_p = object.number("top_p", path)?;
    sampling.top_k = object.number("top_k", path)?;
    sampling.min_p = object.number("min_p", path)?;
    sampling.seed = object.number("seed", path)?;
    sampling.frequency_penalty = object.number("frequency_penalty", path)?;
    sampling.presence_penalty = object.number("presence_penalty", path)?;
    sampling.repetition_penalty = object.number("repetition_penalty", path)?;
    sampling.logit_bias = object.raw("logit_bias").filter(|value| value.get() != "{}");
    if let Some(value) = object.take("stop") {
        let path = path.key("stop");
        sampling.stop = match is_text(value) {
            true => vec![text(value, &path)?],
            false => {
                let values = list(value, &path)?.into_iter().enumerate();
                values.map(|(index, value)| text(value, &path.at(index))).collect::<Result<_, _>>()?
            }
        };
    }
    let top = object.count("top_logprobs", path)?;
    sampling.logprobs = match object.take("logprobs").map(RawValue::get) {
        Some("true") => Some(top.unwrap_or(0)),
        // Legacy Completions counts here.
        Some(count) => count.parse().ok(),
        None => top.filter(|count| *count > 0),
    };
    Ok(())
}

fn decode_messages(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let path = path.key("messages");
    let messages = object.take("messages").ok_or_else(|| path.wrong("is missing"))?;
    for (index, value) in list(messages, &path)?.into_iter().enumerate() {
        let turn = message(value, &path.at(index), &mut request.warnings)?;
        request.turns.push(turn);
    }
    Ok(())
}

fn message(value: &RawValue, path: &Path<'_>, warnings: &mut Warnings) -> Result<Turn, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let word = object.need_text("role", path)?;
    let role = match word.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => return Err(path.key("role").wrong(format!("{word:?} is no role"))),
    };
    let name = object.text("name", path)?;
    let mut parts = Vec::new();
    if role == Role::Assistant {
        reasoning::decode_message(&mut object, path, &mut parts)?;
    }
    content(object.take("content"), &path.key("content"), &mut parts)?;
    if role == Role::Assistant {
        assistant(&mut object, path, &mut parts)?;
    }
    if let Some(mark) = cache_mark(&mut object, path)?
        && let Some(last) = parts.last_mut()
    {
        last.cache = Some(mark);
    }
    if role == Role::Tool {
        let call_id = object.text("tool_call_id", path)?.unwrap_or_default();
        let cache = parts.last().and_then(|part| part.cache);
        let result = ToolResult { call_id, name: name.clone(), parts, is_error: false, kind: CallKind::Function };
        parts = vec![Part::marked(Content::Result(result), cache)];
    }
    object.warn_rest(path, warnings);
    let name = name.filter(|_| role != Role::Tool);
    Ok(Turn { role, parts, name, phase: None, path: path.to_string() })
}

fn assistant(object: &mut Object<'_>, path: &Path<'_>, parts: &mut Vec<Part>) -> Result<(), Untranslatable> {
    if let Some(refusal) = object.text("refusal", path)?.filter(|refusal| !refusal.is_empty()) {
        parts.push(Content::Refusal(refusal).into());
    }
    object.take("annotations");
    object.take("citations");
    if let Some(calls) = object.take(served::KEY) {
        let path = path.key(served::KEY);
        // They came before what was said of them.
        let calls = served::read(calls, &path)?.into_iter().map(|it| Part::from(Content::Served(Box::new(it))).placed(&path));
        let at = parts.iter().position(|part| matches!(part.content, Content::Text { .. })).unwrap_or(parts.len());
        parts.splice(at..at, calls);
    }
    if object.take("audio").is_some() {
        return Err(path
            .key("audio")
            .refuse("unsupported_modality", "audio of an earlier answer cannot be sent to this provider"));
    }
    let images_path = path.key("images");
    for (index, image) in object.list("images", path)?.into_iter().enumerate() {
        part(image, &images_path.at(index), parts)?;
    }
    // Reasoning that is bound to a call stands right before it.
    let mut before: Vec<Option<Part>> = std::mem::take(parts).into_iter().map(Some).collect();
    let mut bound: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, part) in before.iter().enumerate() {
        if let Some(Part { content: Content::Reasoning(Reasoning { call_id: Some(id), .. }), .. }) = part {
            bound.entry(id.clone()).or_default().push_back(at);
        }
    }
    let mut calls = Vec::new();
    let calls_path = path.key("tool_calls");
    for (index, value) in object.list("tool_calls", path)?.into_iter().enumerate() {
        let path = calls_path.at(index);
        let call = call(&mut Object::read(value, &path)?, &path)?;
        let at = bound.get_mut(&call.id).and_then(VecDeque::pop_front);
        calls.extend(at.and_then(|at| before[at].take()));
        calls.push(Content::Call(call).into());
    }
    parts.extend(before.into_iter().flatten());
    parts.extend(calls);
    if let Some(mut function) = object.object("function_call", path)? {
        let path = path.key("function_call");
        let name = function.need_text("name", &path)?;
        let arguments = function.text("arguments", &path)?.unwrap_or_default();
        parts.push(Content::Call(Call { id: String::new(), name, arguments, kind: CallKind::Function }).into());
    }
    Ok(())
}

fn call(object: &mut Object<'_>, path: &Path<'_>) -> Result<Call, Untranslatable> {
    let id = object.text("id", path)?.unwrap_or_default();
    if let Some(mut custom) = object.object("custom", path)? {
        let path = path.key("custom");
        let name = custom.need_text("name", &path)?;
        let arguments = custom.text("input", &path)?.unwrap_or_default();
        return Ok(Call { id, name, arguments, kind: CallKind::Custom });
    }
    let path = path.key("function");
    let mut function =
        object.take("function").ok_or_else(|| path.wrong("is missing")).and_then(|it| Object::read(it, &path))?;
    let name = function.need_text("name", &path)?;
    let arguments = match function.take("arguments") {
        None => String::new(),
        Some(value) if is_text(value) => text(value, &path.key("arguments"))?,
        // Some clients send the object itself.
        Some(value) => value.get().to_owned(),
    };
    Ok(Call { id, name, arguments, kind: CallKind::Function })
}

fn content(value: Option<&RawValue>, path: &Path<'_>, parts: &mut Vec<Part>) -> Result<(), Untranslatable> {
    match value {
        None => Ok(()),
        Some(value) if is_text(value) => {
            let text = text(value, path)?;
            if !text.is_empty() {
                parts.push(Content::text(text).into());
            }
            Ok(())
        }
        Some(value) => {
            list(value, path)?.into_iter().enumerate().try_for_each(|(index, value)| part(value, &path.at(index), parts))
        }
    }
}

fn part(value: &RawValue, path: &Path<'_>, parts: &mut Vec<Part>) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let kind = object.need_text("type", path)?;
    let content = match kind.as_str() {
        "text" | "input_text" | "output_text" => Content::text(object.need_text("text", path)?),
        "refusal" => Content::Refusal(object.need_text("refusal", path)?),
        "image_url" => {
            let (url, detail) = url_of(&mut object, "image_url", path)?;
            Content::Image { source: Source::from_url(&url), detail }
        }
        "video_url" => Content::Video(Source::from_url(&url_of(&mut object, "video_url", path)?.0)),
        "input_audio" => {
            let path = path.key("input_audio");
            let mut audio =
                object.take("input_audio").ok_or_else(|| path.wrong("is missing")).and_then(|it| Object::read(it, &path))?;
            let media = format!("audio/{}", audio.text("format", &path)?.as_deref().unwrap_or("wav"));
            Content::Audio(Source::Base64 { media, data: audio.need_text("data", &path)? })
        }
        "file" => {
            let path = path.key("file");
            let mut file =
                object.take("file").ok_or_else(|| path.wrong("is missing")).and_then(|it| Object::read(it, &path))?;
            let source = match (file.text("file_data", &path)?, file.text("file_id", &path)?) {
                (Some(data), _) => file_source(&data),
                (None, Some(id)) => Source::FileId { format: Format::OpenAiChat, id },
                (None, None) => return Err(path.wrong("must have file_data or file_id")),
            };
            Content::File { source, name: file.text("filename", &path)?, context: None, is_citable: false }
        }
        _ => Content::Foreign { format: Format::OpenAiChat, kind, json: value.get().to_owned() },
    };
    parts.push(Part::marked(content, cache_mark(&mut object, path)?).placed(path));
    Ok(())
}

/// `file_data` is a `data:` URL, a URL at some hosts, or bare base64, which then is a PDF.
pub(crate) fn file_source(data: &str) -> Source {
    if data.starts_with("data:") || data.starts_with("https://") || data.starts_with("http://") {
        return Source::from_url(data);
    }
    Source::Base64 { media: "application/pdf".to_owned(), data: data.to_owned() }
}

fn url_of(object: &mut Object<'_>, key: &str, path: &Path<'_>) -> Result<(String, Option<String>), Untranslatable> {
    let path = path.key(key);
    match object.take(key) {
        None => Err(path.wrong("is missing")),
        Some(value) if is_text(value) => Ok((text(value, &path)?, None)),
        Some(value) => {
            let mut inner = Object::read(value, &path)?;
            Ok((inner.need_text("url", &path)?, inner.text("detail", &path)?))
        }
    }
}

/// A cache mark in OpenAI's spelling or in Anthropic's, which many hosts take here.
pub(crate) fn cache_mark(object: &mut Object<'_>, path: &Path<'_>) -> Result<Option<CacheMark>, Untranslatable> {
    for (key, long) in [("cache_control", "1h"), ("prompt_cache_breakpoint", "12h")] {
        if let Some(mut mark) = object.object(key, path)? {
            let ttl = mark.text("ttl", &path.key(key))?;
            return Ok(Some(if ttl.as_deref() == Some(long) { CacheMark::Long } else { CacheMark::Usual }));
        }
    }
    Ok(None)
}

fn decode_tools(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let tools_path = path.key("tools");
    for (index, value) in object.list("tools", path)?.into_iter().enumerate() {
        let tool = tool(value, &tools_path.at(index), &mut request.warnings)?;
        request.tools.push(tool);
    }
    let functions_path = path.key("functions");
    for (index, value) in object.list("functions", path)?.into_iter().enumerate() {
        let path = functions_path.at(index);
        let function = function(&mut Object::read(value, &path)?, &path)?;
        request.tools.push(Tool::Function(function));
    }
    let choice = object.take_either("tool_choice", "function_call");
    request.tool_choice = choice.map(|value| tool_choice(value, &path.key("tool_choice"))).transpose()?;
    Ok(())
}

fn tool(value: &RawValue, path: &Path<'_>, warnings: &mut Warnings) -> Result<Tool, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let kind = object.text("type", path)?.unwrap_or_else(|| "function".to_owned());
    match kind.as_str() {
        "function" => {
            let inner_path = path.key("function");
            let inner = object.take("function").ok_or_else(|| inner_path.wrong("is missing"))?;
            let mut inner = Object::read(inner, &inner_path)?;
            let mut function = function(&mut inner, &inner_path)?;
            function.cache = cache_mark(&mut object, path)?;
            inner.warn_rest(&inner_path, warnings);
            object.warn_rest(path, warnings);
            Ok(Tool::Function(function))
        }
        "custom" => {
            let path = path.key("custom");
            let inner = object.take("custom").ok_or_else(|| path.wrong("is missing"))?;
            let mut inner = Object::read(inner, &path)?;
            let (name, description) = (inner.need_text("name", &path)?, inner.text("description", &path)?);
            Ok(Tool::Custom { name, description, grammar: inner.raw("format") })
        }
        _ => Ok(Tool::Builtin { format: Format::OpenAiChat, kind, json: value.to_owned() }),
    }
}

/// A function's members, which Chat Completions nests and Responses does not.
pub(crate) fn function(object: &mut Object<'_>, path: &Path<'_>) -> Result<Function, Untranslatable> {
    Ok(Function {
        name: object.need_text("name", path)?,
        description: object.text("description", path)?,
        schema: object.raw("parameters"),
        is_strict: object.flag("strict", path)?,
        cache: None,
    })
}

fn tool_choice(value: &RawValue, path: &Path<'_>) -> Result<ToolChoice, Untranslatable> {
    if is_text(value) {
        let word = text(value, path)?;
        return word_choice(&word).ok_or_else(|| path.wrong(format!("{word:?} is no tool choice")));
    }
    let mut object = Object::read(value, path)?;
    let kind = object.text("type", path)?.unwrap_or_default();
    if kind == "allowed_tools" {
        let path = path.key("allowed_tools");
        let inner = object.take("allowed_tools").ok_or_else(|| path.wrong("is missing"))?;
        return allowed(&mut Object::read(inner, &path)?, &path);
    }
    // Some clients send the word as Anthropic has it.
    if let Some(choice) = word_choice(&kind) {
        return Ok(choice);
    }
    let key = if kind == "custom" { "custom" } else { "function" };
    let named = match object.object(key, path)? {
        Some(mut inner) => inner.need_text("name", &path.key(key))?,
        // The legacy form.
        None => object.need_text("name", path)?,
    };
    Ok(ToolChoice::Named(named))
}

pub(crate) fn word_choice(word: &str) -> Option<ToolChoice> {
    match word {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

/// A list of tools to choose from, whose entries are spelled as the tools are.
pub(crate) fn allowed(object: &mut Object<'_>, path: &Path<'_>) -> Result<ToolChoice, Untranslatable> {
    let is_required = object.text("mode", path)?.as_deref() == Some("required");
    let tools_path = path.key("tools");
    let mut names = Vec::new();
    for (index, value) in object.list("tools", path)?.into_iter().enumerate() {
        let path = tools_path.at(index);
        let mut tool = Object::read(value, &path)?;
        let server_tool = tool.text("type", &path)?.and_then(|word| crate::format::openai_responses::server_tools::kind(&word));
        let name = match (tool.text("name", &path)?, server_tool) {
            (Some(name), _) => name,
            (None, Some(kind)) => kind.name().to_owned(),
            (None, None) => {
                let inner = tool.take_either("function", "custom").ok_or_else(|| path.wrong("must name a tool"))?;
                Object::read(inner, &path)?.need_text("name", &path)?
            }
        };
        names.push(name);
    }
    Ok(ToolChoice::Allowed { names, is_required })
}

fn output(object: &mut Object<'_>, path: &Path<'_>) -> Result<OutputForm, Untranslatable> {
    let Some(mut format) = object.object("response_format", path)? else { return Ok(OutputForm::Text) };
    let path = path.key("response_format");
    let kind = format.need_text("type", &path)?;
    match kind.as_str() {
        "text" => Ok(OutputForm::Text),
        // Some hosts take the schema here as well.
        "json_object" => json_schema(&mut format, &path),
        "json_schema" => {
            let path = path.key("json_schema");
            let inner = format.take("json_schema").ok_or_else(|| path.wrong("is missing"))?;
            json_schema(&mut Object::read(inner, &path)?, &path)
        }
        _ => Err(path.key("type").wrong(format!("{kind:?} is no form of an answer"))),
    }
}

/// A form with a schema. Without one it asks for any JSON.
pub(crate) fn json_schema(object: &mut Object<'_>, path: &Path<'_>) -> Result<OutputForm, Untranslatable> {
    let Some(schema) = object.raw("schema") else { return Ok(OutputForm::JsonObject) };
    let (name, description) = (object.text("name", path)?, object.text("description", path)?);
    Ok(OutputForm::JsonSchema { name, description, schema, is_strict: object.flag("strict", path)? })
}

fn thinking(object: &mut Object<'_>, path: &Path<'_>) -> Result<Thinking, Untranslatable> {
    let mut thinking = Thinking::default();
    if let Some(value) = object.take("reasoning_effort") {
        let effort_path = path.key("reasoning_effort");
        // Some clients send the object of Responses here.
        if is_text(value) {
            thinking.effort = Some(effort(&text(value, &effort_path)?, &effort_path)?);
        } else {
            reasoning_object(&mut Object::read(value, &effort_path)?, &effort_path, &mut thinking)?;
        }
    }
    if let Some(mut inner) = object.object("reasoning", path)? {
        reasoning_object(&mut inner, &path.key("reasoning"), &mut thinking)?;
    }
    Ok(thinking)
}

/// `reasoning` as Responses and OpenRouter have it.
pub(crate) fn reasoning_object(
    object: &mut Object<'_>,
    path: &Path<'_>,
    thinking: &mut Thinking,
) -> Result<(), Untranslatable> {
    if let Some(word) = object.text("effort", path)? {
        thinking.effort = Some(effort(&word, &path.key("effort"))?);
    }
    thinking.budget_tokens = object.count("max_tokens", path)?;
    thinking.is_on = object.flag("enabled", path)?;
    let summary = object.take_either("summary", "generate_summary").is_some();
    thinking.shown = match object.flag("exclude", path)? {
        Some(true) => Some(Shown::Nothing),
        Some(false) => Some(Shown::Summary),
        None => summary.then_some(Shown::Summary),
    };
    Ok(())
}

pub(crate) fn effort(word: &str, path: &Path<'_>) -> Result<Effort, Untranslatable> {
    Effort::from_name(word).ok_or_else(|| path.wrong(format!("{word:?} is no effort")))
}
