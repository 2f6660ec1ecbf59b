//! Neutral events in, a client's stream out.

use super::aliases::{Aliases, unwrap};
use super::completions;
use super::options::ReplyOptions;
use crate::error_body::{self, ErrorBody};
use crate::format::{ConversationFormat, anthropic_messages, gemini, openai_chat, openai_responses};
use crate::neutral::event::{Event, Open};
use crate::neutral::reply::GATHERED_BYTES_MAX;
use crate::neutral::tool::CallKind;
use crate::stream::StreamFacts;
use std::collections::BTreeMap;
use wardgate_core::format::Format;

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
        let writer = match ConversationFormat::of(format) {
            Some(ConversationFormat::Chat) => Writer::Chat(openai_chat::encode_stream::Writer::new(options)),
            Some(ConversationFormat::Messages) => Writer::Messages(anthropic_messages::encode_stream::Writer::new(options)),
            Some(ConversationFormat::Responses) => {
                Writer::Responses(Box::new(openai_responses::encode_stream::Writer::new(options)))
            }
            Some(ConversationFormat::Gemini) => Writer::Gemini(gemini::encode_stream::Writer::new(options)),
            Some(ConversationFormat::Completions) => Writer::Completions(completions::Writer::new(options)),
            Some(ConversationFormat::Cohere | ConversationFormat::Converse) | None => Writer::None,
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
