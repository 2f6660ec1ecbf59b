//! What OpenRouter's clients find in an answer beside what the model said: who answered, under which id it is accounted for, and
//! what it cost.
//!
//! Members are added to an answer that is in the client's format already, and all others stay byte for byte as they are. An
//! answer that cannot be read passes as it is: what a model said is worth more than what it cost.

mod reasoning;
mod told;

use crate::edit::{for_each_member, json_string, push_member};
use crate::sse;
use bytes::{Bytes, BytesMut};
use told::Told;
use wardgate_core::format::Format;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::Usage;

/// What an answer is given.
#[derive(Debug, Clone, Default)]
pub struct Enrichment {
    /// The id under which the answer is accounted for, in place of the provider's; none leaves that. Only the formats of OpenAI's
    /// completions take it: to other clients an id means more than a name.
    pub id: Option<Box<str>>,
    /// Who answered; none: it is not told.
    pub provider: Option<Box<str>>,
}

/// What an answer costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// All of it; none when it is not known.
    pub cost: Option<NanoUsd>,
    /// Of that, what the provider takes for the input.
    pub input: Option<NanoUsd>,
    /// Of that, what the provider takes for the output.
    pub output: Option<NanoUsd>,
    /// Whether the provider was asked with a key of the caller's own account.
    pub is_byok: bool,
}

/// An unstreamed answer, enriched. `usage` is told where the answer has none of its own.
#[must_use]
pub fn whole(
    format: Format,
    body: &[u8],
    given: &Enrichment,
    bill: &Bill,
    usage: &Usage,
    stop_reason: Option<&str>,
) -> Option<Vec<u8>> {
    let told = Told { format, given, bill, usage, stop_reason };
    match format {
        Format::OpenAiChat | Format::OpenAiCompletions | Format::OpenAiEmbeddings => {
            told.completion(body, true).map(|(text, _)| text)
        }
        Format::AnthropicMessages | Format::OpenAiResponses => told.message(body, true),
        // These have no place for it, or no client is served in them.
        _ => None,
    }
}

/// Enriches a stream, a run of whole events at a time.
#[derive(Debug)]
pub struct Enricher {
    format: Format,
    given: Enrichment,
    has_told_usage: bool,
    /// The last chunk's members that every chunk repeats, for one of our own.
    created: Option<Box<str>>,
    model: Option<Box<str>>,
    id: Option<Box<str>>,
}

impl Enricher {
    /// For a stream of this format.
    #[must_use]
    pub const fn new(format: Format, given: Enrichment) -> Self {
        Self { format, given, has_told_usage: false, created: None, model: None, id: None }
    }

    /// Takes whole events and gives them back with what is added. `bill` says what has been used and what that costs, as far as
    /// is known; `stop_reason` is the provider's own word.
    pub fn pass(&mut self, run: Bytes, stop_reason: Option<&str>, bill: &dyn Fn() -> (Usage, Bill)) -> Bytes {
        let has_place = matches!(
            self.format,
            Format::OpenAiChat | Format::OpenAiCompletions | Format::AnthropicMessages | Format::OpenAiResponses
        );
        if !has_place {
            return run;
        }
        let mut out = BytesMut::with_capacity(run.len() + 256);
        for (bytes, event) in sse::events(&run) {
            let rewritten = match event.data.as_deref() {
                None | Some([]) => None,
                Some(data) => self.event(data, stop_reason, bill),
            };
            match rewritten {
                None => out.extend_from_slice(bytes),
                Some(texts) => {
                    for text in texts {
                        if !event.name.is_empty() {
                            out.extend_from_slice(b"event: ");
                            out.extend_from_slice(event.name);
                            out.extend_from_slice(b"\n");
                        }
                        // What came in several lines goes in as many.
                        for line in text.split(|byte| *byte == b'\n') {
                            out.extend_from_slice(b"data: ");
                            out.extend_from_slice(line);
                            out.extend_from_slice(b"\n");
                        }
                        out.extend_from_slice(b"\n");
                    }
                }
            }
        }
        out.freeze()
    }

    /// The data of the events that take the place of one; none: it stays.
    fn event(&mut self, data: &[u8], stop_reason: Option<&str>, bill: &dyn Fn() -> (Usage, Bill)) -> Option<Vec<Vec<u8>>> {
        match self.format {
            Format::OpenAiChat | Format::OpenAiCompletions => {
                if data.starts_with(b"[DONE]") {
                    if self.has_told_usage {
                        return None;
                    }
                    self.has_told_usage = true;
                    return Some(vec![self.usage_chunk(bill), data.to_vec()]);
                }
                self.remember(data);
                let (usage, bill) = if finds(data, b"\"usage\"") { bill() } else { Default::default() };
                let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason };
                let (text, has_usage) = told.completion(data, false)?;
                self.has_told_usage |= has_usage;
                Some(vec![text])
            }
            Format::AnthropicMessages => {
                let is_start = finds(data, b"message_start");
                if !is_start && !finds(data, b"message_delta") {
                    return None;
                }
                let (usage, bill) = if is_start { Default::default() } else { bill() };
                let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason };
                if is_start { told.within(data, "message", false) } else { told.message(data, false) }.map(|text| vec![text])
            }
            Format::OpenAiResponses => {
                let is_last = ["response.completed", "response.incomplete"].iter().any(|name| finds(data, name.as_bytes()));
                if !is_last {
                    return None;
                }
                let (usage, bill) = bill();
                let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason };
                told.within(data, "response", true).map(|text| vec![text])
            }
            _ => None,
        }
    }

    /// What a chunk of our own repeats of the provider's.
    fn remember(&mut self, data: &[u8]) {
        if self.model.is_some() {
            return;
        }
        // A chunk that cannot be read leaves its envelope to the next one.
        let _ = for_each_member(data, |key, value| match key {
            "created" => self.created = Some(value.into()),
            "model" => self.model = Some(value.into()),
            "id" => self.id = Some(value.into()),
            _ => {}
        });
    }

    /// A chunk that tells usage, for a provider that told none.
    fn usage_chunk(&self, bill: &dyn Fn() -> (Usage, Bill)) -> Vec<u8> {
        let (usage, bill) = bill();
        let mut text = String::from("{");
        let id = self.given.id.as_deref().map(json_string);
        if let Some(id) = id.as_deref().or(self.id.as_deref()) {
            push_member(&mut text, "id", id);
        }
        let object = if self.format == Format::OpenAiChat { "\"chat.completion.chunk\"" } else { "\"text_completion\"" };
        push_member(&mut text, "object", object);
        if let Some(created) = &self.created {
            push_member(&mut text, "created", created);
        }
        if let Some(model) = &self.model {
            push_member(&mut text, "model", model);
        }
        if let Some(provider) = &self.given.provider {
            push_member(&mut text, "provider", &json_string(provider));
        }
        push_member(&mut text, "choices", "[]");
        let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason: None };
        push_member(&mut text, "usage", &told.usage(None));
        text.push('}');
        text.into_bytes()
    }
}

fn finds(data: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(data, word).is_some()
}

#[cfg(test)]
mod tests;
