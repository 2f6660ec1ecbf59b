//! A provider's stream in, a client's stream out.

use super::aliases::{Aliases, unwrap};
use super::decoder::StreamDecoder;
use super::json_tool::{self, Unwrapper};
use super::stops::{StopFilter, Stops};
use crate::error_body::{self, ErrorBody};
use crate::format::{anthropic_messages, gemini, openai_chat, openai_responses};
use crate::neutral::event::{Event, Open};
use crate::neutral::keepsake::Keepsake;
use crate::neutral::loss::Warnings;
use crate::neutral::reply::{GATHERED_BYTES_MAX, Reply, Stop};
use crate::neutral::tool::CallKind;
use crate::recall::{self, Identity};
use crate::stream::StreamFacts;
use crate::transcode::pause::Paused;
use crate::transcode::{UNKNOWN_FINISH_REASON, USAGE_ESTIMATED, completions};
use bytes::Bytes;
use std::collections::BTreeMap;
use wardgate_core::fault::Fault;
use wardgate_core::format::Format;
use wardgate_core::secret::Secret;
use wardgate_core::usage::Usage;

/// What an answer for a client needs beside the answer itself.
#[derive(Debug, Clone, Default)]
pub struct ReplyOptions {
    /// Takes the place of the answer's id where the provider gave none.
    pub request_id: String,
    /// Unix seconds, where the provider said nothing.
    pub created: i64,
    /// The model's name to show; the provider's where there is none.
    pub model: Option<String>,
    /// Whether the client asked for usage in its stream (Chat Completions).
    pub wants_usage: bool,
    /// Whether the stream is one JSON array (Gemini without `alt=sse`).
    pub is_json_array: bool,
    /// The names that were changed for the provider.
    pub aliases: Aliases,
    /// How many answers were asked for; zero counts as one. What comes beside them is left out.
    pub answers: usize,
    /// What the provider does not stop at.
    pub stops: Stops,
    /// The answer comes as the arguments of a call that the client knows nothing of.
    pub is_json_call: bool,
    /// How to reckon what an answer used of which the provider does not say so, or which the gateway ends before that. None: the
    /// client is told what was reported so far.
    pub estimate: Option<Estimate>,
    /// How the client may come back to the answer (Responses). None: its id is the provider's.
    pub identity: Option<Box<Identity>>,
}

/// How usage is reckoned where the provider does not report it.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// The tokens of the request.
    pub input: u64,
    /// The tokens that so many bytes of answer come to.
    pub output: fn(u64) -> u64,
}

impl Estimate {
    /// What was used: the last report may be older than the last content.
    fn usage(self, reported: Option<Usage>, content_bytes: u64) -> Usage {
        let usage = reported.unwrap_or(Usage { input_uncached: self.input, ..Usage::default() });
        Usage { output: usage.output.max((self.output)(content_bytes)), ..usage }
    }
}

impl ReplyOptions {
    /// Makes of a provider's whole answer what was asked for, as far as the gateway itself has to see to that.
    pub fn apply(&self, reply: &mut Reply) {
        if self.is_json_call {
            json_tool::unwrap(reply);
        }
        self.stops.cut(reply);
        reply.others.truncate(self.answers.saturating_sub(1));
    }

    /// Fills in what a whole answer of so many bytes used, where the provider said nothing.
    pub fn reckon(&self, reply: &mut Reply, content_bytes: u64) {
        if let (None, Some(estimate)) = (reply.usage, self.estimate) {
            reply.usage = Some(estimate.usage(None, content_bytes));
            reply.warnings.add(USAGE_ESTIMATED, "usage");
        }
    }
}

/// Writes neutral events as a client's stream.
pub struct StreamEncoder {
    writer: Writer,
    aliases: Aliases,
    /// The arguments of an open custom call, which come wrapped in JSON.
    wrapped: Option<String>,
    format: Format,
    /// Which of several answers is written, and how far the others are.
    number: usize,
    parked: BTreeMap<usize, (Writer, Option<String>)>,
}

