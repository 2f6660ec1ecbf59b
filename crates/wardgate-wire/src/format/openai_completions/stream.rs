//! A stream of Completions chunks.

use crate::format::openai_chat::decode_stream::failure;
use crate::format::openai_chat::stream::done;
use crate::format::openai_chat::usage::ChatUsage;
use crate::json::Text;
use crate::stream::{StreamFacts, Verdict, malformed};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Chunk<'b> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'b>>>,
    usage: Option<ChatUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Choice<'b> {
    #[serde(borrow)]
    text: Option<&'b RawValue>,
    #[serde(borrow)]
    finish_reason: Option<Text<'b>>,
}

pub(crate) fn read(data: &[u8], hides_usage: bool, credential: Option<&str>, facts: &mut StreamFacts) -> Verdict {
    if data == b"[DONE]" {
        return done(facts);
    }
    let chunk: Chunk<'_> = match crate::json::from_bytes(data) {
        Ok(chunk) => chunk,
        Err(error) => return malformed(&error),
    };
    if let Some(error) = chunk.error.filter(|error| error.get() != "null") {
        return Verdict::Fault(crate::reply::in_band(error, credential));
    }
    let choices = chunk.choices.unwrap_or_default();
    for choice in &choices {
        let bytes = choice.text.map_or(0, |text| text.get().len().saturating_sub(2));
        facts.content_bytes += bytes as u64;
        facts.has_content |= bytes > 0;
        if let Some(reason) = choice.finish_reason.as_ref().filter(|reason| !reason.is_empty()) {
            if let Some(fault) = failure(&reason.0) {
                return Verdict::Fault(fault);
            }
            facts.has_content = true;
            facts.is_stopped = true;
            facts.stop_reason = Some(reason.0.as_ref().into());
        }
    }
    let is_usage_only = choices.is_empty() && chunk.usage.is_some();
    if let Some(usage) = chunk.usage {
        facts.usage = Some(usage.to_usage());
    }
    if hides_usage && is_usage_only { Verdict::Drop } else { Verdict::Pass }
}
