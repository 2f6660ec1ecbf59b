//! Stop sequences that a provider does not take: the gateway watches for them, and ends the answer itself.
//!
//! Only text is watched. What a model thinks, calls tools with or refuses with is not what a client means by a stop sequence.
//! Parts of text that follow one another are one text: where a provider divides it says nothing of the words. An answer ends
//! where the first sequence is whole, as it does where tokens are made one after another; of several that end there the longest
//! counts, since it began first. What could yet become a sequence is held back, and no more than that.

mod matcher;

use crate::neutral::content::{Citation, Content};
use crate::neutral::event::{Event, Open};
use crate::neutral::logprobs::{self, Logprob};
use crate::neutral::reply::{Reply, Stop};
use crate::transcode::parts::Sink;
use matcher::{Matcher, START, State};
use std::collections::VecDeque;

/// The most bytes of sequences, taken together, that are watched for in one answer.
pub const STOPS_BYTES_MAX: usize = 16 * 1024;

/// The most sources of one part of text that wait for its end. Further ones are left out.
const CITATIONS_MAX: usize = 4_096;

/// The most tokens of one part of text that wait for it. What is known of further ones is left out.
const LOGPROBS_MAX: usize = 4_096;

/// The sequences that the gateway watches for in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stops {
    sequences: Vec<String>,
    bytes: usize,
}

impl Stops {
    /// Whether there is nothing to watch for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Adds a sequence. Says whether it can be watched for: an empty one cannot, nor what exceeds [`STOPS_BYTES_MAX`].
    #[must_use]
    pub fn add(&mut self, sequence: &str) -> bool {
        let fits = !sequence.is_empty() && self.bytes + sequence.len() <= STOPS_BYTES_MAX;
        if fits {
            self.bytes += sequence.len();
            self.sequences.push(sequence.to_owned());
        }
        fits
    }

    /// Ends a whole answer before the first of the sequences.
    pub(crate) fn cut(&self, reply: &mut Reply) {
        if self.is_empty() {
            return;
        }
        let matcher = Matcher::new(&self.sequences);
        let mut state = START;
        for at in 0..reply.parts.len() {
            let Content::Text { text, .. } = &reply.parts[at] else {
                state = START;
                continue;
            };
            if let Some((number, end)) = matcher.read(&mut state, text) {
                let sequence = &self.sequences[number];
                cut_before(reply, at, end, sequence.len());
                reply.stop = Stop::Sequence(Some(sequence.clone())).with_calls(reply.has_calls());
                return;
            }
        }
    }
}

/// Takes away all from `length` bytes before the place `end` of the part `at` on. They may begin in an earlier part.
fn cut_before(reply: &mut Reply, mut at: usize, mut end: usize, mut length: usize) {
    while length > end {
        length -= end;
        at -= 1;
        end = match &reply.parts[at] {
            Content::Text { text, .. } => text.len(),
            _ => 0,
        };
    }
    reply.parts.truncate(at + 1);
    if let Some(Content::Text { text, citations, logprobs }) = reply.parts.last_mut() {
        text.truncate(end - length);
        logprobs.truncate(logprobs::count_within(logprobs, text.len()));
        let characters = text.chars().count() as u64;
        citations.retain_mut(|citation| shorten(citation, characters));
        if text.is_empty() {
            reply.parts.pop();
        }
    }
}

/// Keeps a source within a text that was cut to so many characters. Says whether there is anything left that it is of.
fn shorten(citation: &mut Citation, characters: u64) -> bool {
    citation.end = citation.end.map(|end| end.min(characters));
    citation.start.is_none_or(|start| start < characters)
}

/// Watches a stream: stands between who reads events and who writes them.
#[derive(Debug)]
pub(crate) struct StopFilter {
    stops: Stops,
    matcher: Matcher,
    /// Its depth is how many bytes are held back.
    state: State,
    /// Parts of text that are not all told; the last one may still grow.
    held: VecDeque<Held>,
    is_text_open: bool,
    has_calls: bool,
    is_over: bool,
}

/// A part of text of which something is held back.
#[derive(Debug, Default)]
struct Held {
    /// What is held back.
    text: String,
    /// Its sources. They wait for its end, or they might tell of words that never come.
    citations: Vec<Citation>,
    /// What is known of the tokens that are not all told.
    logprobs: Vec<Logprob>,
    /// How many characters are told, and how many bytes beyond the tokens that are told.
    characters: u64,
    bytes_told: usize,
    /// Whether its beginning is told.
    is_open: bool,
    /// Whether its end has come.
    is_closed: bool,
}

impl StopFilter {
    /// None where there is nothing to watch for.
    pub(crate) fn new(stops: &Stops) -> Option<Self> {
        (!stops.is_empty()).then(|| Self {
            matcher: Matcher::new(&stops.sequences),
            stops: stops.clone(),
            state: START,
            held: VecDeque::new(),
            is_text_open: false,
            has_calls: false,
            is_over: false,
        })
    }