enum Writer {
    Chat(openai_chat::encode_stream::Writer),
    Messages(anthropic_messages::encode_stream::Writer),
    Responses(Box<openai_responses::encode_stream::Writer>),
    Gemini(gemini::encode_stream::Writer),
    Completions(completions::Writer),
    /// A format that clients are not served in.
    None,
}

impl StreamEncoder {
    /// Writes a stream of this format.
    #[must_use]
    pub fn new(format: Format, options: ReplyOptions) -> Self {
        let aliases = options.aliases.clone();
        let writer = match format {
            Format::OpenAiChat => Writer::Chat(openai_chat::encode_stream::Writer::new(options)),
            Format::AnthropicMessages => Writer::Messages(anthropic_messages::encode_stream::Writer::new(options)),
            Format::OpenAiResponses => Writer::Responses(Box::new(openai_responses::encode_stream::Writer::new(options))),
            Format::Gemini => Writer::Gemini(gemini::encode_stream::Writer::new(options)),
            Format::OpenAiCompletions => Writer::Completions(completions::Writer::new(options)),
            Format::OpenAiEmbeddings
            | Format::CohereChat
            | Format::BedrockConverse
            | Format::GeminiBatchEmbedding
            | Format::CohereEmbedding
            | Format::VertexEmbedding
            | Format::BedrockEmbedding
            | Format::AnthropicTokenCount
            | Format::GeminiTokenCount
            | Format::VertexTokenCount
            | Format::OpenAiTokenCount
            | Format::GeminiEmbedding
            | Format::OpenAiImages
            | Format::JinaRerank
            | Format::CohereRerank
            | Format::VoyageRerank
            | Format::BedrockRerank
            | Format::Opaque => Writer::None,
        };
        Self { writer, aliases, wrapped: None, format, number: 0, parked: BTreeMap::new() }
    }

    /// Writes what an event comes to behind `out`. A fault writes nothing: see [`Self::fail`].
    pub fn push(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Answer(number) => return self.turn_to(*number, out),
            // The first answer is written to its end last, and tells what is of all of them.
            _ if self.number != 0 && !event.is_of_one() => {
                return self.parked.get_mut(&0).into_iter().for_each(|(first, _)| first.write(event, out));
            }
            _ if self.aliases.is_empty() => return self.writer.write(event, out),
            _ => {}
        }
        match *event {
            Event::Open(Open::Call { id, name, kind }) => {
                let is_custom = self.aliases.is_custom(name);
                self.wrapped = is_custom.then(String::new);
                let kind = if is_custom { CallKind::Custom } else { kind };
                let name = self.aliases.client(name).to_owned();
                self.write(&Event::Open(Open::Call { id, name: &name, kind }), out);
            }
            Event::Delta(delta) if self.wrapped.is_some() => {
                if let Some(wrapped) = self.wrapped.as_mut().filter(|wrapped| wrapped.len() + delta.len() <= GATHERED_BYTES_MAX)
                {
                    wrapped.push_str(delta);
                }
            }
            Event::Close(_) => {
                if let Some(wrapped) = self.wrapped.take() {
                    let text = unwrap(&wrapped);
                    if !text.is_empty() {
                        self.write(&Event::Delta(&text), out);
                    }
                }
                self.write(event, out);
            }
            _ => self.write(event, out),
        }
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.writer.write(event, out);
    }

    /// Writes on at another answer.
    fn turn_to(&mut self, number: usize, out: &mut Vec<u8>) {
        if number == self.number {
            return;
        }
        let next = self.parked.remove(&number).unwrap_or_else(|| {
            let first = self.parked.get(&0).map_or(&self.writer, |(first, _)| first);
            (first.other(number as u64, out), None)
        });
        let last = (std::mem::replace(&mut self.writer, next.0), std::mem::replace(&mut self.wrapped, next.1));
        if let (Writer::Gemini(next), Writer::Gemini(last)) = (&mut self.writer, &last.0) {
            next.follow(last);
        }
        self.parked.insert(self.number, last);
        self.number = number;
    }

    /// Ends a broken stream with the error event of the client's format.
    pub fn fail(&mut self, error: &ErrorBody<'_>, facts: &StreamFacts, out: &mut Vec<u8>) {
        match &mut self.writer {
            Writer::Responses(writer) => writer.fail(error, out),
            Writer::Gemini(writer) => writer.fail(error, out),
            _ => out.extend_from_slice(&error_body::event(self.format, error, &facts.envelope)),
        }
    }
}

