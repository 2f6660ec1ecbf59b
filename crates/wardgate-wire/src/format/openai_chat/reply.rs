//! A whole Chat Completions answer.

use super::decode_stream::failure;
use super::usage::ChatUsage;
use crate::reply::{FirstOf, ReplyFacts, in_band, object};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};

#[derive(Deserialize)]
struct Completion<'b> {
    choices: Option<FirstOf<Choice>>,
    usage: Option<ChatUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
    /// MiniMax.
    #[serde(borrow)]
    base_resp: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<Box<str>>,
    usage: Option<ChatUsage>,
}

pub(crate) fn read(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let completion: Completion<'_> = object(body)?;
    let Some(FirstOf(first)) = completion.choices else {
        return Err(match completion.error.or(completion.base_resp) {
            Some(error) => in_band(error, credential),
            None => Fault::new(FaultClass::Unreadable, "the provider's answer has no choices"),
        });
    };
    let (stop_reason, choice_usage) = first.map_or((None, None), |choice| (choice.finish_reason, choice.usage));
    if let Some(fault) = stop_reason.as_deref().and_then(failure) {
        return Err(fault);
    }
    Ok(ReplyFacts { usage: completion.usage.or(choice_usage).map(|usage| usage.to_usage()), stop_reason })
}
