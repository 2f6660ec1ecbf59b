//! Reading a Responses request.
//!
//! Items that the assistant made one after the other are one turn, and so are results.

use super::encode_request::LOGPROBS;
use super::{served, server_tools};
use crate::format::openai_chat::decode_request::{
    allowed, cache_mark, file_source, function, json_schema, reasoning_object, word_choice,
};
use crate::format::openai_chat::tier;
use crate::json::read::{is_text, text};
use crate::json::{Object, Path, list};
use crate::neutral::content::{Content, Part, Reasoning, Role, Source, Turn};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin, UNSIGNED};
use crate::neutral::request::{Namespaced, OutputForm, Request};
use crate::neutral::tool::{Call, CallKind, Tool, ToolChoice, ToolResult};
use serde_json::value::RawValue;
use wardgate_core::format::Format;

const FORMAT: Format = Format::OpenAiResponses;

/// Fields without which the answer is the same, and those that steer the gateway.
const SILENT: [&str; 12] = [
    "models",
    "provider",
    "route",
    "transforms",
    "usage",
    "client_metadata",
    "stream_options",
    "prompt_cache_options",
    "prompt_cache_retention",
    "session_id",
    "moderation",
    "background_options",
];

pub(crate) fn decode(body: &RawValue) -> Result<Request, Untranslatable> {
    let path = Path::Root;
    let mut object = Object::read(body, &path)?;
    let mut request = Request::new(FORMAT);
    refuse_state(&mut object, &path)?;
    request.model = object.text("model", &path)?.unwrap_or_default();
    if let Some(instructions) = object.text("instructions", &path)?.filter(|text| !text.is_empty()) {
        push(&mut request, Role::System, Content::text(instructions).into(), &path.key("instructions"));
    }
    input(&mut object, &path, &mut request)?;
    decode_tools(&mut object, &path, &mut request)?;
    // The bound is on all of the provider's tools together; of one alone it is that one's.
    let uses_max = object.count("max_tool_calls", &path)?;
    match request.server_tools.as_mut_slice() {
        [tool] => tool.uses_max = uses_max,
        _ if uses_max.is_some() => request.warnings.add("unsupported_parameter", "max_tool_calls"),
        _ => {}
    }
    request.parallel_tools = object.flag("parallel_tool_calls", &path)?;
    text_options(&mut object, &path, &mut request)?;
    if let Some(mut reasoning) = object.object("reasoning", &path)? {
        reasoning_object(&mut reasoning, &path.key("reasoning"), &mut request.thinking)?;
    }
    request.output_tokens_max = object.count("max_output_tokens", &path)?;
    request.sampling.temperature = object.number("temperature", &path)?;
    request.sampling.top_p = object.number("top_p", &path)?;
    let alternatives = object.count("top_logprobs", &path)?;
    let includes = object.texts("include", &path)?;
    let tells = alternatives.is_some_and(|count| count > 0) || includes.iter().any(|it| it == LOGPROBS);
    request.sampling.logprobs = tells.then(|| alternatives.unwrap_or(0));
    request.cache_key = object.text("prompt_cache_key", &path)?;
    let user = object.text("user", &path)?;
    request.user = object.text("safety_identifier", &path)?.or(user);
    request.metadata = object.raw("metadata").filter(|metadata| metadata.get() != "{}");
    request.tier = object.text("service_tier", &path)?.map(|word| tier::asked(&word));
    request.is_stored = object.flag("store", &path)?;
    request.is_stream = object.flag("stream", &path)?.unwrap_or(false);
    request.wants_usage = true;
    if object.text("truncation", &path)?.is_some_and(|truncation| truncation == "auto") {
        request.warnings.add("unsupported_parameter", "truncation");
    }
    for key in SILENT {
        object.take(key);
    }
    object.warn_rest(&path, &mut request.warnings);
    Ok(request)
}

