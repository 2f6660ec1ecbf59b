//! OpenAI's Embeddings, in passing. There are no streams of it.

use crate::format::openai_chat::usage::ChatUsage;
use crate::reply::{ReplyFacts, in_band, object};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};

#[derive(Deserialize)]
struct Answer<'b> {
    data: Option<IgnoredAny>,
    usage: Option<ChatUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

/// Reads an answer with status 200.
pub(crate) fn read(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let answer: Answer<'_> = object(body)?;
    match (answer.data, answer.error) {
        (Some(_), _) => Ok(ReplyFacts { usage: answer.usage.map(|usage| usage.to_usage()), stop_reason: None }),
        (None, Some(error)) => Err(in_band(error, credential)),
        (None, None) => Err(Fault::new(FaultClass::Unreadable, "the provider's answer has no data")),
    }
}
