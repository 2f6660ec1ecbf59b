//! Reading Gemini's answers as neutral events. Each message of a stream is a whole answer, of which the parts add up.

use super::grounding::{self, Grounding};
use super::logprobs;
use super::served::Gathering;
use super::usage::GeminiUsage;
use crate::json::Text;
use crate::neutral::content::{Citation, Source};
use crate::neutral::event::{Event, truncated};
use crate::neutral::logprobs::Logprob;
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin, fnv};
use crate::neutral::reply::{ANSWERS_MAX, Stop};
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::{parse, unreadable};
use crate::transcode::fit::arguments_text;
use crate::transcode::parts::{Parts, Sink};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'b> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'b>>>,
    prompt_feedback: Option<super::reply::Feedback>,
    usage_metadata: Option<GeminiUsage>,
    #[serde(borrow)]
    model_version: Option<Text<'b>>,
    #[serde(borrow)]
    response_id: Option<Text<'b>>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'b> {
    index: Option<u64>,
    #[serde(borrow)]
    content: Option<Content<'b>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'b>>,
    #[serde(borrow)]
    finish_message: Option<Text<'b>>,
    #[serde(borrow)]
    grounding_metadata: Option<&'b RawValue>,
    #[serde(borrow)]
    logprobs_result: Option<&'b RawValue>,
    #[serde(borrow)]
    url_context_metadata: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Content<'b> {
    #[serde(borrow)]
    parts: Option<Vec<Part<'b>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'b> {
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(default)]
    thought: bool,
    #[serde(borrow)]
    thought_signature: Option<Text<'b>>,
    #[serde(borrow)]
    function_call: Option<FunctionCall<'b>>,
    #[serde(borrow)]
    inline_data: Option<InlineData<'b>>,
    #[serde(borrow)]
    executable_code: Option<&'b RawValue>,
    #[serde(borrow)]
    code_execution_result: Option<&'b RawValue>,
}

impl Part<'_> {
    /// Whether it is nothing but a signature.
    fn is_bare_signature(&self) -> bool {
        self.thought_signature.is_some()
            && self.text.as_ref().is_none_or(Text::is_empty)
            && self.function_call.is_none()
            && self.inline_data.is_none()
    }
}

#[derive(Deserialize)]
struct FunctionCall<'b> {
    #[serde(borrow)]
    id: Option<Text<'b>>,
    #[serde(borrow)]
    name: Text<'b>,
    #[serde(borrow)]
    args: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'b> {
    #[serde(borrow)]
    mime_type: Text<'b>,
    #[serde(borrow)]
    data: Text<'b>,
}

pub(crate) struct Reader {
    origin: Origin,
    id: String,
    parts: Parts,
    calls: usize,
    text: grounding::Text,
    cited: Vec<Citation>,
    searches: u32,
    /// Of the tokens of the text that comes next.
    logprobs: Vec<Logprob>,
    served: Gathering,
    /// The other answers, where several were asked for, and the number of the one that is told.
    others: Vec<Self>,
    number: usize,
    stop: Option<Stop>,
}

