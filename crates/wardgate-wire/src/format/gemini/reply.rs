//! A whole generateContent answer, in passing.

use super::decode_stream::failure;
use super::grounding::Grounding;
use super::usage::GeminiUsage;
use crate::json::Text;
use crate::reply::{ReplyFacts, in_band, object};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Glance<'b> {
    #[serde(borrow)]
    pub(super) candidates: Option<Vec<Candidate<'b>>>,
    pub(super) prompt_feedback: Option<Feedback>,
    pub(super) usage_metadata: Option<GeminiUsage>,
    #[serde(borrow)]
    pub(super) model_version: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) response_id: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'b> {
    #[serde(borrow)]
    pub(super) content: Option<&'b RawValue>,
    pub(super) finish_reason: Option<Box<str>>,
    #[serde(borrow)]
    pub(super) grounding_metadata: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback {
    pub(super) block_reason: Option<Box<str>>,
}

impl Glance<'_> {
    /// The searches that it tells of.
    pub(super) fn searches(&self) -> u32 {
        let told = self.candidates.iter().flatten().filter_map(|candidate| candidate.grounding_metadata);
        told.map(|grounding| Grounding::read(grounding).searches(self.model_version.as_ref().map(|text| &*text.0)))
            .max()
            .unwrap_or(0)
    }

    /// What it used, with so many searches at least.
    pub(super) fn used(&self, searches: u32) -> Option<Usage> {
        let mut usage = self.usage_metadata.as_ref()?.to_usage();
        usage.units.web_searches = searches.max(self.searches());
        Some(usage)
    }

    /// Why it ended: the first candidate's reason, or why the prompt was blocked.
    pub(super) fn reason(&self) -> Option<Box<str>> {
        let finish = self.candidates.iter().flatten().find_map(|candidate| candidate.finish_reason.clone());
        finish.or_else(|| self.prompt_feedback.as_ref()?.block_reason.clone())
    }
}

pub(crate) fn read(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let answer: Glance<'_> = object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    if answer.candidates.is_none() && answer.prompt_feedback.is_none() {
        return Err(Fault::new(FaultClass::Unreadable, "the provider's answer has no candidates"));
    }
    let stop_reason = answer.reason();
    if let Some(fault) = stop_reason.as_deref().and_then(|reason| failure(reason, None)) {
        return Err(fault);
    }
    Ok(ReplyFacts { stop_reason, usage: answer.used(0) })
}
