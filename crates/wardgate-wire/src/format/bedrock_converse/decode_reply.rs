//! Reading a whole Converse answer.

use super::cited;
use crate::format::openai_chat::decode_reply::wrong;
use crate::format::openai_chat::tier;
use crate::json::count::count;
use crate::json::{Object, Path, list};
use crate::neutral::content::{Content, Reasoning};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::request::Tier;
use crate::neutral::tool::{Call, CallKind};
use crate::reply::object;
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'b> {
    #[serde(borrow)]
    output: Option<Output<'b>>,
    stop_reason: Option<String>,
    usage: Option<ConverseUsage>,
    service_tier: Option<ServiceTier>,
}

/// In which class of service an answer was made.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceTier {
    /// OpenAI's words, or one that others have none for.
    #[serde(default, rename = "type", deserialize_with = "tier::read")]
    pub(super) tier: Option<Tier>,
}

#[derive(Deserialize)]
struct Output<'b> {
    #[serde(borrow)]
    message: Option<Message<'b>>,
}

#[derive(Deserialize)]
struct Message<'b> {
    #[serde(borrow)]
    content: &'b RawValue,
}

/// How Converse counts: the input leaves out what caches held.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConverseUsage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_write_input_tokens: Option<u64>,
    cache_details: Option<Vec<CacheDetail>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheDetail {
    ttl: Option<String>,
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
}

impl ConverseUsage {
    pub(super) fn to_usage(&self) -> Usage {
        let mut usage = Usage {
            input_uncached: self.input_tokens.unwrap_or(0),
            cache_read: self.cache_read_input_tokens.unwrap_or(0),
            output: self.output_tokens.unwrap_or(0),
            ..Usage::default()
        };
        for detail in self.cache_details.iter().flatten() {
            let tokens = detail.input_tokens.unwrap_or(0);
            match detail.ttl.as_deref() {
                Some("1h") => usage.cache_write_1h = usage.cache_write_1h.saturating_add(tokens),
                _ => usage.cache_write_5m = usage.cache_write_5m.saturating_add(tokens),
            }
        }
        if usage.cache_write() == 0 {
            usage.cache_write_5m = self.cache_write_input_tokens.unwrap_or(0);
        }
        usage
    }
}

pub(crate) fn decode(body: &[u8], origin: Origin, _credential: Option<&str>) -> Result<Reply, Fault> {
    let answer: Answer<'_> = object(body)?;
    let message = answer.output.and_then(|output| output.message);
    let message = message.ok_or_else(|| unreadable("the provider's answer has no message"))?;
    let mut reply = Reply::default();
    reply.parts = blocks(message.content, origin, &mut reply.warnings).map_err(|error| wrong(&error))?;
    reply.stop = stop(answer.stop_reason.as_deref().unwrap_or("end_turn"))?.with_calls(reply.has_calls());
    reply.usage = answer.usage.map(|usage| usage.to_usage());
    reply.tier = answer.service_tier.and_then(|served| served.tier);
    Ok(reply)
}

fn blocks(content: &RawValue, origin: Origin, warnings: &mut Warnings) -> Result<Vec<Content>, Untranslatable> {
    let path = Path::Root.key("content");
    let mut parts = Vec::new();
    for (index, value) in list(content, &path)?.into_iter().enumerate() {
        let path = path.at(index);
        let mut block = Object::read(value, &path)?;
        if let Some(text) = block.text("text", &path)? {
            if !text.is_empty() {
                parts.push(Content::text(text));
            }
        } else if let Some(mut cited) = block.object("citationsContent", &path)? {
            let path = path.key("citationsContent");
            let citations: Vec<_> = cited.list("citations", &path)?.into_iter().filter_map(cited::read).collect();
            let words = cited.list("content", &path)?.into_iter();
            let words = words.map(|words| Object::read(words, &path)?.text("text", &path));
            let text: String = words.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            if !text.is_empty() {
                let mut part = Content::text(text);
                if let Content::Text { citations: of_text, .. } = &mut part {
                    *of_text = citations;
                }
                parts.push(part);
            }
        } else if let Some(mut call) = block.object("toolUse", &path)? {
            let arguments = call.take("input").map_or("", RawValue::get);
            parts.push(Content::Call(Call {
                id: call.need_text("toolUseId", &path)?,
                name: call.need_text("name", &path)?,
                arguments: if arguments == "{}" { String::new() } else { arguments.to_owned() },
                kind: CallKind::Function,
            }));
        } else if let Some(mut reasoning) = block.object("reasoningContent", &path)? {
            if let Some(data) = reasoning.text("redactedContent", &path)? {
                let opaque = Some(Opaque { origin, kind: OpaqueKind::Redacted, data });
                parts.push(Content::Reasoning(Reasoning { opaque, ..Reasoning::default() }));
            } else if let Some(mut inner) = reasoning.object("reasoningText", &path)? {
                let signature = inner.text("signature", &path)?.filter(|signature| !signature.is_empty());
                let opaque = signature.map(|data| Opaque { origin, kind: OpaqueKind::Signature, data });
                let text = inner.text("text", &path)?.unwrap_or_default();
                parts.push(Content::Reasoning(Reasoning { text, opaque, ..Reasoning::default() }));
            }
        } else {
            warnings.add("content_dropped", block.rest().next().unwrap_or("block"));
        }
    }
    Ok(parts)
}

/// Why an answer ended.
pub(super) fn stop(word: &str) -> Result<Stop, Fault> {
    Ok(match word {
        "end_turn" => Stop::End,
        "tool_use" => Stop::ToolUse,
        "max_tokens" => Stop::MaxTokens,
        "stop_sequence" => Stop::Sequence(None),
        "guardrail_intervened" | "content_filtered" => Stop::ContentFilter,
        "model_context_window_exceeded" => Stop::ContextWindow,
        "malformed_model_output" | "malformed_tool_use" => {
            return Err(unreadable(format!("the model's answer could not be used ({word})")));
        }
        other => Stop::Other(other.to_owned()),
    })
}