impl Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Chat(writer) => writer.write(event, out),
            Self::Messages(writer) => writer.write(event, out),
            Self::Responses(writer) => writer.write(event, out),
            Self::Gemini(writer) => writer.write(event, out),
            Self::Completions(writer) => writer.write(event, out),
            Self::None => {}
        }
    }

    /// Begins another answer, where the format has several.
    fn other(&self, number: u64, out: &mut Vec<u8>) -> Self {
        match self {
            Self::Chat(writer) => Self::Chat(writer.other(number, out)),
            Self::Gemini(writer) => Self::Gemini(writer.other(number)),
            _ => Self::None,
        }
    }
}

/// Translates one stream. Used as [`crate::stream::Watcher`] is: push, look at the facts, finish; and if the facts hold a fault
/// then, [`Self::fail`].
pub struct Transcoder {
    decoder: StreamDecoder,
    teller: Teller,
    out: Vec<u8>,
}

/// What becomes of neutral events on their way to the client.
struct Teller {
    unwrapper: Option<Unwrapper>,
    stops: Option<StopFilter>,
    estimate: Option<Estimate>,
    /// What earlier streams of the same answer used.
    earlier: Option<Usage>,
    encoder: StreamEncoder,
    facts: StreamFacts,
    warnings: Warnings,
    /// What the client may forget of the answer, and who takes it.
    keeping: Option<(Box<Keepsake>, Keep)>,
    /// Who takes the answer as the event tells it that ends the stream.
    recording: Option<Record>,
    /// The opening was told.
    is_started: bool,
    /// How many answers were asked for, and which one is told.
    answers: usize,
    number: usize,
}

/// Takes what the client of a whole answer may forget of it.
pub type Keep = Box<dyn FnOnce(Keepsake) + Send>;

/// Takes a whole answer in Responses.
pub type Record = Box<dyn FnOnce(&str) + Send>;

impl Transcoder {
    /// From a provider's format to a client's. The mark is that of [`crate::neutral::opaque::mark`].
    #[must_use]
    pub fn new(provider: Format, client: Format, mark: u64, options: ReplyOptions) -> Self {
        let mut facts = StreamFacts::default();
        facts.envelope.id = Some(options.request_id.as_str().into());
        facts.envelope.created = Some(options.created);
        facts.envelope.model = options.model.as_deref().map(Into::into);
        let teller = Teller {
            unwrapper: options.is_json_call.then(Unwrapper::default),
            stops: StopFilter::new(&options.stops),
            estimate: options.estimate,
            earlier: None,
            answers: options.answers.max(1),
            encoder: StreamEncoder::new(client, options),
            facts,
            warnings: Warnings::default(),
            is_started: false,
            keeping: None,
            recording: None,
            number: 0,
        };
        Self { decoder: StreamDecoder::new(provider, mark), teller, out: Vec::new() }
    }

    /// Gathers what the client may forget of the answer, and gives it away when the answer is whole.
    #[must_use]
    pub fn keeping(mut self, keepsake: Keepsake, keep: Keep) -> Self {
        self.teller.keeping = Some((Box::new(keepsake), keep));
        self
    }

    /// Gives away the answer that the client of Responses is told at its end, before the client has it.
    #[must_use]
    pub fn recording(mut self, record: Record) -> Self {
        self.teller.recording = Some(record);
        self
    }

    /// Goes on with a turn that the provider interrupts so many times: see [`Self::take_paused`].
    #[must_use]
    pub fn continuing(mut self, rounds: u8) -> Self {
        self.decoder = self.decoder.continuing(rounds);
        self
    }

