//! Reading a Chat Completions stream as neutral events.
//!
//! One chunk may say several things; they are taken in the order reasoning, text, refusal, calls, reason for stopping, usage. The
//! reason is held until the end, because usage and more may follow it.

use super::calls::{Calls, Fragment};
use super::chunk::{Annotation, CallDelta, Choice, Choices, Chunk, Delta, ExtraContent};
use super::logprobs;
use super::marks::{Marks, Source, sources};
use super::reasoning::Detail;
use super::template::Template;
use super::tier;
use super::usage::ChatUsage;
use crate::json::Text;
use crate::neutral::event::{Event, truncated};
use crate::neutral::logprobs::Logprob;
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin};
use crate::neutral::reply::{ANSWERS_MAX, Stop};
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::{parse, unreadable};
use crate::transcode::parts::{Parts, Sink};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};

/// What has been read of a stream.
pub(crate) struct Reader {
    origin: Origin,
    id: String,
    parts: Parts,
    calls: Calls,
    marks: Marks,
    sources: Vec<Source>,
    /// Of the tokens of the text that comes next.
    logprobs: Vec<Logprob>,
    template: Template,
    /// The other answers, where several were asked for, and the number of the one that is told.
    others: Vec<Self>,
    number: usize,
    stop: Option<Stop>,
    /// Whether a reason came that says nothing. Some hosts end so.
    has_blank_reason: bool,
}