/// What lives at OpenAI cannot be had elsewhere.
fn refuse_state(object: &mut Object<'_>, path: &Path<'_>) -> Result<(), Untranslatable> {
    if object.take("previous_response_id").is_some() {
        let why = "no such response is kept here for this access key: send the whole conversation as input, or choose a provider \
                   that speaks Responses and made it";
        return Err(path.key("previous_response_id").refuse("previous_response_not_found", why));
    }
    for key in ["conversation", "prompt"] {
        if object.take(key).is_some() {
            let why = "this lives at OpenAI and cannot be used with this provider: send the whole conversation as input";
            return Err(path.key(key).refuse("unsupported_parameter", why));
        }
    }
    if object.flag("background", path)? == Some(true) {
        let why = "answers in the background do not exist at this provider";
        return Err(path.key("background").refuse("unsupported_parameter", why));
    }
    Ok(())
}

/// Adds a part to the last turn if that has the same role and is one that items add up to, else as a new turn.
fn push(request: &mut Request, role: Role, part: Part, path: &Path<'_>) {
    match request.turns.last_mut() {
        Some(last) if last.role == role && matches!(role, Role::Assistant | Role::Tool) => last.parts.push(part),
        _ => request.turns.push(Turn { role, parts: vec![part], name: None, phase: None, path: path.to_string() }),
    }
}

fn input(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let path = path.key("input");
    let Some(value) = object.take("input") else { return Ok(()) };
    if is_text(value) {
        push(request, Role::User, Content::text(text(value, &path)?).into(), &path);
        return Ok(());
    }
    for (index, value) in list(value, &path)?.into_iter().enumerate() {
        item(value, &path.at(index), request)?;
    }
    Ok(())
}

fn item(value: &RawValue, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let kind = object.text("type", path)?.unwrap_or_else(|| "message".to_owned());
    let own_id = object.take("id");
    object.take("status");
    match kind.as_str() {
        "message" => return message(&mut object, path, request),
        "reasoning" => {
            if let Some(part) = reasoning(&mut object, path)? {
                push(request, Role::Assistant, part.into(), path);
            }
        }
        "function_call" | "custom_tool_call" => {
            let is_custom = kind == "custom_tool_call";
            let name = object.need_text("name", path)?;
            let name = match object.text("namespace", path)? {
                Some(namespace) => Namespaced::new(&namespace, &name).flat,
                None => name,
            };
            let arguments = object.text(if is_custom { "input" } else { "arguments" }, path)?.unwrap_or_default();
            let id = match object.text("call_id", path)?.filter(|id| !id.is_empty()) {
                Some(id) => id,
                // Some hosts give a call no other id than its item's.
                None => {
                    let path = path.key("call_id");
                    text(own_id.ok_or_else(|| path.wrong("is missing"))?, &path)?
                }
            };
            let kind = if is_custom { CallKind::Custom } else { CallKind::Function };
            push(request, Role::Assistant, Content::Call(Call { id, name, arguments, kind }).into(), path);
        }
        "function_call_output" | "custom_tool_call_output" => {
            let mut parts = Vec::new();
            if let Some(output) = object.take("output") {
                contents(output, &path.key("output"), &mut parts, &mut request.warnings)?;
            }
            let kind = if kind == "function_call_output" { CallKind::Function } else { CallKind::Custom };
            let call_id = object.need_text("call_id", path)?;
            let result = ToolResult { call_id, name: None, parts, is_error: false, kind };
            push(request, Role::Tool, Content::Result(result).into(), path);
        }
        // A picture that the assistant made.
        "image_generation_call" => {
            if let Some(data) = object.text("result", path)?.filter(|data| !data.is_empty()) {
                let form = object.text("output_format", path)?.unwrap_or_else(|| "png".to_owned());
                let source = Source::Base64 { media: format!("image/{form}"), data };
                push(request, Role::Assistant, Content::Image { source, detail: None }.into(), path);
            }
            for key in ["action", "background", "prompt", "quality", "revised_prompt", "size"] {
                object.take(key);
            }
        }
        word if served::is_one(word) => {
            match served::read(value, Origin::of(FORMAT)) {
                Some(served) => {
                    let part = Part::from(Content::Served(Box::new(served))).placed(path);
                    push(request, Role::Assistant, part, path);
                }
                None => request.warnings.add("content_dropped", path.to_string()),
            }
            return Ok(());
        }
        // An item of an answer that is not kept here, or no longer; else the item stood here. Without reasoning the conversation
        // can do, as without what another signed.
        "item_reference" => {
            let id = own_id.map(|id| text(id, &path.key("id"))).transpose()?.unwrap_or_default();
            if !id.starts_with("rs_") {
                let why = "names an item that is not kept here: send the item itself (clients do so with store: false), or choose \
                           a provider that speaks Responses";
                return Err(path.refuse("previous_response_not_found", why));
            }
            request.warnings.add("reasoning_dropped", path.to_string());
        }
        _ => {
            let content = Content::Foreign { format: FORMAT, kind, json: value.get().to_owned() };
            push(request, Role::Assistant, content.into(), path);
            return Ok(());
        }
    }
    object.warn_rest(path, &mut request.warnings);
    Ok(())
}