    /// Keeps this credential, with which the stream was asked for, out of what an error in it says.
    #[must_use]
    pub fn hiding(mut self, credential: Option<Secret>) -> Self {
        self.decoder = self.decoder.hiding(credential);
        self
    }

    /// What has been learned so far. The stop reason is the neutral form's word.
    #[must_use]
    pub const fn facts(&self) -> &StreamFacts {
        &self.teller.facts
    }

    /// What the client's format could not say, so far.
    #[must_use]
    pub const fn warnings(&self) -> &Warnings {
        &self.teller.warnings
    }

    /// Takes a chunk and returns what the client gets for it: whole events, none behind an error.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.facts().fault.is_some() {
            return Bytes::new();
        }
        // What comes out is about as long as what goes in.
        self.out.reserve(chunk.len() + chunk.len() / 2);
        let Self { decoder, teller, out } = self;
        decoder.push(chunk, &mut |event| teller.take(&event, out));
        Bytes::from(std::mem::take(&mut self.out))
    }

    /// Says that the provider's stream ended, and returns what the client still gets. If it ended before its time, the facts
    /// now hold a fault.
    pub fn finish(&mut self) -> Bytes {
        if self.facts().fault.is_none() {
            let Self { decoder, teller, out } = self;
            decoder.finish(&mut |event| teller.take(&event, out));
        }
        Bytes::from(std::mem::take(&mut self.out))
    }

    /// Whether the provider interrupted the turn, so that another stream with its rest is to follow.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.decoder.is_paused()
    }

    /// The turn so far, when the provider interrupted it. From here on the facts are those of the next stream, which is pushed
    /// after [`Self::resume`]; the client sees one answer, whose usage is that of all of them.
    pub fn take_paused(&mut self) -> Option<Paused> {
        let content = self.decoder.take_paused()?;
        let Teller { facts, earlier, .. } = &mut self.teller;
        let usage = facts.usage.take();
        *earlier = Some(earlier.unwrap_or_default().plus(usage.unwrap_or_default()));
        Some(Paused { content, usage, content_bytes: std::mem::take(&mut facts.content_bytes) })
    }

    /// Another stream begins, which is the rest of the turn.
    pub fn resume(&mut self) {
        self.decoder.resume();
    }

    /// Tells a whole answer as a stream: for a provider that answered a request for a stream with JSON.
    pub fn replay(&mut self, reply: &Reply) -> Bytes {
        let Self { teller, out, .. } = self;
        reply.replay(&mut |event| teller.take(&event, out));
        Bytes::from(std::mem::take(&mut self.out))
    }

    /// Says from outside that the stream is broken. The first fault stays.
    pub fn interrupt(&mut self, fault: Fault) {
        self.teller.facts.fault.get_or_insert_with(|| Box::new(fault));
    }

    /// The event that ends a broken stream in the client's format.
    pub fn fail(&mut self, error: &ErrorBody<'_>) -> Bytes {
        let mut out = Vec::new();
        let Teller { encoder, facts, .. } = &mut self.teller;
        encoder.fail(error, facts, &mut out);
        Bytes::from(out)
    }
}

