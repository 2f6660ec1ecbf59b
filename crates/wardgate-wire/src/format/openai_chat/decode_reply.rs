//! Reading a whole Chat Completions answer.

use super::chunk::{Annotation, ExtraContent};
use super::decode_stream::{ContentPart, stop};
use super::logprobs;
use super::marks::{Marks, Source as Numbered, sources};
use super::reasoning;
use super::tier;
use super::usage::ChatUsage;
use crate::json::count::{name, seconds};
use crate::json::read::is_text;
use crate::json::{Object, Path};
use crate::neutral::content::{Content, Part, Reasoning, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin};
use crate::neutral::reply::{ANSWERS_MAX, Reply, Stop};
use crate::neutral::request::Tier;
use crate::neutral::tool::{Call, CallKind};
use crate::reply::{in_band, object};
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;

#[derive(Deserialize)]
struct Completion<'b> {
    #[serde(default, deserialize_with = "name")]
    id: Option<String>,
    #[serde(default, deserialize_with = "name")]
    model: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    created: Option<i64>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'b>>>,
    usage: Option<ChatUsage>,
    #[serde(default, deserialize_with = "tier::read")]
    service_tier: Option<Tier>,
    /// Perplexity's sources.
    #[serde(borrow)]
    search_results: Option<&'b RawValue>,
    #[serde(borrow)]
    citations: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
    /// MiniMax.
    #[serde(borrow)]
    base_resp: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Choice<'b> {
    index: Option<u64>,
    #[serde(borrow)]
    message: Option<&'b RawValue>,
    finish_reason: Option<String>,
    #[serde(borrow)]
    logprobs: Option<&'b RawValue>,
    usage: Option<ChatUsage>,
}

pub(crate) fn decode(body: &[u8], origin: Origin, credential: Option<&str>) -> Result<Reply, Fault> {
    let completion: Completion<'_> = object(body)?;
    if let Some(error) = completion.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let mut choices = completion.choices.unwrap_or_default();
    choices.sort_by_key(|choice| choice.index);
    let sources = sources(completion.search_results, completion.citations);
    let mut usage = completion.usage;
    let mut replies = choices.into_iter().take(ANSWERS_MAX).map(|mut choice| {
        usage = usage.take().or(choice.usage.take());
        decode_choice(&choice, origin, sources.as_deref())
    });
    let first = replies.next().ok_or_else(|| match completion.base_resp {
        Some(error) => in_band(error, credential),
        None => unreadable("the provider's answer has no choices"),
    })??;
    let others = replies.collect::<Result<_, _>>()?;
    Ok(Reply {
        id: completion.id,
        model: completion.model,
        created: completion.created,
        usage: usage.map(|usage| usage.to_usage()),
        tier: completion.service_tier,
        others,
        ..first
    })
}

fn decode_choice(choice: &Choice<'_>, origin: Origin, sources: Option<&[Numbered]>) -> Result<Reply, Fault> {
    let message = choice.message.ok_or_else(|| unreadable("the provider's answer has no message"))?;
    let mut reply = Reply { parts: decode_message(message, origin).map_err(|error| wrong(&error))?, ..Reply::default() };
    let text = reply.parts.iter_mut().find(|part| matches!(part, Content::Text { .. }));
    if let Some(Content::Text { text, citations, logprobs }) = text {
        if let Some(sources) = sources {
            let mut marks = Marks::default();
            marks.read(text);
            citations.extend(marks.citations(sources));
        }
        *logprobs = choice.logprobs.map(logprobs::read_choice).unwrap_or_default();
    }
    reply.stop = match choice.finish_reason.as_deref().filter(|reason| !reason.is_empty()) {
        Some(reason) => stop(reason)?,
        None => Stop::End,
    };
    reply.stop = reply.stop.with_calls(reply.parts.iter().any(|part| matches!(part, Content::Call(_))));
    Ok(reply)
}

/// The provider's answer is not what its format says.
pub(crate) fn wrong(error: &Untranslatable) -> Fault {
    unreadable(format!("the provider's answer is not in its format: {error}"))
}