fn message(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let word = object.need_text("role", path)?;
    let role = match word.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        "developer" => Role::Developer,
        _ => return Err(path.key("role").wrong(format!("{word:?} is no role"))),
    };
    let mut parts = Vec::new();
    if let Some(content) = object.take("content") {
        contents(content, &path.key("content"), &mut parts, &mut request.warnings)?;
    }
    let phase = object.text("phase", path)?;
    object.warn_rest(path, &mut request.warnings);
    match request.turns.last_mut() {
        Some(last) if role == Role::Assistant && last.role == role => {
            last.parts.extend(parts);
            last.phase = phase.or(last.phase.take());
        }
        _ => request.turns.push(Turn { role, parts, name: None, phase, path: path.to_string() }),
    }
    Ok(())
}

fn reasoning(object: &mut Object<'_>, path: &Path<'_>) -> Result<Option<Content>, Untranslatable> {
    let mut texts = Vec::new();
    let mut is_summary = false;
    for key in ["summary", "content"] {
        let key_path = path.key(key);
        for (index, value) in object.list(key, path)?.into_iter().enumerate() {
            let path = key_path.at(index);
            texts.extend(Object::read(value, &path)?.text("text", &path)?);
            is_summary |= key == "summary";
        }
    }
    let sealed = object.text("encrypted_content", path)?.filter(|sealed| !sealed.is_empty() && sealed != UNSIGNED);
    let opaque = sealed.map(|sealed| Opaque::from_client(FORMAT, OpaqueKind::Encrypted, &sealed));
    let text = texts.join("\n\n");
    let is_empty = text.is_empty() && opaque.is_none();
    Ok((!is_empty).then_some(Content::Reasoning(Reasoning { text, is_summary, opaque, call_id: None })))
}

fn contents(value: &RawValue, path: &Path<'_>, parts: &mut Vec<Part>, warnings: &mut Warnings) -> Result<(), Untranslatable> {
    if is_text(value) {
        let text = text(value, path)?;
        if !text.is_empty() {
            parts.push(Content::text(text).into());
        }
        return Ok(());
    }
    for (index, value) in list(value, path)?.into_iter().enumerate() {
        part(value, &path.at(index), parts, warnings)?;
    }
    Ok(())
}

fn part(value: &RawValue, path: &Path<'_>, parts: &mut Vec<Part>, warnings: &mut Warnings) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let kind = object.need_text("type", path)?;
    let cache = cache_mark(&mut object, path)?;
    let content = match kind.as_str() {
        "input_text" | "output_text" | "text" | "summary_text" => {
            object.take("annotations");
            object.take("logprobs");
            Content::text(object.need_text("text", path)?)
        }
        "refusal" => Content::Refusal(object.need_text("refusal", path)?),
        "input_image" => {
            let detail = object.text("detail", path)?;
            let source = match (object.text("image_url", path)?, object.text("file_id", path)?) {
                (Some(url), _) => Source::from_url(&url),
                (None, Some(id)) => Source::FileId { format: FORMAT, id },
                (None, None) => return Err(path.wrong("must have image_url or file_id")),
            };
            Content::Image { source, detail }
        }
        "input_file" => {
            let name = object.text("filename", path)?;
            let data = object.text("file_data", path)?;
            let url = object.text("file_url", path)?;
            let source = match (data, url, object.text("file_id", path)?) {
                (Some(data), _, _) => file_source(&data),
                (None, Some(url), _) => Source::Url { url, media: None },
                (None, None, Some(id)) => Source::FileId { format: FORMAT, id },
                (None, None, None) => return Err(path.wrong("must have file_data, file_url or file_id")),
            };
            object.take("detail");
            Content::File { source, name, context: None, is_citable: false }
        }
        "input_audio" => {
            let path = path.key("input_audio");
            let mut audio =
                object.take("input_audio").ok_or_else(|| path.wrong("is missing")).and_then(|it| Object::read(it, &path))?;
            let media = format!("audio/{}", audio.text("format", &path)?.as_deref().unwrap_or("wav"));
            Content::Audio(Source::Base64 { media, data: audio.need_text("data", &path)? })
        }
        _ => {
            let content = Content::Foreign { format: FORMAT, kind, json: value.get().to_owned() };
            parts.push(Part::from(content).placed(path));
            return Ok(());
        }
    };
    object.warn_rest(path, warnings);
    parts.push(Part::marked(content, cache).placed(path));
    Ok(())
}