impl Reader {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            id: String::new(),
            parts: Parts::default(),
            calls: Calls::default(),
            marks: Marks::default(),
            sources: Vec::new(),
            logprobs: Vec::new(),
            template: Template::default(),
            others: Vec::new(),
            number: 0,
            stop: None,
            has_blank_reason: false,
        }
    }

    /// Reads a message; true at the end marker.
    pub(crate) fn read(&mut self, data: &[u8], credential: Option<&str>, sink: &mut Sink<'_>) -> Result<bool, Fault> {
        if let Some(text) = self.template.text(data) {
            self.turn_to(0, sink);
            return self.string(text, sink).map(|()| false);
        }
        if data.trim_ascii() == b"[DONE]" {
            self.others.iter_mut().for_each(Self::take_blank_reason);
            self.take_blank_reason();
            self.end(sink)?;
            return Ok(true);
        }
        let chunk: Chunk<'_> = parse(data)?;
        if let Some(error) = chunk.error.filter(|error| error.get() != "null") {
            return Err(crate::reply::in_band(error, credential));
        }
        let text = |raw: Option<&RawValue>| {
            let text = raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
            text.filter(|text| !text.is_empty())
        };
        let is_first = !self.parts.is_started();
        if (is_first || chunk.usage.is_some())
            && let Some(tier) = text(chunk.service_tier).and_then(|word| tier::served(&word))
        {
            sink(Event::Tier(tier));
        }
        if is_first && (chunk.id.is_some() || chunk.choices.is_some()) {
            let (id, model) = (text(chunk.id), text(chunk.model));
            self.parts.start(id.as_deref(), model.as_deref(), chunk.created, sink);
            self.id = id.unwrap_or_default();
        }
        if let Some(sources) = sources(chunk.search_results, chunk.citations) {
            self.sources = sources;
        }
        if let Some(text) = chunk.sole_text() {
            self.template.learn(data, text, chunk.obfuscation);
        }
        let mut usage = chunk.usage.or_else(|| chunk.x_groq.and_then(|it| it.usage));
        for choice in chunk.choices.into_iter().flat_map(Choices::into_iter) {
            let told = match choice.index.unwrap_or(0) {
                0 => {
                    self.turn_to(0, sink);
                    self.choice(choice, sink)?
                }
                number => self.other(number, choice, sink)?,
            };
            usage = usage.or(told);
        }
        if let Some(usage) = usage {
            sink(Event::Usage(usage.to_usage()));
        }
        Ok(false)
    }

    fn take_blank_reason(&mut self) {
        if self.has_blank_reason {
            self.stop.get_or_insert(Stop::End);
        }
    }

    fn turn_to(&mut self, number: usize, sink: &mut Sink<'_>) {
        if self.number != number {
            self.number = number;
            sink(Event::Answer(number));
        }
    }

    /// A piece of another answer than the first.
    fn other(&mut self, number: u64, choice: Choice<'_>, sink: &mut Sink<'_>) -> Result<Option<Box<ChatUsage>>, Fault> {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if number >= ANSWERS_MAX {
            return Ok(None);
        }
        while self.others.len() < number {
            // Calls without an id of their own get one from this.
            let id = format!("{}-{}", self.id, self.others.len() + 1);
            self.others.push(Self { id, ..Self::new(self.origin) });
        }
        self.turn_to(number, sink);
        self.others[number - 1].choice(choice, sink)
    }

    fn choice(&mut self, choice: Choice<'_>, sink: &mut Sink<'_>) -> Result<Option<Box<ChatUsage>>, Fault> {
        if let Some(logprobs) = choice.logprobs {
            self.logprobs = logprobs::read_choice(logprobs);
        }
        if let Some(delta) = choice.delta {
            self.delta(*delta, sink)?;
        }
        if choice.logprobs.is_some() {
            self.tell_logprobs(sink)?;
        }
        match choice.finish_reason {
            Some(reason) if reason.is_empty() => self.has_blank_reason = true,
            Some(reason) => self.finish_reason(&reason.0)?,
            None => {}
        }
        Ok(choice.usage)
    }

    fn delta(&mut self, delta: Delta<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let details = delta.reasoning_details.unwrap_or_default();
        let has_text = self.details(&details, sink)?;
        if !has_text && let Some(text) = delta.reasoning_content.or(delta.reasoning).filter(|text| !text.is_empty()) {
            self.flush(sink)?;
            self.parts.reasoning(&text.0, false, sink)?;
        }
        if let Some(content) = delta.content {
            self.content(content, sink)?;
        }
        for citation in delta.annotations.into_iter().flatten().filter_map(Annotation::citation) {
            if self.parts.is_text_open()
                && let Some(citation) = self.marks.in_part(citation)
            {
                sink(Event::Cite(&citation));
            }
        }
        if let Some(refusal) = delta.refusal.filter(|text| !text.is_empty()) {
            self.flush(sink)?;
            self.parts.refusal(&refusal.0, sink)?;
        }
        delta.tool_calls.into_iter().flatten().try_for_each(|call| self.call(call, sink))
    }

    fn flush(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.calls.flush(&mut self.parts, &self.id, sink)
    }

    /// Reasoning details. Says whether they held text, which then also stands in the plain field.
    fn details(&mut self, details: &[&RawValue], sink: &mut Sink<'_>) -> Result<bool, Fault> {
        let mut has_text = false;
        for raw in details {
            let Ok(detail) = serde_json::from_str::<Detail<'_>>(raw.get()) else { continue };
            if let Some(text) = detail.shown() {
                has_text = true;
                self.flush(sink)?;
                self.parts.reasoning(text, detail.is_summary(), sink)?;
            }
            if let Some(opaque) = detail.opaque(raw, self.origin) {
                match detail.kind.as_ref() {
                    "reasoning.encrypted" => self.parts.sealed(&opaque, detail.id.as_deref(), sink)?,
                    _ => self.parts.seal(opaque, sink)?,
                }
            }
        }
        Ok(has_text)
    }

    fn content(&mut self, content: &RawValue, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let raw = content.get();
        if raw == "null" {
            return Ok(());
        }
        if raw.starts_with('"') {
            return self.string(raw.as_bytes(), sink);
        }
        self.flush(sink)?;
        // Some hosts send parts, as in a request.
        for part in parse::<Vec<ContentPart>>(raw.as_bytes())? {
            for inner in part.thinking.into_iter().flatten() {
                self.parts.reasoning(&inner.text.unwrap_or_default(), false, sink)?;
            }
            self.text(&part.text.unwrap_or_default(), sink)?;
        }
        Ok(())
    }

    /// Content as it nearly always is, a string. An empty one says nothing.
    fn string(&mut self, string: &[u8], sink: &mut Sink<'_>) -> Result<(), Fault> {
        if string == b"\"\"" {
            return Ok(());
        }
        let text: Text<'_> = parse(string)?;
        self.flush(sink)?;
        self.text(&text.0, sink)
    }

    fn text(&mut self, text: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if !self.parts.is_text_open() {
            self.marks.begin_part();
        }
        self.marks.read(text);
        if !self.logprobs.is_empty() {
            self.parts.logprobs(&std::mem::take(&mut self.logprobs), sink)?;
        }
        self.parts.text(text, sink)
    }

    /// Tells of tokens that came without text. They are of the open text, or of what has no place for them, such as calls.
    fn tell_logprobs(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let logprobs = std::mem::take(&mut self.logprobs);
        if self.parts.is_text_open() { self.parts.logprobs(&logprobs, sink) } else { Ok(()) }
    }

    fn call(&mut self, call: CallDelta<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let id = call.id.unwrap_or_default();
        if let Some(signature) = call.extra_content.and_then(ExtraContent::signature) {
            let opaque = Opaque { origin: self.origin, kind: OpaqueKind::Signature, data: signature };
            self.flush(sink)?;
            self.parts.sealed(&opaque, Some(&id.0), sink)?;
        }
        let (name, arguments, kind) = match (call.function, call.custom) {
            (_, Some(custom)) => (custom.name, custom.input, CallKind::Custom),
            (Some(function), None) => {
                let arguments = function.arguments.map(|raw| match raw.get() {
                    "null" => Ok(Text::default()),
                    text if text.starts_with('"') => parse(text.as_bytes()),
                    // Some hosts send the object itself.
                    object => Ok(Text(object.into())),
                });
                (function.name, arguments.transpose()?, CallKind::Function)
            }
            (None, None) => (None, None, CallKind::Function),
        };
        let name = name.unwrap_or_default();
        let fragment =
            Fragment { index: call.index, id: &id.0, name: &name.0, arguments: arguments.as_ref().map(|text| &*text.0), kind };
        self.calls.push(&fragment, &mut self.parts, &self.id, sink)
    }

    /// Of two reasons the first counts, unless only the second knows of calls.
    fn finish_reason(&mut self, word: &str) -> Result<(), Fault> {
        let stop = stop(word)?;
        if self.stop.as_ref().is_none_or(|earlier| *earlier == Stop::End && stop == Stop::ToolUse) {
            self.stop = Some(stop);
        }
        Ok(())
    }

    /// The end, by its marker or by the end of the bytes.
    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        for (at, mut other) in std::mem::take(&mut self.others).into_iter().enumerate() {
            // Of one that nothing was said of, there is nothing to end.
            if other.stop.is_some() || other.parts.has_any() {
                self.turn_to(at + 1, sink);
                other.stop(&self.sources, sink)?;
            }
        }
        self.turn_to(0, sink);
        let sources = std::mem::take(&mut self.sources);
        self.stop(&sources, sink)?;
        sink(Event::End);
        Ok(())
    }

    fn stop(&mut self, sources: &[Source], sink: &mut Sink<'_>) -> Result<(), Fault> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        if self.parts.is_text_open() {
            self.marks.citations(sources).for_each(|citation| sink(Event::Cite(&citation)));
        }
        self.flush(sink)?;
        self.parts.stop(stop, sink);
        Ok(())
    }
}

