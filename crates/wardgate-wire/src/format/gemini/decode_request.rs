//! Reading a generateContent request. As by Google's own servers, names are taken in camelCase and in snake_case, single values in
//! place of lists, and numbers in quotes.

use super::{served, server_tools};
use crate::json::read::list_or_one;
use crate::json::{Object, Path};
use crate::neutral::content::{Content, Part, Reasoning, Role, Source, Turn};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{Opaque, OpaqueKind, fnv};
use crate::neutral::request::{Effort, Number, OutputForm, Pictures, Request, Shown, Thinking, Tier};
use crate::neutral::tool::{Call, CallKind, Function, Tool, ToolChoice, ToolResult};
use crate::transcode::fit::arguments_text;
use crate::transcode::schema;
use serde_json::value::RawValue;
use wardgate_core::format::Format;

const FORMAT: Format = Format::Gemini;

/// Fields without which the answer is the same, and those that steer the gateway.
const SILENT: [&str; 8] = ["models", "provider", "route", "transforms", "usage", "labels", "session_id", "stream"];

pub(crate) fn decode(body: &RawValue) -> Result<Request, Untranslatable> {
    let path = Path::Root;
    let mut object = Object::read(body, &path)?;
    let mut request = Request::new(FORMAT);
    request.model = object.text("model", &path)?.unwrap_or_default();
    request.wants_usage = true;
    if object.take_either("cachedContent", "cached_content").is_some() {
        let why = "a cache that lives at Google cannot be used with this provider: send its content";
        return Err(path.key("cachedContent").refuse("unsupported_parameter", why));
    }
    if let Some(system) = object.take_either("systemInstruction", "system_instruction") {
        content(system, &path.key("systemInstruction"), 0, Some(Role::System), &mut request)?;
    }
    let contents_path = path.key("contents");
    let contents = object.take("contents").ok_or_else(|| contents_path.wrong("is missing"))?;
    for (index, value) in list_or_one(contents, &contents_path)?.into_iter().enumerate() {
        content(value, &contents_path.at(index), index, None, &mut request)?;
    }
    tools(&mut object, &path, &mut request)?;
    if let Some(config) = object.take_either("generationConfig", "generation_config") {
        generation_config(config, &path.key("generationConfig"), &mut request)?;
    }
    if object.take_either("safetySettings", "safety_settings").is_some() {
        request.warnings.add("unsupported_parameter", "safetySettings");
    }
    let tier = object.take_either("serviceTier", "service_tier").map(|tier| tier.get().trim_matches('"').to_ascii_lowercase());
    request.tier = tier.map(|word| match word.as_str() {
        "flex" => Tier::Flex,
        "priority" => Tier::Priority,
        _ => Tier::Standard,
    });
    request.is_stored = object.flag("store", &path)?;
    for key in SILENT {
        object.take(key);
    }
    object.warn_rest(&path, &mut request.warnings);
    Ok(request)
}

/// One content. Results in it are a turn of their own, before the rest.
fn content(
    value: &RawValue,
    path: &Path<'_>,
    number: usize,
    fixed: Option<Role>,
    request: &mut Request,
) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let word = object.text("role", path)?;
    let role = match (fixed, word.as_deref()) {
        (Some(role), _) => role,
        (None, Some("model")) => Role::Assistant,
        (None, Some("system")) => Role::System,
        (None, Some("user" | "function") | None) => Role::User,
        (None, Some(word)) => return Err(path.key("role").wrong(format!("{word:?} is no role"))),
    };
    let parts_path = path.key("parts");
    let mut parts = Vec::new();
    let values = object.take("parts").map_or(Ok(Vec::new()), |value| list_or_one(value, &parts_path))?;
    for (index, value) in values.into_iter().enumerate() {
        part(value, &parts_path.at(index), (number, index), &mut parts, &mut request.warnings)?;
    }
    let (results, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| matches!(part.content, Content::Result(_)));
    let has_results = !results.is_empty();
    let mut push = |role, parts: Vec<Part>| {
        request.turns.push(Turn { role, parts, name: None, phase: None, path: path.to_string() });
    };
    if has_results {
        push(Role::Tool, results);
    }
    if !rest.is_empty() || !has_results {
        push(role, rest);
    }
    Ok(())
}

