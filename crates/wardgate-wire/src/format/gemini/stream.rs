//! A streamGenerateContent stream as server-sent events, in passing.
//!
//! There is no end marker: it is whole when it ended behind a reason.

use super::decode_stream::failure;
use super::reply::Glance;
use crate::json::Text;
use crate::stream::{Envelope, StreamFacts, Verdict, malformed};
use wardgate_core::fault::Fault;

pub(crate) fn read(data: &[u8], credential: Option<&str>, facts: &mut StreamFacts) -> Verdict {
    let chunk: Glance<'_> = match crate::json::from_bytes(data) {
        Ok(chunk) => chunk,
        Err(error) => return malformed(&error),
    };
    if let Some(error) = chunk.error.filter(|error| error.get() != "null") {
        return Verdict::Fault(fault(error, credential));
    }
    if let Some(reason) = chunk.reason() {
        // Behind content it is for the client, whose own format has the word.
        if let Some(fault) = failure(&reason, None).filter(|_| !facts.has_content) {
            return Verdict::Fault(fault);
        }
        facts.stop_reason = Some(reason);
        facts.is_stopped = true;
        facts.has_content = true;
    }
    for content in chunk.candidates.iter().flatten().filter_map(|candidate| candidate.content) {
        facts.has_content = true;
        facts.content_bytes += content.get().len() as u64;
    }
    // The searches are told with one message, the tokens with each.
    let before = facts.usage.map_or(0, |usage| usage.units.web_searches);
    facts.usage = chunk.used(before).or(facts.usage);
    if facts.envelope.id.is_none() {
        let own = |text: Option<Text<'_>>| text.map(|Text(text)| text.into());
        facts.envelope = Envelope { id: own(chunk.response_id), model: own(chunk.model_version), created: None, events: 0 };
    }
    Verdict::Pass
}

fn fault(error: &serde_json::value::RawValue, credential: Option<&str>) -> Fault {
    crate::reply::in_band(error, credential)
}
