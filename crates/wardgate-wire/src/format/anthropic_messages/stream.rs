//! A stream of Messages events.
//!
//! `message_start`, then blocks one after the other, then `message_delta` with the reason and the final counts, then
//! `message_stop`, without which the stream is not whole. `ping` and `error` may stand anywhere.

use super::usage::MessagesUsage;
use crate::json::from_bytes;
use crate::stream::{StreamFacts, Verdict, malformed};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Typed<'b> {
    #[serde(borrow, rename = "type")]
    kind: std::borrow::Cow<'b, str>,
}

#[derive(Deserialize)]
struct MessageStart {
    message: StartedMessage,
}

#[derive(Deserialize)]
struct StartedMessage {
    usage: Option<MessagesUsage>,
}

#[derive(Deserialize)]
struct BlockStart<'b> {
    #[serde(borrow)]
    content_block: Typed<'b>,
}

#[derive(Deserialize)]
struct BlockDelta<'b> {
    #[serde(borrow)]
    delta: DeltaText<'b>,
}

#[derive(Deserialize)]
struct DeltaText<'b> {
    #[serde(borrow)]
    text: Option<&'b RawValue>,
    #[serde(borrow)]
    thinking: Option<&'b RawValue>,
    #[serde(borrow)]
    partial_json: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct MessageDelta {
    delta: StopDelta,
    usage: Option<MessagesUsage>,
}

#[derive(Deserialize)]
struct StopDelta {
    stop_reason: Option<Box<str>>,
}

#[derive(Deserialize)]
struct ErrorEvent<'b> {
    #[serde(borrow)]
    error: &'b RawValue,
}

pub(crate) fn read(name: &[u8], data: &[u8], credential: Option<&str>, facts: &mut StreamFacts) -> Verdict {
    match read_event(name, data, credential, facts) {
        Ok(verdict) => verdict,
        Err(error) => malformed(&error),
    }
}

fn read_event(
    name: &[u8],
    data: &[u8],
    credential: Option<&str>,
    facts: &mut StreamFacts,
) -> Result<Verdict, serde_json::Error> {
    // Some hosts leave the name out; the data repeats it.
    let kind = if name.is_empty() { from_bytes::<Typed<'_>>(data)?.kind.into_owned() } else { String::new() };
    match if name.is_empty() { kind.as_bytes() } else { name } {
        b"message_start" => {
            let start: MessageStart = from_bytes(data)?;
            if let Some(usage) = start.message.usage {
                facts.usage = Some(usage.over(facts.usage.unwrap_or_default()));
            }
        }
        b"content_block_start" => {
            let start: BlockStart<'_> = from_bytes(data)?;
            // Text and thinking begin empty; every other block already says something.
            facts.has_content |= !matches!(&*start.content_block.kind, "text" | "thinking");
        }
        b"content_block_delta" => {
            let BlockDelta { delta } = from_bytes(data)?;
            let text = delta.text.or(delta.thinking).or(delta.partial_json);
            facts.content_bytes += text.map_or(0, |text| text.get().len().saturating_sub(2) as u64);
            facts.has_content = true;
        }
        b"message_delta" => {
            let end: MessageDelta = from_bytes(data)?;
            if let Some(usage) = end.usage {
                facts.usage = Some(usage.over(facts.usage.unwrap_or_default()));
            }
            if end.delta.stop_reason.is_some() {
                facts.stop_reason = end.delta.stop_reason;
                facts.is_stopped = true;
                facts.has_content = true;
            }
        }
        b"message_stop" => facts.is_finished = true,
        b"error" => {
            let event: ErrorEvent<'_> = from_bytes(data)?;
            return Ok(Verdict::Fault(crate::reply::in_band(event.error, credential)));
        }
        // Pings, block ends, and whatever the vendor adds next.
        _ => {}
    }
    Ok(Verdict::Pass)
}