fn part(
    value: &RawValue,
    path: &Path<'_>,
    place: (usize, usize),
    parts: &mut Vec<Part>,
    warnings: &mut Warnings,
) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let is_thought = object.flag("thought", path)?.unwrap_or(false);
    let signature = object.take_either("thoughtSignature", "thought_signature");
    let signature = signature.map(|it| crate::json::read::text(it, &path.key("thoughtSignature"))).transpose()?;
    let opaque = signature.filter(|it| !it.is_empty()).map(|it| opened(&it));
    if is_thought {
        let text = object.text("text", path)?.unwrap_or_default();
        if !text.is_empty() || opaque.is_some() {
            parts.push(Content::Reasoning(Reasoning { text, is_summary: true, opaque, call_id: None }).into());
        }
        return Ok(());
    }
    let content = if let Some(call) = object.take_either("functionCall", "function_call") {
        Some(Content::Call(function_call(call, &path.key("functionCall"), place)?))
    } else if let Some(response) = object.take_either("functionResponse", "function_response") {
        Some(Content::Result(function_response(response, &path.key("functionResponse"), place, warnings)?))
    } else if let Some(data) = object.take_either("inlineData", "inline_data") {
        let path = path.key("inlineData");
        let mut data = Object::read(data, &path)?;
        let media = media_type(&mut data, &path)?.ok_or_else(|| path.key("mimeType").wrong("is missing"))?;
        let source = Source::Base64 { media: media.clone(), data: data.need_text("data", &path)? };
        let name = data.take_either("displayName", "display_name").map(|it| crate::json::read::text(it, &path)).transpose()?;
        Some(by_media(&media, source, name))
    } else if let Some(data) = object.take_either("fileData", "file_data") {
        let path = path.key("fileData");
        let mut data = Object::read(data, &path)?;
        let uri = data.take_either("fileUri", "file_uri").ok_or_else(|| path.key("fileUri").wrong("is missing"))?;
        let url = crate::json::read::text(uri, &path)?;
        let media = media_type(&mut data, &path)?;
        let kind = media.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
        let source = match url.contains("generativelanguage.googleapis.com") || url.starts_with("gs://") {
            true => Source::FileId { format: FORMAT, id: url },
            false => Source::Url { url, media },
        };
        Some(by_media(&kind, source, None))
    } else {
        if let Some(code) = object.take_either("executableCode", "executable_code") {
            let served = served::read_code(code).map(|served| Part::from(Content::Served(Box::new(served))).placed(path));
            parts.extend(served);
            return Ok(());
        }
        if let Some(result) = object.take_either("codeExecutionResult", "code_execution_result") {
            // It belongs to the code before it.
            if let Some(Content::Served(served)) = parts.last_mut().map(|part| &mut part.content) {
                served.outcome = served::read_result(result);
            } else {
                warnings.add("content_dropped", path.to_string());
            }
            return Ok(());
        }
        match object.text("text", path)? {
            Some(text) => (!text.is_empty()).then(|| Content::text(text)),
            None => {
                let kind = object.rest().next().unwrap_or("empty part").to_owned();
                if server_tools::is_trace(&kind) {
                    // It is over, and who reads on need not know how it was found.
                    warnings.add("content_dropped", path.key(&kind).to_string());
                    return Ok(());
                }
                let content = Content::Foreign { format: FORMAT, kind, json: value.get().to_owned() };
                parts.push(Part::from(content).placed(path));
                return Ok(());
            }
        }
    };
    if let Some(opaque) = opaque {
        let call_id = match &content {
            Some(Content::Call(call)) => Some(call.id.clone()),
            _ => None,
        };
        parts.push(Content::Reasoning(Reasoning { opaque: Some(opaque), call_id, ..Reasoning::default() }).into());
    }
    let resolution = object.take_either("mediaResolution", "media_resolution");
    for key in ["videoMetadata", "video_metadata"] {
        object.take(key);
    }
    object.warn_rest(path, warnings);
    let content = match (content, resolution) {
        (Some(Content::Image { source, .. }), Some(resolution)) => Some(Content::Image { source, detail: detail(resolution) }),
        (content, _) => content,
    };
    parts.extend(content.map(|content| Part::from(content).placed(path)));
    Ok(())
}

