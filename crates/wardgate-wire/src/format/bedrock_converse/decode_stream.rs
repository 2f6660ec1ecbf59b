//! Reading a ConverseStream as neutral events. Blocks of text and reasoning have no start of their own.

use super::cited::{self, CITATIONS_MAX};
use super::decode_reply::{ConverseUsage, ServiceTier, stop};
use crate::json::Text;
use crate::neutral::content::Citation;
use crate::neutral::event::{Event, truncated};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin};
use crate::neutral::reply::Stop;
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::parse;
use crate::transcode::parts::{Parts, Sink};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;

#[derive(Deserialize)]
struct BlockStart<'b> {
    #[serde(borrow)]
    start: Start<'b>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'b> {
    #[serde(borrow)]
    tool_use: Option<ToolUse<'b>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse<'b> {
    #[serde(borrow)]
    tool_use_id: Text<'b>,
    #[serde(borrow)]
    name: Text<'b>,
}

#[derive(Deserialize)]
struct BlockDelta<'b> {
    #[serde(borrow)]
    delta: Delta<'b>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'b> {
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(borrow)]
    tool_use: Option<Input<'b>>,
    #[serde(borrow)]
    reasoning_content: Option<ReasoningDelta<'b>>,
    #[serde(borrow)]
    citation: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Input<'b> {
    #[serde(borrow)]
    input: Option<Text<'b>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningDelta<'b> {
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(borrow)]
    signature: Option<Text<'b>>,
    #[serde(borrow)]
    redacted_content: Option<Text<'b>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageStop<'b> {
    #[serde(borrow)]
    stop_reason: Text<'b>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    usage: Option<ConverseUsage>,
    service_tier: Option<ServiceTier>,
}

pub(crate) struct Reader {
    origin: Origin,
    parts: Parts,
    signature: String,
    /// The sources of the open block. They may come before its words.
    cited: Vec<Citation>,
    stop: Option<Stop>,
}

impl Reader {
    pub(crate) fn new(origin: Origin) -> Self {
        Self { origin, parts: Parts::default(), signature: String::new(), cited: Vec::new(), stop: None }
    }

    /// Reads a frame. Metadata follows the stop, so only the end of the bytes ends the answer.
    pub(crate) fn read(
        &mut self,
        name: &[u8],
        data: &[u8],
        credential: Option<&str>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        match name {
            b"messageStart" => self.parts.start(None, None, None, sink),
            b"contentBlockStart" => {
                self.block_end(sink)?;
                if let Some(tool_use) = parse::<BlockStart<'_>>(data)?.start.tool_use {
                    self.parts.open_call(&tool_use.tool_use_id.0, &tool_use.name.0, CallKind::Function, sink)?;
                }
            }
            b"contentBlockDelta" => self.delta(parse::<BlockDelta<'_>>(data)?.delta, sink)?,
            b"contentBlockStop" => self.block_end(sink)?,
            b"messageStop" => {
                self.block_end(sink)?;
                self.stop = Some(stop(&parse::<MessageStop<'_>>(data)?.stop_reason.0)?);
            }
            b"metadata" => {
                let metadata: Metadata = parse(data)?;
                if let Some(tier) = metadata.service_tier.and_then(|served| served.tier) {
                    sink(Event::Tier(tier));
                }
                if let Some(usage) = metadata.usage {
                    sink(Event::Usage(usage.to_usage()));
                }
            }
            name if name.ends_with(b"Exception") => return Err(exception(name, data, credential)),
            _ => {}
        }
        Ok(())
    }

    fn delta(&mut self, delta: Delta<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if let Some(citation) = delta.citation.and_then(cited::read).filter(|_| self.cited.len() < CITATIONS_MAX) {
            self.cited.push(citation);
        }
        if let Some(text) = delta.text {
            self.parts.text(&text.0, sink)?;
        }
        if let Some(input) = delta.tool_use.and_then(|tool_use| tool_use.input) {
            self.parts.arguments(&input.0, sink);
        }
        if let Some(reasoning) = delta.reasoning_content {
            if let Some(text) = reasoning.text {
                self.parts.reasoning(&text.0, false, sink)?;
            }
            self.signature.push_str(reasoning.signature.as_ref().map_or("", |signature| &signature.0));
            if let Some(data) = reasoning.redacted_content {
                let opaque = Opaque { origin: self.origin, kind: OpaqueKind::Redacted, data: data.0.into_owned() };
                self.parts.sealed(&opaque, None, sink)?;
            }
        }
        Ok(())
    }

    fn block_end(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if !self.signature.is_empty() {
            let data = std::mem::take(&mut self.signature);
            self.parts.seal(Opaque { origin: self.origin, kind: OpaqueKind::Signature, data }, sink)?;
        }
        let cited = std::mem::take(&mut self.cited);
        if self.parts.is_text_open() {
            cited.iter().for_each(|citation| sink(Event::Cite(citation)));
        }
        self.parts.close(sink);
        Ok(())
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        self.parts.stop(stop, sink);
        sink(Event::End);
        Ok(())
    }
}

/// An error within the stream. It has no status, so it gets the one that its name has outside of streams.
fn exception(name: &[u8], data: &[u8], credential: Option<&str>) -> Fault {
    let status = match name {
        b"throttlingException" => 429,
        b"serviceUnavailableException" => 503,
        b"validationException" => 400,
        b"modelTimeoutException" => 408,
        _ => 500,
    };
    let name = String::from_utf8_lossy(name);
    Fault { code: Some(name.to_string()), ..crate::fault::from_response(status, Some(&name), data, credential) }
}
