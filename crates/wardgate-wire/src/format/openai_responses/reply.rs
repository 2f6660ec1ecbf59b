//! A whole Responses answer, in passing.

use super::stream::missing;
use super::usage::{ResponsesUsage, ToolUsage, searches};
use crate::reply::{ReplyFacts, in_band, object};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
pub(super) struct Response<'b> {
    pub(super) status: Option<String>,
    #[serde(borrow)]
    pub(super) output: Option<&'b RawValue>,
    pub(super) incomplete_details: Option<Incomplete>,
    pub(super) usage: Option<ResponsesUsage>,
    pub(super) tool_usage: Option<ToolUsage>,
    #[serde(borrow)]
    pub(super) error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Incomplete {
    pub(super) reason: Option<String>,
}

impl Response<'_> {
    /// What it used, its searches included.
    pub(super) fn used(&self) -> Option<Usage> {
        let usage = self.usage.as_ref()?;
        Some(usage.with_searches(searches(self.tool_usage.as_ref(), self.output)))
    }

    /// Why it ended: the reason where it is incomplete, else the status.
    pub(super) fn reason(&self) -> Option<&str> {
        self.incomplete_details.as_ref().and_then(|details| details.reason.as_deref()).or(self.status.as_deref())
    }
}

pub(crate) fn read(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let response: Response<'_> = object(body)?;
    if let Some(error) = response.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    if response.status.as_deref() == Some("failed") {
        return Err(missing());
    }
    if response.output.is_none() {
        return Err(Fault::new(FaultClass::Unreadable, "the provider's answer has no output"));
    }
    Ok(ReplyFacts { stop_reason: response.reason().map(Into::into), usage: response.used() })
}
