//! Reading a Responses stream as neutral events.
//!
//! Items are numbered by `output_index`, and only a terminal event ends the answer. Deltas are what counts; whole texts that
//! repeat them are left alone, but an item that came without deltas is read from its end.

use super::decode_reply::{Response, citation, reasoning, sealed_piece};
use super::served;
use crate::format::openai_chat::calls::{Calls, Fragment};
use crate::format::openai_chat::logprobs;
use crate::json::{Object, Path, Text, list};
use crate::neutral::content::Source;
use crate::neutral::event::Event;
use crate::neutral::opaque::Origin;
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::parse;
use crate::transcode::parts::{Parts, Sink};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;

#[derive(Deserialize)]
struct Message<'b> {
    #[serde(borrow, rename = "type")]
    kind: Text<'b>,
    output_index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Text<'b>>,
    #[serde(borrow)]
    item: Option<&'b RawValue>,
    #[serde(borrow)]
    response: Option<&'b RawValue>,
    #[serde(borrow)]
    annotation: Option<&'b RawValue>,
    #[serde(borrow)]
    logprobs: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
    summary_index: Option<u64>,
}

#[derive(Deserialize)]
struct Item<'b> {
    #[serde(borrow, rename = "type")]
    kind: Text<'b>,
    #[serde(borrow)]
    call_id: Option<Text<'b>>,
    #[serde(borrow)]
    name: Option<Text<'b>>,
    #[serde(borrow)]
    arguments: Option<Text<'b>>,
    #[serde(borrow)]
    input: Option<Text<'b>>,
    #[serde(borrow)]
    result: Option<Text<'b>>,
    #[serde(borrow)]
    output_format: Option<Text<'b>>,
}

pub(crate) struct Reader {
    origin: Origin,
    id: String,
    parts: Parts,
    calls: Calls,
    /// Whether the item that is open said something in deltas.
    has_deltas: bool,
    /// An item was told of.
    has_items: bool,
}

