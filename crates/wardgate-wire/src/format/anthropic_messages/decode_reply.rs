//! Reading a whole Messages answer.

use super::served::Pairing;
use super::server_tools;
use super::usage::MessagesUsage;
use crate::format::openai_chat::decode_reply::wrong;
use crate::json::{Object, Path, list};
use crate::neutral::content::{Citation, Content, Reasoning};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin, UNSIGNED};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::tool::{Call, CallKind};
use crate::reply::{in_band, object};
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
struct Message<'b> {
    id: Option<String>,
    model: Option<String>,
    #[serde(borrow)]
    content: Option<&'b RawValue>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    stop_details: Option<StopDetails>,
    usage: Option<MessagesUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
pub(super) struct StopDetails {
    pub(super) explanation: Option<String>,
}

pub(crate) fn decode(body: &[u8], origin: Origin, credential: Option<&str>) -> Result<Reply, Fault> {
    let message: Message<'_> = object(body)?;
    let content = match (message.content, message.error) {
        (Some(content), _) => content,
        (None, Some(error)) => return Err(in_band(error, credential)),
        (None, None) => return Err(unreadable("the provider's answer has no content")),
    };
    let mut reply = Reply { id: message.id, model: message.model, ..Reply::default() };
    reply.parts = blocks(content, origin, &mut reply.warnings).map_err(|error| wrong(&error))?;
    let explanation = message.stop_details.and_then(|details| details.explanation);
    let has_calls = reply.has_calls();
    reply.stop = stop(message.stop_reason.as_deref(), message.stop_sequence, explanation).with_calls(has_calls);
    if reply.stop == Stop::Pause {
        reply.warnings.add(TURN_PAUSED, "stop_reason");
    }
    reply.tier = message.usage.as_ref().and_then(MessagesUsage::tier);
    reply.usage = message.usage.map(|usage| usage.over(Usage::default()));
    Ok(reply)
}

/// The answer was interrupted in the middle of the provider's own tools, and the client's format cannot ask to go on.
pub(super) const TURN_PAUSED: &str = "turn_paused";

/// Why an answer ended.
pub(super) fn stop(word: Option<&str>, sequence: Option<String>, explanation: Option<String>) -> Stop {
    match word {
        Some("end_turn") | None => Stop::End,
        Some("stop_sequence") => Stop::Sequence(sequence),
        Some("max_tokens") => Stop::MaxTokens,
        Some("model_context_window_exceeded") => Stop::ContextWindow,
        Some("tool_use") => Stop::ToolUse,
        Some("refusal") => Stop::Refusal(explanation),
        Some("pause_turn") => Stop::Pause,
        Some(other) => Stop::Other(other.to_owned()),
    }
}

fn blocks(content: &RawValue, origin: Origin, warnings: &mut Warnings) -> Result<Vec<Content>, Untranslatable> {
    let path = Path::Root.key("content");
    let mut parts = Vec::new();
    let mut pairing = Pairing::default();
    for (index, value) in list(content, &path)?.into_iter().enumerate() {
        let path = path.at(index);
        let mut block = Object::read(value, &path)?;
        let kind = block.need_text("type", &path)?;
        match kind.as_str() {
            "text" => {
                let text = block.text("text", &path)?.unwrap_or_default();
                let citations = block.list("citations", &path)?.into_iter().filter_map(citation).collect();
                if !text.is_empty() {
                    parts.push(Content::Text { text, citations, logprobs: Vec::new() });
                }
            }
            "thinking" => {
                let text = block.text("thinking", &path)?.unwrap_or_default();
                let signature = block.text("signature", &path)?.filter(|it| !it.is_empty() && it != UNSIGNED);
                let opaque = signature.map(|data| Opaque { origin, kind: OpaqueKind::Signature, data });
                if !text.is_empty() || opaque.is_some() {
                    parts.push(Content::Reasoning(Reasoning { text, opaque, ..Reasoning::default() }));
                }
            }
            "redacted_thinking" => {
                let opaque = Opaque { origin, kind: OpaqueKind::Redacted, data: block.need_text("data", &path)? };
                parts.push(Content::Reasoning(Reasoning { opaque: Some(opaque), ..Reasoning::default() }));
            }
            "tool_use" => {
                let arguments = match block.take("input").map_or("{}", RawValue::get) {
                    "{}" => String::new(),
                    input => input.to_owned(),
                };
                let (id, name) = (block.need_text("id", &path)?, block.need_text("name", &path)?);
                parts.push(Content::Call(Call { id, name, arguments, kind: CallKind::Function }));
            }
            "server_tool_use" if pairing.call(value.get()) => {}
            word if server_tools::is_result(word)
                && let Some(served) = pairing.result(value.get(), origin) =>
            {
                parts.push(Content::Served(Box::new(served)));
            }
            _ => warnings.add("content_dropped", kind),
        }
    }
    parts.extend(pairing.rest().map(|served| Content::Served(Box::new(served))));
    Ok(parts)
}

/// A source. It covers its whole block, which is how the format says it.
pub(super) fn citation(value: &RawValue) -> Option<Citation> {
    #[derive(Deserialize)]
    struct Cited {
        url: Option<String>,
        title: Option<String>,
        document_title: Option<String>,
        source: Option<String>,
        document_index: Option<u64>,
        cited_text: Option<String>,
    }
    let cited: Cited = serde_json::from_str(value.get()).ok()?;
    let url = cited.url.or_else(|| cited.source.filter(|source| source.starts_with("http")));
    let (title, document, cited_text) = (cited.title.or(cited.document_title), cited.document_index, cited.cited_text);
    Some(Citation { url, document, title, cited_text, start: None, end: None })
}