impl Teller {
    /// Takes what the provider says, and tells what the client gets of it by now.
    fn take(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if !self.is_started && is_of_the_answer(event) {
            self.is_started = true;
            if !matches!(event, Event::Start { .. }) {
                // The provider left its opening out, and no client's format can do without.
                self.take(&Event::Start { id: None, model: None, created: None }, out);
            }
        }
        if let Event::Answer(number) = event {
            self.number = *number;
        }
        if self.number > 0 && event.is_of_one() {
            return self.take_other(event, out);
        }
        let Self { unwrapper, stops, estimate, earlier, encoder, facts, warnings, keeping, recording, .. } = self;
        let summed;
        // What was used counts whether the client gets to see it or not.
        match event {
            Event::Delta(delta) if !facts.is_cut => facts.content_bytes += delta.len() as u64,
            Event::Usage(usage) => facts.usage = Some(*usage),
            _ => {}
        }
        let event = match (event, &earlier) {
            (Event::Usage(usage), Some(earlier)) => {
                summed = Event::Usage(earlier.plus(*usage));
                &summed
            }
            _ => event,
        };
        let mut tell = |event: &Event<'_>, told: &Event<'_>| {
            note(told, facts);
            if let Some((keepsake, _)) = keeping {
                keepsake.push(told);
            }
            if matches!(told, Event::End)
                && let Some((keepsake, keep)) = keeping.take()
            {
                keep(*keepsake);
            }
            match told {
                Event::Lost { code, what } => warnings.add(code, *what),
                Event::Stop(Stop::Other(word)) => warnings.add(UNKNOWN_FINISH_REASON, word.as_str()),
                _ => {}
            }
            if let Event::Stop(_) = told {
                // Only a sequence ends an answer while its text is being told.
                facts.is_cut |= matches!(event, Event::Delta(_));
                // Clients divide by it.
                if let Some(estimate) = estimate.filter(|_| facts.is_cut || facts.usage.is_none()) {
                    if !facts.is_cut {
                        warnings.add(USAGE_ESTIMATED, "usage");
                    }
                    let usage = estimate.usage(facts.usage, facts.content_bytes);
                    encoder.push(&Event::Usage(earlier.unwrap_or_default().plus(usage)), out);
                }
            }
            let before = out.len();
            encoder.push(told, out);
            if matches!(told, Event::Stop(_))
                && let Some(record) = recording.take()
                && let Some(answer) = recall::told_at_end(&out[before..])
            {
                record(answer);
            }
        };
        let mut watch = |event: &Event<'_>| match stops {
            Some(stops) => stops.push(event, &mut |told| tell(event, &told)),
            None => tell(event, event),
        };
        match unwrapper {
            Some(unwrapper) => unwrapper.push(event, &mut |told| watch(&told)),
            None => watch(event),
        }
    }
}

/// Whether an event is a part of the answer, before which there must be an opening, and not only told about it.
const fn is_of_the_answer(event: &Event<'_>) -> bool {
    !matches!(event, Event::Usage(_) | Event::Tier(_) | Event::Lost { .. } | Event::Fault(_))
}

impl Teller {
    /// Takes what is of another answer than the first. How the whole ends is told by the first one.
    fn take_other(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.number >= self.answers {
            return;
        }
        match event {
            Event::Delta(delta) => self.facts.content_bytes += delta.len() as u64,
            Event::Stop(Stop::Other(word)) => self.warnings.add(UNKNOWN_FINISH_REASON, word.as_str()),
            _ => {}
        }
        self.facts.has_content |= !matches!(event, Event::Answer(_) | Event::Open(_));
        self.encoder.push(event, out);
    }
}

/// Keeps the facts as a watcher would.
fn note(event: &Event<'_>, facts: &mut StreamFacts) {
    match event {
        Event::Start { id, model, created } => {
            let envelope = &mut facts.envelope;
            if let Some(id) = id {
                envelope.id = Some((*id).into());
            }
            if let (None, Some(model)) = (&envelope.model, model) {
                envelope.model = Some((*model).into());
            }
            envelope.created = created.or(envelope.created);
        }
        Event::Delta(_) | Event::Open(Open::Call { .. }) | Event::Sealed { .. } | Event::Served(_) | Event::Image(_) => {
            facts.has_content = true;
        }
        Event::Stop(stop) => {
            facts.is_stopped = true;
            facts.has_content = true;
            facts.stop_reason = Some(stop.name().into());
        }
        Event::End => facts.is_finished = true,
        Event::Fault(fault) => facts.fault = Some(Box::new((*fault).clone())),
        Event::Open(_)
        | Event::Cite(_)
        | Event::Logprobs(_)
        | Event::Close(_)
        | Event::Answer(_)
        | Event::Tier(_)
        | Event::Usage(_)
        | Event::Lost { .. } => {}
    }
}