/// How closely to look at a picture, in OpenAI's words: `{"level": "MEDIA_RESOLUTION_HIGH"}`.
fn detail(resolution: &RawValue) -> Option<String> {
    let word = match resolution.get() {
        level if level.contains("ULTRA_HIGH") => "original",
        level if level.contains("RESOLUTION_HIGH") => "high",
        level if level.contains("RESOLUTION_LOW") => "low",
        _ => return None,
    };
    Some(word.to_owned())
}

fn media_type(object: &mut Object<'_>, path: &Path<'_>) -> Result<Option<String>, Untranslatable> {
    object.take_either("mimeType", "mime_type").map(|it| crate::json::read::text(it, &path.key("mimeType"))).transpose()
}

fn by_media(media: &str, source: Source, name: Option<String>) -> Content {
    match media.split('/').next() {
        Some("image") => Content::Image { source, detail: None },
        Some("audio") => Content::Audio(source),
        Some("video") => Content::Video(source),
        _ => Content::File { source, name, context: None, is_citable: false },
    }
}

/// A signature, which is base64: of an envelope, or of Gemini's own bytes.
fn opened(signature: &str) -> Opaque {
    use base64ct::{Base64, Encoding};
    let inside = Base64::decode_vec(signature).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let envelope = inside.and_then(|text| Opaque::from_envelope(&text));
    envelope.unwrap_or_else(|| Opaque::from_client(FORMAT, OpaqueKind::Signature, signature))
}

fn function_call(value: &RawValue, path: &Path<'_>, place: (usize, usize)) -> Result<Call, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let name = object.need_text("name", path)?;
    let id = object.text("id", path)?.filter(|id| !id.is_empty());
    // Without an id results go by name; an id is made up for formats that need one.
    let id = id.unwrap_or_else(|| {
        let bytes = name.bytes().chain(place.0.to_le_bytes()).chain(place.1.to_le_bytes());
        format!("call_{:016x}", fnv(bytes))
    });
    let arguments = object.take("args").map_or_else(String::new, |args| arguments_text(args.get()));
    Ok(Call { id, name, arguments, kind: CallKind::Function })
}

fn function_response(
    value: &RawValue,
    path: &Path<'_>,
    place: (usize, usize),
    warnings: &mut Warnings,
) -> Result<ToolResult, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let name = object.text("name", path)?;
    let call_id = object.text("id", path)?.unwrap_or_default();
    let mut is_error = false;
    let mut parts: Vec<Part> = Vec::new();
    if let Some(response) = object.take("response") {
        let mut inner = Object::read(response, &path.key("response"))?;
        let members = inner.members().count();
        let text = ["output", "result", "error"].into_iter().filter(|_| members == 1).find_map(|key| {
            let value = inner.take(key)?;
            is_error = key == "error";
            Some(serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned()))
        });
        let text = text.unwrap_or_else(|| response.get().to_owned());
        if !text.is_empty() {
            parts.push(Content::text(text).into());
        }
    }
    let parts_path = path.key("parts");
    for (index, value) in object.list("parts", path)?.into_iter().enumerate() {
        part(value, &parts_path.at(index), place, &mut parts, warnings)?;
    }
    Ok(ToolResult { call_id, name, parts, is_error, kind: CallKind::Function })
}

