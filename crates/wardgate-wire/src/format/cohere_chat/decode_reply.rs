//! Reading a whole answer from Cohere.

use super::cited::Cited;
use super::logprobs;
use crate::neutral::content::{Content, Reasoning};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::tool::{Call, CallKind};
use crate::reply::object;
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
struct Answer<'b> {
    id: Option<String>,
    finish_reason: Option<String>,
    message: Option<Message>,
    usage: Option<CohereUsage>,
    #[serde(borrow)]
    logprobs: Option<&'b RawValue>,
}

/// How Cohere counts: what it reports, not what it bills.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CohereUsage {
    tokens: Option<Tokens>,
    billed_units: Option<Tokens>,
    cached_tokens: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct Tokens {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
}

impl CohereUsage {
    pub(super) fn to_usage(&self) -> Usage {
        let whole = |count: Option<f64>| count.unwrap_or(0.0) as u64;
        let tokens = self.tokens.as_ref().or(self.billed_units.as_ref());
        let cached = whole(self.cached_tokens);
        Usage {
            input_uncached: whole(tokens.and_then(|tokens| tokens.input_tokens)).saturating_sub(cached),
            cache_read: cached,
            output: whole(tokens.and_then(|tokens| tokens.output_tokens)),
            ..Usage::default()
        }
    }
}

#[derive(Deserialize)]
struct Message {
    content: Option<Vec<Part>>,
    tool_plan: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
    citations: Option<Vec<Cited>>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    thinking: Option<String>,
}

#[derive(Deserialize)]
struct ToolCall {
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

pub(crate) fn decode(body: &[u8], _credential: Option<&str>) -> Result<Reply, Fault> {
    let answer: Answer<'_> = object(body)?;
    let message = answer.message.ok_or_else(|| unreadable("the provider's answer has no message"))?;
    let mut reply = Reply { id: answer.id, ..Reply::default() };
    let thought = |text: String| Content::Reasoning(Reasoning { text, ..Reasoning::default() });
    reply.parts.extend(message.tool_plan.filter(|plan| !plan.is_empty()).map(thought));
    for part in message.content.into_iter().flatten() {
        reply.parts.extend(part.thinking.filter(|text| !text.is_empty()).map(thought));
        reply.parts.extend(part.text.filter(|text| !text.is_empty()).map(Content::text));
    }
    let cited = message.citations.into_iter().flatten().flat_map(Cited::citations);
    let text = reply.parts.iter_mut().find(|part| matches!(part, Content::Text { .. }));
    if let Some(Content::Text { citations, logprobs, .. }) = text {
        citations.extend(cited);
        *logprobs = answer.logprobs.map(logprobs::read).unwrap_or_default();
    }
    for call in message.tool_calls.into_iter().flatten() {
        let function = call.function.ok_or_else(|| unreadable("the provider's answer holds a tool call without a function"))?;
        reply.parts.push(Content::Call(Call {
            id: call.id.unwrap_or_default(),
            name: function.name.unwrap_or_default(),
            arguments: function.arguments.unwrap_or_default(),
            kind: CallKind::Function,
        }));
    }
    reply.stop = stop(answer.finish_reason.as_deref().unwrap_or("COMPLETE"))?.with_calls(reply.has_calls());
    reply.usage = answer.usage.map(|usage| usage.to_usage());
    Ok(reply)
}

/// Why an answer ended.
pub(super) fn stop(word: &str) -> Result<Stop, Fault> {
    Ok(match word {
        "COMPLETE" => Stop::End,
        "STOP_SEQUENCE" => Stop::Sequence(None),
        "MAX_TOKENS" => Stop::MaxTokens,
        "TOOL_CALL" => Stop::ToolUse,
        "TIMEOUT" => return Err(Fault::new(FaultClass::Timeout, "the provider ended its answer because it took too long")),
        "ERROR" | "ERROR_TOXIC" | "ERROR_LIMIT" => {
            return Err(Fault::new(FaultClass::Server, format!("the provider ended its answer with {word:?}")));
        }
        other => Stop::Other(other.to_owned()),
    })
}