impl Reader {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            id: String::new(),
            parts: Parts::default(),
            calls: Calls::default(),
            has_deltas: false,
            has_items: false,
        }
    }

    /// Reads a message; true at a terminal event.
    pub(crate) fn read(
        &mut self,
        name: &[u8],
        data: &[u8],
        credential: Option<&str>,
        sink: &mut Sink<'_>,
    ) -> Result<bool, Fault> {
        if data == b"[DONE]" {
            return Ok(false);
        }
        let message: Message<'_> = parse(data)?;
        let delta = message.delta.as_ref().map_or("", |delta| &delta.0);
        match &*message.kind.0 {
            "response.output_text.delta" => {
                self.flush(sink)?;
                self.has_deltas = true;
                if let Some(logprobs) = message.logprobs.filter(|list| list.get() != "[]") {
                    self.parts.logprobs(&logprobs::read(logprobs), sink)?;
                }
                self.parts.text(delta, sink)?;
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.has_deltas = true;
                self.call(message.output_index, None, delta, sink)?;
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.flush(sink)?;
                self.has_deltas = true;
                self.parts.reasoning(delta, message.kind.0.contains("summary"), sink)?;
            }
            "response.refusal.delta" => {
                self.flush(sink)?;
                self.has_deltas = true;
                self.parts.refusal(delta, sink)?;
            }
            "response.reasoning_summary_part.added" if message.summary_index.is_some_and(|index| index > 0) => {
                self.parts.reasoning("\n\n", true, sink)?;
            }
            "response.output_text.annotation.added" => {
                if let Some(citation) = message.annotation.and_then(citation).filter(|_| self.parts.is_text_open()) {
                    sink(Event::Cite(&citation));
                }
            }
            // Places of sources count from the beginning of their part.
            "response.content_part.added" => {
                self.flush(sink)?;
                self.parts.close(sink);
            }
            "response.output_item.added" => self.item_added(message.output_index, message.item, sink)?,
            "response.output_item.done" => self.item_done(message.output_index, message.item, sink)?,
            "response.created" | "response.in_progress" => self.start(message.response, sink)?,
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.start(message.response, sink)?;
                self.end(message.response, credential, sink)?;
                return Ok(true);
            }
            "error" => {
                let error = message.error.map_or_else(|| parse::<&RawValue>(data), Ok)?;
                return Err(crate::reply::in_band(error, credential));
            }
            // What other hosts send in place of a failed response.
            _ if name == b"error" => return Err(crate::reply::in_band(parse::<&RawValue>(data)?, credential)),
            _ => {}
        }
        Ok(false)
    }

    fn start(&mut self, response: Option<&RawValue>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if let Some(response) = response.filter(|_| !self.parts.is_started()) {
            let response: Response<'_> = parse(response.get().as_bytes())?;
            if let Some(tier) = response.service_tier {
                sink(Event::Tier(tier));
            }
            self.parts.start(response.id.as_deref(), response.model.as_deref(), response.created(), sink);
            self.id = response.id.unwrap_or_default();
        }
        Ok(())
    }

    fn flush(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.calls.flush(&mut self.parts, &self.id, sink)
    }

    /// Calls are numbered by the number of their item, under which fragments find them.
    fn call(&mut self, index: Option<u64>, item: Option<&Item<'_>>, arguments: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let text = |text: Option<&Text<'_>>| text.map(|text| text.0.to_string()).unwrap_or_default();
        let id = text(item.and_then(|item| item.call_id.as_ref()));
        let name = text(item.and_then(|item| item.name.as_ref()));
        let is_custom = item.is_some_and(|item| item.kind.0 == "custom_tool_call");
        let kind = if is_custom { CallKind::Custom } else { CallKind::Function };
        let fragment = Fragment { index, id: &id, name: &name, arguments: Some(arguments), kind };
        self.calls.push(&fragment, &mut self.parts, &self.id, sink)
    }

    fn item_added(&mut self, index: Option<u64>, item: Option<&RawValue>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.has_deltas = false;
        self.has_items = true;
        let Some(item) = item else { return Ok(()) };
        let item: Item<'_> = parse(item.get().as_bytes())?;
        match &*item.kind.0 {
            "function_call" | "custom_tool_call" => self.call(index, Some(&item), "", sink),
            _ => Ok(()),
        }
    }

    fn item_done(&mut self, index: Option<u64>, raw: Option<&RawValue>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Some(raw) = raw else { return Ok(()) };
        self.has_items = true;
        let item: Item<'_> = parse(raw.get().as_bytes())?;
        let had_deltas = std::mem::take(&mut self.has_deltas);
        match &*item.kind.0 {
            "function_call" | "custom_tool_call" => {
                if !had_deltas {
                    let arguments = item.arguments.as_ref().or(item.input.as_ref()).map(|text| text.0.to_string());
                    self.call(index, Some(&item), &arguments.unwrap_or_default(), sink)?;
                }
                self.flush(sink)?;
                self.parts.close(sink);
            }
            "reasoning" => {
                let path = Path::Root;
                let mut object = Object::read(raw, &path).unwrap_or_default();
                let Ok(Some(thought)) = reasoning(&mut object, &path, self.origin) else { return Ok(()) };
                if !had_deltas {
                    self.flush(sink)?;
                    self.parts.reasoning(&thought.text, thought.is_summary, sink)?;
                }
                if let Some(opaque) = thought.opaque {
                    self.parts.seal(sealed_piece(opaque.origin, opaque.data), sink)?;
                }
                self.parts.close(sink);
            }
            "message" => {
                if !had_deltas {
                    self.message(raw, sink)?;
                }
            }
            "image_generation_call" => {
                if let Some(result) = item.result {
                    self.flush(sink)?;
                    self.parts.close(sink);
                    let media = format!("image/{}", item.output_format.as_ref().map_or("png", |form| &form.0));
                    sink(Event::Image(&Source::Base64 { media, data: result.0.into_owned() }));
                }
            }
            word if served::is_one(word)
                && let Some(served) = served::read(raw, self.origin) =>
            {
                self.flush(sink)?;
                self.parts.served(&served, sink)?;
            }
            kind => sink(Event::Lost { code: "content_dropped", what: kind }),
        }
        Ok(())
    }

    /// A message that came whole.
    fn message(&mut self, raw: &RawValue, sink: &mut Sink<'_>) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct Whole<'b> {
            #[serde(borrow)]
            content: Option<Vec<Part<'b>>>,
        }
        #[derive(Deserialize)]
        struct Part<'b> {
            text: Option<String>,
            refusal: Option<String>,
            #[serde(borrow, default)]
            annotations: Vec<&'b RawValue>,
            #[serde(borrow)]
            logprobs: Option<&'b RawValue>,
        }
        self.flush(sink)?;
        for part in parse::<Whole<'_>>(raw.get().as_bytes())?.content.unwrap_or_default() {
            self.parts.close(sink);
            self.parts.logprobs(&part.logprobs.map(logprobs::read).unwrap_or_default(), sink)?;
            self.parts.text(part.text.as_deref().unwrap_or_default(), sink)?;
            if self.parts.is_text_open() {
                part.annotations.into_iter().filter_map(citation).for_each(|citation| sink(Event::Cite(&citation)));
            }
            self.parts.refusal(part.refusal.as_deref().unwrap_or_default(), sink)?;
        }
        Ok(())
    }

    fn end(&mut self, response: Option<&RawValue>, credential: Option<&str>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let response = response.ok_or_else(super::stream::missing)?;
        let response: Response<'_> = parse(response.get().as_bytes())?;
        if let Some(tier) = response.service_tier {
            sink(Event::Tier(tier));
        }
        if let Some(usage) = response.used() {
            sink(Event::Usage(usage));
        }
        let stop = response.stop(credential)?;
        if !self.has_items && !self.has_deltas {
            // Some hosts tell an answer at its end alone.
            let items = response.output.and_then(|output| list(output, &Path::Root).ok()).unwrap_or_default();
            for (index, item) in (0..).zip(items) {
                self.item_done(Some(index), Some(item), sink)?;
            }
        }
        self.flush(sink)?;
        self.parts.stop(stop, sink);
        sink(Event::End);
        Ok(())
    }
}