fn tools(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let tools_path = path.key("tools");
    let tools = object.take("tools").map_or(Ok(Vec::new()), |value| list_or_one(value, &tools_path))?;
    for (index, value) in tools.into_iter().enumerate() {
        let path = tools_path.at(index);
        let mut tool = Object::read(value, &path)?;
        let declarations_path = path.key("functionDeclarations");
        if let Some(declarations) = tool.take_either("functionDeclarations", "function_declarations") {
            for (index, value) in list_or_one(declarations, &declarations_path)?.into_iter().enumerate() {
                let path = declarations_path.at(index);
                let function = function(&mut Object::read(value, &path)?, &path)?;
                request.tools.push(Tool::Function(function));
            }
        }
        for (key, inner) in tool.members().filter(|(key, _)| !matches!(*key, "functionDeclarations" | "function_declarations"))
        {
            match server_tools::kind(key) {
                Some(kind) => {
                    let tool = server_tools::read(kind, inner, &path.key(key), &mut request.warnings)?;
                    request.server_tools.push(tool);
                }
                None if inner.get() == "null" => {}
                None => request.tools.push(Tool::Builtin { format: FORMAT, kind: key.to_owned(), json: value.to_owned() }),
            }
        }
    }
    let Some(config) = object.take_either("toolConfig", "tool_config") else { return Ok(()) };
    let path = path.key("toolConfig");
    let mut config = Object::read(config, &path)?;
    // What the provider runs is told in any case.
    config.take_either("includeServerSideToolInvocations", "include_server_side_tool_invocations");
    let Some(calling) = config.take_either("functionCallingConfig", "function_calling_config") else { return Ok(()) };
    let path = path.key("functionCallingConfig");
    let mut calling = Object::read(calling, &path)?;
    let mut names = either_texts(&mut calling, "allowedFunctionNames", "allowed_function_names", &path)?;
    request.tool_choice = match calling.text("mode", &path)?.unwrap_or_default().to_ascii_uppercase().as_str() {
        "NONE" => Some(ToolChoice::None),
        "ANY" if names.len() == 1 => names.pop().map(ToolChoice::Named),
        "ANY" if names.is_empty() => Some(ToolChoice::Required),
        "ANY" => Some(ToolChoice::Allowed { names, is_required: true }),
        "AUTO" | "VALIDATED" if !names.is_empty() => Some(ToolChoice::Allowed { names, is_required: false }),
        "AUTO" | "VALIDATED" => Some(ToolChoice::Auto),
        _ => None,
    };
    Ok(())
}

fn function(object: &mut Object<'_>, path: &Path<'_>) -> Result<Function, Untranslatable> {
    let json_schema = object.take_either("parametersJsonSchema", "parameters_json_schema").map(ToOwned::to_owned);
    let schema = match (json_schema, object.take("parameters")) {
        (Some(schema), _) => Some(schema),
        (None, Some(schema)) => Some(schema::from_gemini(schema)),
        (None, None) => None,
    };
    let (name, description) = (object.need_text("name", path)?, object.text("description", path)?);
    Ok(Function { name, description, schema, is_strict: None, cache: None })
}

fn generation_config(config: &RawValue, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut config = Object::read(config, path)?;
    let config = &mut config;
    let sampling = &mut request.sampling;
    sampling.temperature = number(config, "temperature", path)?;
    sampling.top_p = either_number(config, "topP", "top_p", path)?;
    sampling.top_k = either_number(config, "topK", "top_k", path)?;
    sampling.seed = number(config, "seed", path)?;
    sampling.presence_penalty = either_number(config, "presencePenalty", "presence_penalty", path)?;
    sampling.frequency_penalty = either_number(config, "frequencyPenalty", "frequency_penalty", path)?;
    sampling.stop = either_texts(config, "stopSequences", "stop_sequences", path)?;
    let asks = config.take_either("responseLogprobs", "response_logprobs").is_some_and(|asks| asks.get() == "true");
    let count = either_count(config, "logprobs", "logprobs", path)?;
    sampling.logprobs = asks.then(|| count.unwrap_or(0));
    request.output_tokens_max = either_count(config, "maxOutputTokens", "max_output_tokens", path)?;
    request.answers = either_count(config, "candidateCount", "candidate_count", path)?.filter(|count| *count > 1);
    let modalities = config.take_either("responseModalities", "response_modalities");
    if modalities.is_some_and(|modalities| modalities.get().to_ascii_uppercase().contains("AUDIO")) {
        let why = "answers in audio cannot be asked for from this provider";
        return Err(path.key("responseModalities").refuse("unsupported_modality", why));
    }
    if let Some(modalities) = modalities.filter(|modalities| modalities.get().to_ascii_uppercase().contains("IMAGE")) {
        let is_only = !modalities.get().to_ascii_uppercase().contains("TEXT");
        let mut pictures = Pictures { is_only, ..Pictures::default() };
        if let Some(config) = config.take_either("imageConfig", "image_config") {
            let path = path.key("imageConfig");
            let mut config = Object::read(config, &path)?;
            let mut either = |key: &str, other: &str| {
                config.take_either(key, other).map(|value| crate::json::read::text(value, &path.key(key))).transpose()
            };
            pictures.aspect_ratio = either("aspectRatio", "aspect_ratio")?;
            pictures.size = either("imageSize", "image_size")?;
            config.warn_rest(&path, &mut request.warnings);
        }
        request.pictures = Some(pictures);
    }
    output(config, path, request)?;
    if let Some(thinking) = config.take_either("thinkingConfig", "thinking_config") {
        request.thinking = self::thinking(thinking, &path.key("thinkingConfig"))?;
    }
    for key in ["mediaResolution", "media_resolution", "speechConfig", "speech_config"] {
        config.take(key);
    }
    config.warn_rest(path, &mut request.warnings);
    Ok(())
}