impl Reader {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            id: String::new(),
            parts: Parts::default(),
            calls: 0,
            text: grounding::Text::default(),
            cited: Vec::new(),
            searches: 0,
            logprobs: Vec::new(),
            served: Gathering::default(),
            others: Vec::new(),
            number: 0,
            stop: None,
        }
    }

    pub(crate) fn read(&mut self, data: &[u8], credential: Option<&str>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let answer: Answer<'_> = parse(data)?;
        if let Some(error) = answer.error.filter(|error| error.get() != "null") {
            return Err(crate::reply::in_band(error, credential));
        }
        let text = |text: &Option<Text<'_>>| text.as_ref().map(|text| text.0.to_string());
        if let Some(tier) = answer.usage_metadata.as_ref().and_then(GeminiUsage::tier) {
            sink(Event::Tier(tier));
        }
        if !self.parts.is_started() {
            let (id, model) = (text(&answer.response_id), text(&answer.model_version));
            self.parts.start(id.as_deref(), model.as_deref(), None, sink);
            self.id = id.unwrap_or_default();
        }
        let model = answer.model_version.as_ref().map(|model| &*model.0);
        for candidate in answer.candidates.into_iter().flatten() {
            let number = candidate.index.and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
            if number >= ANSWERS_MAX {
                continue;
            }
            while self.others.len() < number {
                // Calls without an id of their own get one from this.
                let id = format!("{}-{}", self.id, self.others.len() + 1);
                self.others.push(Self { id, ..Self::new(self.origin) });
            }
            self.turn_to(number, sink);
            match number.checked_sub(1) {
                None => self.candidate(candidate, model, sink)?,
                Some(other) => self.others[other].candidate(candidate, model, sink)?,
            }
        }
        if answer.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            self.stop = Some(Stop::ContentFilter);
        }
        if let Some(usage) = answer.usage_metadata {
            let mut usage = usage.to_usage();
            usage.units.web_searches = self.others.iter().map(|other| other.searches).max().unwrap_or(0).max(self.searches);
            sink(Event::Usage(usage));
        }
        Ok(())
    }

    fn turn_to(&mut self, number: usize, sink: &mut Sink<'_>) {
        if self.number != number {
            self.number = number;
            sink(Event::Answer(number));
        }
    }

    fn candidate(&mut self, candidate: Candidate<'_>, model: Option<&str>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.text.begin_message();
        let mut parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
        // A signature alone at the end would close the text before its sources are told.
        let is_bare = |part: &Part<'_>| part.is_bare_signature();
        let last = if candidate.grounding_metadata.is_some() && parts.last().is_some_and(is_bare) { parts.pop() } else { None };
        self.logprobs = candidate.logprobs_result.map(logprobs::read).unwrap_or_default();
        for part in parts {
            self.part(part, sink)?;
        }
        if self.parts.is_text_open() {
            self.parts.logprobs(&std::mem::take(&mut self.logprobs), sink)?;
        }
        if let Some(grounding) = candidate.grounding_metadata.map(Grounding::read) {
            self.searches = self.searches.max(grounding.searches(model));
            self.served.grounding(&grounding);
            if self.parts.is_text_open() {
                grounding::tell(grounding.citations(&self.text), &mut self.cited, sink);
            }
        }
        if let Some(last) = last {
            self.part(last, sink)?;
        }
        candidate.url_context_metadata.into_iter().for_each(|context| self.served.url_context(context));
        if let Some(reason) = candidate.finish_reason {
            self.stop = Some(stop(&reason.0, candidate.finish_message.as_ref().map(|message| &*message.0))?);
        }
        Ok(())
    }

    fn part(&mut self, part: Part<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let text = part.text.as_ref().filter(|_| !part.thought).map_or("", |text| &text.0);
        let opens = !self.parts.is_text_open() || part.thought_signature.is_some() || part.inline_data.is_some();
        self.text.part(text, opens && !text.is_empty());
        let opaque = part.thought_signature.filter(|signature| !signature.is_empty()).map(|signature| Opaque {
            origin: self.origin,
            kind: OpaqueKind::Signature,
            data: signature.0.into_owned(),
        });
        if part.thought {
            self.parts.reasoning(part.text.as_ref().map_or("", |text| &text.0), true, sink)?;
            return opaque.map_or(Ok(()), |opaque| self.parts.seal(opaque, sink));
        }
        if let Some(call) = part.function_call {
            return self.call(&call, opaque, sink);
        }
        if let Some(opaque) = opaque {
            self.parts.sealed(&opaque, None, sink)?;
        }
        if let Some(data) = part.inline_data {
            self.parts.close(sink);
            sink(Event::Image(&Source::Base64 { media: data.mime_type.0.into_owned(), data: data.data.0.into_owned() }));
        }
        if let Some(code) = part.executable_code {
            let waiting = self.served.code(code, &self.id);
            waiting.map_or(Ok(()), |served| self.parts.served(&served, sink))?;
        }
        if let Some(result) = part.code_execution_result {
            match self.served.result(result, self.origin) {
                Some(served) => self.parts.served(&served, sink)?,
                None => sink(Event::Lost { code: "content_dropped", what: "codeExecutionResult" }),
            }
        }
        let text = part.text.as_ref().map_or("", |text| &text.0);
        if !text.is_empty() && !self.logprobs.is_empty() {
            self.parts.logprobs(&std::mem::take(&mut self.logprobs), sink)?;
        }
        self.parts.text(text, sink)
    }

    /// A call comes whole. Without an id of its own it gets one that the same answer gives again.
    fn call(&mut self, call: &FunctionCall<'_>, opaque: Option<Opaque>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let minted;
        let id = match call.id.as_ref().filter(|id| !id.is_empty()) {
            Some(id) => &*id.0,
            None => {
                let bytes = self.id.bytes().chain(self.calls.to_le_bytes()).chain(call.name.0.bytes());
                minted = format!("call_{:016x}", fnv(bytes));
                &minted
            }
        };
        self.calls += 1;
        if let Some(opaque) = opaque {
            self.parts.sealed(&opaque, Some(id), sink)?;
        }
        self.parts.open_call(id, &call.name.0, CallKind::Function, sink)?;
        let arguments = call.args.map_or("", RawValue::get);
        if !matches!(arguments, "" | "null" | "{}") {
            self.parts.arguments(&arguments_text(arguments), sink);
        }
        self.parts.close(sink);
        Ok(())
    }

    /// There is no end marker: it is whole when it ended behind a reason.
    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        for (at, mut other) in std::mem::take(&mut self.others).into_iter().enumerate() {
            // Of one that nothing was said of, there is nothing to end.
            if other.stop.is_some() || other.parts.has_any() {
                self.turn_to(at + 1, sink);
                other.stop(sink)?;
            }
        }
        self.turn_to(0, sink);
        self.stop(sink)?;
        sink(Event::End);
        Ok(())
    }

    fn stop(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        for served in self.served.rest(&self.id) {
            self.parts.served(&served, sink)?;
        }
        self.parts.stop(stop, sink);
        Ok(())
    }
}

/// Why an answer ended. Words for what the model got wrong are faults: nothing usable was said.
fn stop(word: &str, message: Option<&str>) -> Result<Stop, Fault> {
    Ok(match word {
        "STOP" | "FINISH_REASON_UNSPECIFIED" => Stop::End,
        "MAX_TOKENS" => Stop::MaxTokens,
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "MODEL_ARMOR" => {
            Stop::ContentFilter
        }
        word if word.starts_with("IMAGE_") => Stop::ContentFilter,
        "CONTINUATION" => Stop::Pause,
        other => match failure(other, message) {
            Some(fault) => return Err(fault),
            None => Stop::Other(other.to_owned()),
        },
    })
}

/// What a `finishReason` says of an answer that cannot be used, if it is a word for that.
pub(super) fn failure(word: &str, message: Option<&str>) -> Option<Fault> {
    let is_one = matches!(
        word,
        "MALFORMED_FUNCTION_CALL"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MISSING_THOUGHT_SIGNATURE"
            | "MALFORMED_RESPONSE"
    );
    let message = message.unwrap_or("no more was said");
    is_one.then(|| unreadable(format!("the model's answer could not be used ({word}): {message}")))
}
