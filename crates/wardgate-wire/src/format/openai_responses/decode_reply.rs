//! Reading a whole Responses answer.

use super::served;
use super::stream::missing;
use super::usage::{ResponsesUsage, ToolUsage, searches};
use crate::format::openai_chat::decode_reply::wrong;
use crate::format::openai_chat::{logprobs, tier};
use crate::json::{Object, Path, list};
use crate::neutral::content::{Citation, Content, Reasoning, Source};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::request::Tier;
use crate::neutral::tool::{Call, CallKind};
use crate::reply::{in_band, object};
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

/// A response, whole or as a terminal event has it.
#[derive(Deserialize)]
pub(super) struct Response<'b> {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) created_at: Option<f64>,
    pub(super) status: Option<String>,
    #[serde(borrow)]
    pub(super) output: Option<&'b RawValue>,
    pub(super) incomplete_details: Option<super::reply::Incomplete>,
    pub(super) usage: Option<ResponsesUsage>,
    pub(super) tool_usage: Option<ToolUsage>,
    #[serde(default, deserialize_with = "tier::read")]
    pub(super) service_tier: Option<Tier>,
    #[serde(borrow)]
    pub(super) error: Option<&'b RawValue>,
}

impl Response<'_> {
    pub(super) fn created(&self) -> Option<i64> {
        self.created_at.map(|seconds| seconds as i64)
    }

    /// What it used, its searches included.
    pub(super) fn used(&self) -> Option<Usage> {
        let usage = self.usage.as_ref()?;
        Some(usage.with_searches(searches(self.tool_usage.as_ref(), self.output)))
    }

    /// Why it ended.
    pub(super) fn stop(&self, credential: Option<&str>) -> Result<Stop, Fault> {
        match self.status.as_deref() {
            Some("completed") | None => Ok(Stop::End),
            Some("incomplete") => Ok(match self.incomplete_details.as_ref().and_then(|details| details.reason.as_deref()) {
                Some("max_output_tokens") | None => Stop::MaxTokens,
                Some("content_filter") => Stop::ContentFilter,
                Some(other) => Stop::Other(other.to_owned()),
            }),
            Some(status) => Err(match self.error.filter(|error| error.get() != "null") {
                Some(error) => in_band(error, credential),
                None if status == "failed" => missing(),
                None => unreadable(format!("the provider's answer has the status {status:?}")),
            }),
        }
    }
}

pub(crate) fn decode(body: &[u8], origin: Origin, credential: Option<&str>) -> Result<Reply, Fault> {
    let response: Response<'_> = object(body)?;
    if let Some(error) = response.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let stop = response.stop(credential)?;
    let output = response.output.ok_or_else(|| unreadable("the provider's answer has no output"))?;
    let mut reply = Reply { created: response.created(), ..Reply::default() };
    reply.parts = items(output, origin, &mut reply.warnings).map_err(|error| wrong(&error))?;
    reply.stop = stop.with_calls(reply.has_calls());
    reply.usage = response.used();
    reply.tier = response.service_tier;
    reply.id = response.id;
    reply.model = response.model;
    Ok(reply)
}

fn items(output: &RawValue, origin: Origin, warnings: &mut Warnings) -> Result<Vec<Content>, Untranslatable> {
    let path = Path::Root.key("output");
    let mut parts = Vec::new();
    for (index, value) in list(output, &path)?.into_iter().enumerate() {
        let path = path.at(index);
        let mut item = Object::read(value, &path)?;
        let kind = item.need_text("type", &path)?;
        match kind.as_str() {
            "message" => message(&mut item, &path, &mut parts, warnings)?,
            "reasoning" => parts.extend(reasoning(&mut item, &path, origin)?.map(Content::Reasoning)),
            "function_call" | "custom_tool_call" => {
                let is_custom = kind == "custom_tool_call";
                parts.push(Content::Call(Call {
                    id: item.need_text("call_id", &path)?,
                    name: item.need_text("name", &path)?,
                    arguments: item.text(if is_custom { "input" } else { "arguments" }, &path)?.unwrap_or_default(),
                    kind: if is_custom { CallKind::Custom } else { CallKind::Function },
                }));
            }
            "image_generation_call" => {
                if let Some(data) = item.text("result", &path)? {
                    let form = item.text("output_format", &path)?.unwrap_or_else(|| "png".to_owned());
                    parts
                        .push(Content::Image { source: Source::Base64 { media: format!("image/{form}"), data }, detail: None });
                }
            }
            word if served::is_one(word)
                && let Some(served) = served::read(value, origin) =>
            {
                parts.push(Content::Served(Box::new(served)));
            }
            _ => warnings.add("content_dropped", kind),
        }
    }
    Ok(parts)
}

/// Each part of a message is one of its own, since the places of sources count from its beginning.
fn message(
    item: &mut Object<'_>,
    path: &Path<'_>,
    parts: &mut Vec<Content>,
    warnings: &mut Warnings,
) -> Result<(), Untranslatable> {
    let content_path = path.key("content");
    for (index, value) in item.list("content", path)?.into_iter().enumerate() {
        let path = content_path.at(index);
        let mut part = Object::read(value, &path)?;
        let kind = part.need_text("type", &path)?;
        match kind.as_str() {
            "output_text" => {
                let text = part.text("text", &path)?.unwrap_or_default();
                let citations: Vec<Citation> = part.list("annotations", &path)?.into_iter().filter_map(citation).collect();
                let logprobs = part.take("logprobs").map(logprobs::read).unwrap_or_default();
                if !text.is_empty() {
                    parts.push(Content::Text { text, citations, logprobs });
                }
            }
            "refusal" => parts.push(Content::Refusal(part.text("refusal", &path)?.unwrap_or_default())),
            _ => warnings.add("content_dropped", kind),
        }
    }
    Ok(())
}

/// A source in `annotations`.
pub(super) fn citation(value: &RawValue) -> Option<Citation> {
    #[derive(Deserialize)]
    struct Annotation {
        url: Option<String>,
        title: Option<String>,
        start_index: Option<u64>,
        end_index: Option<u64>,
    }
    let Annotation { url, title, start_index, end_index } = serde_json::from_str(value.get()).ok()?;
    url.is_some().then_some(Citation { url, title, start: start_index, end: end_index, ..Citation::default() })
}

/// What a finished reasoning item says.
pub(super) fn reasoning(item: &mut Object<'_>, path: &Path<'_>, origin: Origin) -> Result<Option<Reasoning>, Untranslatable> {
    let mut texts = Vec::new();
    let mut is_summary = false;
    for key in ["summary", "content"] {
        for value in item.list(key, path)? {
            texts.extend(Object::read(value, path)?.text("text", path)?.filter(|text| !text.is_empty()));
            is_summary |= key == "summary";
        }
    }
    let sealed = item.text("encrypted_content", path)?.filter(|sealed| !sealed.is_empty());
    let opaque = sealed.map(|data| sealed_piece(origin, data));
    let is_empty = texts.is_empty() && opaque.is_none();
    Ok((!is_empty).then(|| Reasoning { text: texts.join("\n\n"), is_summary, opaque, call_id: None }))
}

/// Encrypted reasoning. A client's stream that is read again, as tests do, has our own envelope there.
pub(super) fn sealed_piece(origin: Origin, data: String) -> Opaque {
    Opaque { origin, kind: OpaqueKind::Encrypted, data }
}