fn number(object: &mut Object<'_>, key: &str, path: &Path<'_>) -> Result<Option<Number>, Untranslatable> {
    let Some(value) = object.take(key) else { return Ok(None) };
    let literal = value.get();
    let literal = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(literal);
    Number::new(literal).map(Some).ok_or_else(|| path.key(key).wrong("must be a number"))
}

fn either_number(object: &mut Object<'_>, key: &str, other: &str, path: &Path<'_>) -> Result<Option<Number>, Untranslatable> {
    let found = number(object, key, path)?;
    Ok(found.or(number(object, other, path)?))
}

fn either_count(object: &mut Object<'_>, key: &str, other: &str, path: &Path<'_>) -> Result<Option<u64>, Untranslatable> {
    let Some(number) = either_number(object, key, other, path)? else { return Ok(None) };
    number.count().map(Some).ok_or_else(|| path.key(key).wrong("must be a whole number that is not negative"))
}

fn either_texts(object: &mut Object<'_>, key: &str, other: &str, path: &Path<'_>) -> Result<Vec<String>, Untranslatable> {
    let path = path.key(key);
    let Some(values) = object.take_either(key, other) else { return Ok(Vec::new()) };
    let values = list_or_one(values, &path)?.into_iter().enumerate();
    values.map(|(index, value)| crate::json::read::text(value, &path.at(index))).collect()
}

fn output(config: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let media = config.take_either("responseMimeType", "response_mime_type");
    let media = media.map(|it| crate::json::read::text(it, &path.key("responseMimeType"))).transpose()?;
    let json_schema = config.take_either("responseJsonSchema", "response_json_schema").map(ToOwned::to_owned);
    let own = config.take_either("responseSchema", "response_schema").map(schema::from_gemini);
    request.output = match (json_schema.or(own), media.as_deref()) {
        (Some(schema), _) => OutputForm::JsonSchema { name: None, description: None, schema, is_strict: None },
        (None, Some("application/json")) => OutputForm::JsonObject,
        (None, _) => OutputForm::Text,
    };
    Ok(())
}

fn thinking(value: &RawValue, path: &Path<'_>) -> Result<Thinking, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let shown = match object.flag("includeThoughts", path)?.or(object.flag("include_thoughts", path)?) {
        Some(true) => Some(Shown::Summary),
        Some(false) => Some(Shown::Nothing),
        None => None,
    };
    let budget = either_number(&mut object, "thinkingBudget", "thinking_budget", path)?;
    let level = object.take_either("thinkingLevel", "thinking_level");
    let level = level.map(|it| crate::json::read::text(it, &path.key("thinkingLevel"))).transpose()?;
    Ok(Thinking {
        effort: level.and_then(|level| Effort::from_name(&level.to_ascii_lowercase())),
        // Minus one means "as the model likes".
        budget_tokens: budget.and_then(|budget| budget.literal().parse().ok()),
        is_on: None,
        shown,
    })
}