fn decode_tools(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let tools_path = path.key("tools");
    for (index, value) in object.list("tools", path)?.into_iter().enumerate() {
        tool(value, &tools_path.at(index), None, request)?;
    }
    let Some(choice) = object.take("tool_choice") else { return Ok(()) };
    let path = path.key("tool_choice");
    if is_text(choice) {
        let word = text(choice, &path)?;
        let choice = word_choice(&word).ok_or_else(|| path.wrong(format!("{word:?} is no tool choice")))?;
        request.tool_choice = Some(choice);
        return Ok(());
    }
    let mut choice = Object::read(choice, &path)?;
    let kind = choice.need_text("type", &path)?;
    request.tool_choice = Some(match kind.as_str() {
        "function" | "custom" => ToolChoice::Named(choice.need_text("name", &path)?),
        word if word_choice(word).is_some() => word_choice(word).unwrap_or(ToolChoice::Auto),
        "allowed_tools" => allowed(&mut choice, &path)?,
        word if let Some(kind) = server_tools::kind(word) => ToolChoice::Named(kind.name().to_owned()),
        _ => {
            let why = format!("the built-in tool {kind:?} does not exist at this provider");
            return Err(path.refuse("server_tool_not_available", why));
        }
    });
    Ok(())
}

fn tool(value: &RawValue, path: &Path<'_>, namespace: Option<&str>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let kind = object.need_text("type", path)?;
    match kind.as_str() {
        "function" => {
            let mut function = function(&mut object, path)?;
            if let Some(namespace) = namespace {
                let namespaced = Namespaced::new(namespace, &function.name);
                function.name.clone_from(&namespaced.flat);
                request.namespaced.push(namespaced);
            }
            object.take("output_schema");
            object.warn_rest(path, &mut request.warnings);
            request.tools.push(Tool::Function(function));
        }
        "custom" => {
            let mut name = object.need_text("name", path)?;
            if let Some(namespace) = namespace {
                let namespaced = Namespaced::new(namespace, &name);
                name.clone_from(&namespaced.flat);
                request.namespaced.push(namespaced);
            }
            let description = object.text("description", path)?;
            request.tools.push(Tool::Custom { name, description, grammar: object.raw("format") });
        }
        "namespace" if namespace.is_none() => {
            let name = object.need_text("name", path)?;
            let tools_path = path.key("tools");
            for (index, value) in object.list("tools", path)?.into_iter().enumerate() {
                tool(value, &tools_path.at(index), Some(&name), request)?;
            }
        }
        word if let Some(kind) = server_tools::kind(word) => {
            let tool = server_tools::read(kind, &mut object, path, &mut request.warnings)?;
            request.server_tools.push(tool);
        }
        _ => request.tools.push(Tool::Builtin { format: FORMAT, kind, json: value.to_owned() }),
    }
    Ok(())
}

fn text_options(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let Some(mut options) = object.object("text", path)? else { return Ok(()) };
    let path = path.key("text");
    request.verbosity = options.text("verbosity", &path)?;
    let Some(mut format) = options.object("format", &path)? else { return Ok(()) };
    let path = path.key("format");
    let kind = format.need_text("type", &path)?;
    request.output = match kind.as_str() {
        "text" => OutputForm::Text,
        "json_object" => OutputForm::JsonObject,
        "json_schema" => json_schema(&mut format, &path)?,
        _ => return Err(path.key("type").wrong(format!("{kind:?} is no form of an answer"))),
    };
    Ok(())
}
