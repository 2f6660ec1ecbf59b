//! A whole Messages answer.

use super::usage::MessagesUsage;
use crate::reply::{ReplyFacts, in_band, object};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
struct Message<'b> {
    #[serde(borrow)]
    content: Option<&'b RawValue>,
    stop_reason: Option<Box<str>>,
    usage: Option<MessagesUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

pub(crate) fn read(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let message: Message<'_> = object(body)?;
    match (message.content, message.error) {
        (Some(_), _) => {
            let usage = message.usage.map(|usage| usage.over(Usage::default()));
            Ok(ReplyFacts { usage, stop_reason: message.stop_reason })
        }
        (None, Some(error)) => Err(in_band(error, credential)),
        (None, None) => Err(Fault::new(FaultClass::Unreadable, "the provider's answer has no content")),
    }
}