    /// Takes the next event and tells what can be told by now. Behind a sequence nothing more is.
    pub(crate) fn push(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) {
        match *event {
            _ if self.is_over => {}
            Event::Open(Open::Text) => {
                self.is_text_open = true;
                self.held.push_back(Held::default());
            }
            Event::Delta(delta) if self.is_text_open => self.text(delta, sink),
            Event::Cite(citation) if self.is_text_open => match self.held.back_mut() {
                Some(held) if held.citations.len() < CITATIONS_MAX => held.citations.push(citation.clone()),
                _ => sink(Event::Lost { code: "content_dropped", what: "citations" }),
            },
            Event::Logprobs(tokens) if self.is_text_open => {
                if let Some(held) = self.held.back_mut() {
                    let room = LOGPROBS_MAX.saturating_sub(held.logprobs.len());
                    held.logprobs.extend(tokens.iter().take(room).cloned());
                }
            }
            Event::Close(_) if self.is_text_open => {
                self.is_text_open = false;
                if let Some(held) = self.held.back_mut() {
                    held.is_closed = true;
                }
                self.tell(0, sink);
            }
            Event::Start { .. } | Event::Answer(_) | Event::Tier(_) | Event::Usage(_) | Event::Lost { .. } => {
                sink(event.clone());
            }
            _ => {
                // Something else comes between, so what was held back is no beginning of a sequence.
                self.tell(usize::MAX, sink);
                self.state = START;
                self.has_calls |= matches!(event, Event::Open(Open::Call { .. }));
                sink(event.clone());
            }
        }
    }

    fn text(&mut self, delta: &str, sink: &mut Sink<'_>) {
        let before = self.matcher.depth(self.state);
        let found = self.matcher.read(&mut self.state, delta);
        let read = found.map_or(delta.len(), |(_, end)| end);
        let kept = match found {
            Some((number, _)) => self.stops.sequences[number].len(),
            None => self.matcher.depth(self.state),
        };
        let told = before + read - kept;
        match self.held.back_mut() {
            // Mostly nothing is held back, and the text passes without a copy.
            Some(last) if before == 0 => {
                last.tell(&delta[..told], sink);
                last.text.push_str(&delta[told..read]);
            }
            Some(last) => {
                last.text.push_str(&delta[..read]);
                self.tell(told, sink);
            }
            None => {}
        }
        if let Some((number, _)) = found {
            self.end(number, sink);
        }
    }

    /// Tells so many of the held bytes, and the ends of parts of which nothing is held any more.
    fn tell(&mut self, mut bytes: usize, sink: &mut Sink<'_>) {
        while let Some(held) = self.held.front_mut() {
            let told = bytes.min(held.text.len());
            let rest = held.text.split_off(told);
            let text = std::mem::replace(&mut held.text, rest);
            bytes -= told;
            held.tell(&text, sink);
            if !held.is_closed || !held.text.is_empty() {
                return;
            }
            held.close(sink);
            self.held.pop_front();
        }
    }

    /// Ends the answer: what is still held is the sequence.
    fn end(&mut self, number: usize, sink: &mut Sink<'_>) {
        self.is_over = true;
        if let Some(held) = self.held.front_mut().filter(|held| held.is_open) {
            let characters = held.characters;
            held.citations.retain_mut(|citation| shorten(citation, characters));
            held.logprobs.clear();
            held.close(sink);
        }
        self.held.clear();
        let stop = Stop::Sequence(Some(self.stops.sequences[number].clone())).with_calls(self.has_calls);
        sink(Event::Stop(&stop));
        sink(Event::End);
    }
}

impl Held {
    fn open(&mut self, sink: &mut Sink<'_>) {
        if !self.is_open {
            self.is_open = true;
            sink(Event::Open(Open::Text));
        }
    }

    fn tell(&mut self, text: &str, sink: &mut Sink<'_>) {
        if !text.is_empty() {
            self.open(sink);
            self.characters += text.chars().count() as u64;
            if !self.logprobs.is_empty() {
                self.tell_tokens(text.len(), sink);
            }
            sink(Event::Delta(text));
        }
    }

    /// Tells of the tokens that end within what is told with so many bytes more.
    fn tell_tokens(&mut self, bytes: usize, sink: &mut Sink<'_>) {
        self.bytes_told += bytes;
        let waiting = self.logprobs.split_off(logprobs::count_within(&self.logprobs, self.bytes_told));
        let told = std::mem::replace(&mut self.logprobs, waiting);
        self.bytes_told -= told.iter().map(|token| token.bytes().len()).sum::<usize>();
        if !told.is_empty() {
            sink(Event::Logprobs(&told));
        }
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        self.open(sink);
        if !self.logprobs.is_empty() {
            sink(Event::Logprobs(&self.logprobs));
        }
        self.citations.iter().for_each(|citation| sink(Event::Cite(citation)));
        sink(Event::Close(None));
    }
}

#[cfg(test)]
mod tests;
