//! A provider's stream in, a client's stream out.

use super::decoder::StreamDecoder;
use super::json_tool::Unwrapper;
use super::options::{Estimate, ReplyOptions};
use super::pause::Paused;
use super::stops::StopFilter;
use super::stream_encoder::StreamEncoder;
use super::{UNKNOWN_FINISH_REASON, USAGE_ESTIMATED};
use crate::error_body::ErrorBody;
use crate::neutral::event::{Event, Open};
use crate::neutral::keepsake::Keepsake;
use crate::neutral::loss::Warnings;
use crate::neutral::reply::{Reply, Stop};
use crate::recall;
use crate::stream::StreamFacts;
use bytes::Bytes;
use wardgate_core::fault::Fault;
use wardgate_core::format::Format;
use wardgate_core::secret::Secret;
use wardgate_core::usage::Usage;

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
