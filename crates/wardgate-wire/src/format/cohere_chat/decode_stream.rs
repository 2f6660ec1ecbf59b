//! Reading a stream from Cohere as neutral events.

use super::decode_reply::{CohereUsage, stop};
use super::{cited, logprobs};
use crate::json::Text;
use crate::neutral::event::Event;
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::parse;
use crate::transcode::parts::{Parts, Sink};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};

#[derive(Deserialize)]
struct Message<'b> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'b>>,
    #[serde(borrow)]
    id: Option<Text<'b>>,
    #[serde(borrow)]
    delta: Option<Delta<'b>>,
    #[serde(borrow)]
    message: Option<&'b RawValue>,
    #[serde(borrow)]
    logprobs: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Delta<'b> {
    #[serde(borrow)]
    message: Option<Inner<'b>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'b>>,
    usage: Option<CohereUsage>,
    #[serde(borrow)]
    error: Option<Text<'b>>,
}

#[derive(Deserialize)]
struct Inner<'b> {
    #[serde(borrow)]
    content: Option<&'b RawValue>,
    #[serde(borrow)]
    tool_plan: Option<Text<'b>>,
    #[serde(borrow)]
    tool_calls: Option<&'b RawValue>,
    #[serde(borrow)]
    citations: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Part<'b> {
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(borrow)]
    thinking: Option<Text<'b>>,
}

#[derive(Deserialize)]
struct ToolCall<'b> {
    #[serde(borrow)]
    id: Option<Text<'b>>,
    #[serde(borrow)]
    function: Option<Function<'b>>,
}

#[derive(Deserialize)]
struct Function<'b> {
    #[serde(borrow)]
    name: Option<Text<'b>>,
    #[serde(borrow)]
    arguments: Option<Text<'b>>,
}

#[derive(Default)]
pub(crate) struct Reader {
    parts: Parts,
}

impl Reader {
    /// Reads a message; true at the end marker.
    pub(crate) fn read(&mut self, data: &[u8], credential: Option<&str>, sink: &mut Sink<'_>) -> Result<bool, Fault> {
        if data == b"[DONE]" {
            return Ok(false);
        }
        let message: Message<'_> = parse(data)?;
        let kind = message.kind.unwrap_or_default();
        let inner = message.delta.as_ref().and_then(|delta| delta.message.as_ref());
        match &*kind.0 {
            "message-start" => self.parts.start(message.id.as_ref().map(|id| &*id.0), None, None, sink),
            // A source may be told behind the end of its text, so that a text ends where something else begins.
            "citation-start" => {
                let cited = inner.and_then(|inner| inner.citations).filter(|_| self.parts.is_text_open());
                cited.map(cited::read).into_iter().flatten().for_each(|citation| sink(Event::Cite(&citation)));
            }
            "content-start" | "content-delta" => {
                if kind.0 == "content-start" {
                    self.parts.close(sink);
                }
                if let Some(content) = inner.and_then(|inner| inner.content) {
                    let part: Part<'_> = parse(content.get().as_bytes())?;
                    self.parts.reasoning(part.thinking.as_ref().map_or("", |text| &text.0), false, sink)?;
                    let text = part.text.as_ref().map_or("", |text| &text.0);
                    if let Some(logprobs) = message.logprobs.filter(|_| !text.is_empty()) {
                        self.parts.logprobs(&logprobs::read(logprobs), sink)?;
                    }
                    self.parts.text(text, sink)?;
                }
            }
            "tool-plan-delta" => {
                let plan = inner.and_then(|inner| inner.tool_plan.as_ref());
                self.parts.reasoning(plan.map_or("", |text| &text.0), false, sink)?;
            }
            "tool-call-start" | "tool-call-delta" => {
                if let Some(call) = inner.and_then(|inner| inner.tool_calls) {
                    let ToolCall { id, function } = parse(call.get().as_bytes())?;
                    let (name, arguments) = function.map_or((None, None), |function| (function.name, function.arguments));
                    if kind.0 == "tool-call-start" {
                        let (id, name) = (id.unwrap_or_default(), name.unwrap_or_default());
                        self.parts.open_call(&id.0, &name.0, CallKind::Function, sink)?;
                    }
                    self.parts.arguments(arguments.as_ref().map_or("", |text| &text.0), sink);
                }
            }
            "content-end" if self.parts.is_text_open() => {}
            "content-end" | "tool-call-end" => self.parts.close(sink),
            "message-end" => {
                let Some(delta) = message.delta else { return Ok(false) };
                if let Some(usage) = delta.usage {
                    sink(Event::Usage(usage.to_usage()));
                }
                if let Some(error) = delta.error.filter(|error| !error.is_empty()) {
                    return Err(Fault::new(FaultClass::Server, crate::scrub::scrub(&error.0, credential)));
                }
                let stop = stop(delta.finish_reason.as_ref().map_or("COMPLETE", |reason| &reason.0))?;
                self.parts.stop(stop, sink);
                sink(Event::End);
                return Ok(true);
            }
            // Without a type it is an error's body.
            "" if message.message.is_some() => {
                return Err(crate::reply::in_band(parse::<&RawValue>(data)?, credential));
            }
            _ => {}
        }
        Ok(false)
    }
}