#[derive(Deserialize)]
pub(super) struct ContentPart {
    pub(super) text: Option<String>,
    pub(super) thinking: Option<Vec<ThinkingPart>>,
}

#[derive(Deserialize)]
pub(super) struct ThinkingPart {
    pub(super) text: Option<String>,
}

/// Why an answer ended, from `finish_reason`.
pub(super) fn stop(word: &str) -> Result<Stop, Fault> {
    Ok(match word {
        "stop" | "eos" | "eos_token" | "end_turn" => Stop::End,
        "stop_sequence" => Stop::Sequence(None),
        "length" | "max_tokens" => Stop::MaxTokens,
        "model_length" | "model_context_window_exceeded" => Stop::ContextWindow,
        "tool_calls" | "function_call" | "tool_use" => Stop::ToolUse,
        "content_filter" | "sensitive" => Stop::ContentFilter,
        "" => return Err(unreadable("the provider gave no reason for the end of its answer")),
        other => match failure(other) {
            Some(fault) => return Err(fault),
            None => Stop::Other(other.to_owned()),
        },
    })
}

/// What a `finish_reason` says of a failure, if it is a word for one: of the host, or of a model whose answer cannot be used. Hosts
/// of other vendors' models hand on those vendors' words, some with a word of their own before them.
pub(crate) fn failure(word: &str) -> Option<Fault> {
    const OF_HOSTS: [&str; 4] = ["error", "network_error", "insufficient_system_resource", "abort"];
    const OF_MODELS: [&str; 6] = [
        "malformed_function_call",
        "malformed_tool_use",
        "malformed_model_output",
        "malformed_response",
        "missing_thought_signature",
        "unexpected_tool_call",
    ];
    let last = word.rsplit(' ').next().unwrap_or_default();
    if OF_HOSTS.contains(&word) {
        return Some(Fault::new(FaultClass::Server, format!("the provider ended its answer with {word:?}")));
    }
    OF_MODELS
        .iter()
        .any(|of_models| last.eq_ignore_ascii_case(of_models))
        .then(|| unreadable(format!("the model's answer could not be used ({last})")))
}