fn decode_message(message: &RawValue, origin: Origin) -> Result<Vec<Content>, Untranslatable> {
    let path = Path::Root.key("message");
    let path = &path;
    let mut message = Object::read(message, path)?;
    let mut parts: Vec<Part> = Vec::new();
    reasoning::decode(&mut message, path, origin, &mut parts)?;
    if let Some(content) = message.take("content") {
        decode_content(content, &mut parts);
    }
    if let Some(annotations) = message.take("annotations") {
        let annotations: Vec<Annotation> = serde_json::from_str(annotations.get()).unwrap_or_default();
        if let Some(Content::Text { citations, .. }) = parts.last_mut().map(|part| &mut part.content) {
            citations.extend(annotations.into_iter().filter_map(Annotation::citation));
        }
    }
    if let Some(refusal) = message.text("refusal", path)?.filter(|refusal| !refusal.is_empty()) {
        parts.push(Content::Refusal(refusal).into());
    }
    for image in message.list("images", path)? {
        if let Some(url) = image_url(image) {
            parts.push(Content::Image { source: Source::from_url(&url), detail: None }.into());
        }
    }
    let calls_path = path.key("tool_calls");
    for (index, value) in message.list("tool_calls", path)?.into_iter().enumerate() {
        decode_call(value, &calls_path.at(index), origin, &mut parts)?;
    }
    Ok(parts.into_iter().map(|part| part.content).collect())
}

fn decode_content(content: &RawValue, parts: &mut Vec<Part>) {
    if let Ok(text) = serde_json::from_str::<String>(content.get()) {
        if !text.is_empty() {
            parts.push(Content::text(text).into());
        }
        return;
    }
    for part in serde_json::from_str::<Vec<ContentPart>>(content.get()).unwrap_or_default() {
        let thoughts: String = part.thinking.into_iter().flatten().filter_map(|inner| inner.text).collect();
        if !thoughts.is_empty() {
            parts.push(Content::Reasoning(Reasoning { text: thoughts, ..Reasoning::default() }).into());
        }
        if let Some(text) = part.text.filter(|text| !text.is_empty()) {
            parts.push(Content::text(text).into());
        }
    }
}

fn image_url(image: &RawValue) -> Option<String> {
    let image = Object::read(image, &Path::Root).ok()?.take("image_url")?;
    Object::read(image, &Path::Root).ok()?.text("url", &Path::Root).ok()?
}

fn decode_call(value: &RawValue, path: &Path<'_>, origin: Origin, parts: &mut Vec<Part>) -> Result<(), Untranslatable> {
    let mut object = Object::read(value, path)?;
    let id = object.text("id", path)?.unwrap_or_default();
    let signature = object.take("extra_content").and_then(|raw| serde_json::from_str::<ExtraContent>(raw.get()).ok());
    if let Some(data) = signature.and_then(ExtraContent::signature) {
        let opaque = Some(Opaque { origin, kind: OpaqueKind::Signature, data });
        parts.push(Content::Reasoning(Reasoning { opaque, call_id: Some(id.clone()), ..Reasoning::default() }).into());
    }
    let (key, field, kind) = match object.take("custom") {
        Some(custom) => (custom, "input", CallKind::Custom),
        None => {
            let function = object.take("function").ok_or_else(|| path.key("function").wrong("is missing"))?;
            (function, "arguments", CallKind::Function)
        }
    };
    let mut inner = Object::read(key, path)?;
    let name = inner.need_text("name", path)?;
    let arguments = match inner.take(field) {
        None => String::new(),
        Some(value) if is_text(value) => crate::json::read::text(value, &path.key(field))?,
        Some(value) => value.get().to_owned(),
    };
    let id = if id.is_empty() { format!("call_{:016x}", crate::neutral::opaque::fnv(path.to_string().bytes())) } else { id };
    parts.push(Content::Call(Call { id, name, arguments, kind }).into());
    Ok(())
}
