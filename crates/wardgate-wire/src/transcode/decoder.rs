//! From a provider's bytes to neutral events, a chunk at a time.

use super::parts::Sink;
use crate::format::{
    ConversationFormat, anthropic_messages, bedrock_converse, cohere_chat, gemini, openai_chat, openai_responses,
};
use crate::neutral::event::{Event, truncated};
use crate::neutral::opaque::Origin;
use crate::sse::{self, Splitter};
use bytes::Bytes;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::secret::Secret;

/// Reads one stream. The events do not depend on how its bytes are cut into chunks.
pub struct StreamDecoder {
    framing: Framing,
    reader: Reader,
    credential: Option<Secret>,
    is_over: bool,
}

/// How a stream is cut into messages.
enum Framing {
    Sse(Splitter),
    /// Server-sent events or one JSON array; the first byte tells.
    Gemini(gemini::framing::Framing),
    Frames(bedrock_converse::frames::Frames),
}

/// What the messages mean.
enum Reader {
    Chat(Box<openai_chat::decode_stream::Reader>),
    Messages(Box<anthropic_messages::decode_stream::Reader>),
    Responses(Box<openai_responses::decode_stream::Reader>),
    Gemini(Box<gemini::decode_stream::Reader>),
    Cohere(Box<cohere_chat::decode_stream::Reader>),
    Converse(Box<bedrock_converse::decode_stream::Reader>),
    /// A format whose streams are not translated.
    None(Format),
}

impl StreamDecoder {
    /// Reads a stream of this format. The mark is that of [`crate::neutral::opaque::mark`].
    #[must_use]
    pub fn new(format: Format, mark: u64) -> Self {
        let origin = Origin { format, mark };
        let reader = match ConversationFormat::of(format) {
            Some(ConversationFormat::Chat) => Reader::Chat(Box::new(openai_chat::decode_stream::Reader::new(origin))),
            Some(ConversationFormat::Messages) => {
                Reader::Messages(Box::new(anthropic_messages::decode_stream::Reader::new(origin)))
            }
            Some(ConversationFormat::Responses) => {
                Reader::Responses(Box::new(openai_responses::decode_stream::Reader::new(origin)))
            }
            Some(ConversationFormat::Gemini) => Reader::Gemini(Box::new(gemini::decode_stream::Reader::new(origin))),
            Some(ConversationFormat::Cohere) => Reader::Cohere(Box::default()),
            Some(ConversationFormat::Converse) => {
                Reader::Converse(Box::new(bedrock_converse::decode_stream::Reader::new(origin)))
            }
            Some(ConversationFormat::Completions) | None => Reader::None(format),
        };
        let framing = match format {
            Format::Gemini => Framing::Gemini(gemini::framing::Framing::default()),
            Format::BedrockConverse => Framing::Frames(bedrock_converse::frames::Frames::default()),
            _ => Framing::Sse(Splitter::default()),
        };
        Self { framing, reader, credential: None, is_over: false }
    }

    /// Keeps this credential, with which the stream was asked for, out of what an error in it says.
    #[must_use]
    pub fn hiding(self, credential: Option<Secret>) -> Self {
        Self { credential, ..self }
    }

    /// Keeps what is said, so that a turn that the provider interrupts can be gone on with so many times. Only Anthropic does that.
    #[must_use]
    pub fn continuing(mut self, rounds: u8) -> Self {
        if let Reader::Messages(reader) = &mut self.reader {
            reader.continuing(rounds);
        }
        self
    }

    /// Whether the provider interrupted the turn.
    pub(crate) fn is_paused(&self) -> bool {
        matches!(&self.reader, Reader::Messages(reader) if reader.is_paused())
    }

    /// What the assistant said in this turn, when it was interrupted: elements of a JSON array. None otherwise.
    pub(crate) fn take_paused(&mut self) -> Option<String> {
        match &mut self.reader {
            Reader::Messages(reader) => reader.take_paused(),
            _ => None,
        }
    }

    /// The next bytes are those of another stream, which is the rest of this one.
    pub(crate) fn resume(&mut self) {
        if let Reader::Messages(reader) = &mut self.reader {
            reader.resume();
        }
        self.framing = Framing::Sse(Splitter::default());
        self.is_over = false;
    }

    /// Takes a chunk and tells the events that it completes. Behind an end or a fault nothing more is told.
    pub fn push(&mut self, chunk: Bytes, sink: &mut dyn FnMut(Event<'_>)) {
        if !self.is_over
            && let Err(fault) = self.read(chunk, sink)
        {
            self.fail(&fault, sink);
        }
    }

    /// Says that the bytes ended. A stream without its end marker is a fault.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        if self.is_over {
            return;
        }
        let rest = match &mut self.framing {
            // What came behind the last whole event may itself be whole, but for the empty line.
            Framing::Sse(splitter) => splitter.finish(),
            Framing::Gemini(framing) => framing.finish(),
            Framing::Frames(_) => Bytes::new(),
        };
        let credential = self.credential.as_ref().map(Secret::expose);
        for (_, event) in sse::events(&rest) {
            if let Some(data) = event.data.as_deref().filter(|data| !data.is_empty()) {
                match self.reader.read(event.name, data, credential, sink) {
                    Ok(is_over) => self.is_over |= is_over,
                    // Half an event is no wrong one: the stream was cut there.
                    Err(fault) if fault.class == FaultClass::Unreadable => {}
                    Err(fault) => return self.fail(&fault, sink),
                }
            }
        }
        if self.is_over {
            return;
        }
        match self.reader.end(sink) {
            Ok(()) => self.is_over = true,
            Err(fault) => self.fail(&fault, sink),
        }
    }

    fn fail(&mut self, fault: &Fault, sink: &mut Sink<'_>) {
        self.is_over = true;
        sink(Event::Fault(fault));
    }

    fn read(&mut self, chunk: Bytes, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let credential = self.credential.as_ref().map(Secret::expose);
        match &mut self.framing {
            Framing::Sse(splitter) => {
                let run = splitter.push(chunk).map_err(|error| unreadable(error.to_string()))?;
                self.is_over = read_events(&run, &mut self.reader, credential, sink)?;
            }
            Framing::Gemini(framing) => {
                framing.push(chunk, &mut |data| self.reader.read(b"", data, credential, sink).map(|_| ()))?;
            }
            Framing::Frames(frames) => {
                let reader = &mut self.reader;
                frames.push(chunk, &mut |name, data| reader.read(name, data, credential, sink).map(|_| ()))?;
            }
        }
        Ok(())
    }
}

fn read_events(run: &[u8], reader: &mut Reader, credential: Option<&str>, sink: &mut Sink<'_>) -> Result<bool, Fault> {
    for (_, event) in sse::events(run) {
        if let Some(data) = event.data.as_deref().filter(|data| !data.is_empty())
            && reader.read(event.name, data, credential, sink)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Reader {
    /// Reads one message. Says whether it was the last one.
    fn read(&mut self, name: &[u8], data: &[u8], credential: Option<&str>, sink: &mut Sink<'_>) -> Result<bool, Fault> {
        match self {
            Self::Chat(reader) => reader.read(data, credential, sink),
            Self::Messages(reader) => reader.read(name, data, credential, sink),
            Self::Responses(reader) => reader.read(name, data, credential, sink),
            Self::Gemini(reader) => reader.read(data, credential, sink).map(|()| false),
            Self::Cohere(reader) => reader.read(data, credential, sink),
            Self::Converse(reader) => reader.read(name, data, credential, sink).map(|()| false),
            Self::None(format) => {
                Err(Fault::ours(FaultClass::Unreadable, format!("streams in {} are not translated", format.name())))
            }
        }
    }

    /// The bytes ended without an end marker. Some formats have none and end behind the reason for stopping.
    fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        match self {
            Self::Chat(reader) => reader.end(sink),
            Self::Gemini(reader) => reader.end(sink),
            Self::Converse(reader) => reader.end(sink),
            Self::Messages(_) | Self::Responses(_) | Self::Cohere(_) | Self::None(_) => Err(truncated()),
        }
    }
}

pub(crate) fn unreadable(message: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Unreadable, message)
}

/// Reads a message's data as the type that the format says it is.
pub(crate) fn parse<'d, T: serde::Deserialize<'d>>(data: &'d [u8]) -> Result<T, Fault> {
    crate::json::from_bytes(data).map_err(|error| {
        unreadable(format!("the provider's stream holds an event that cannot be read (column {})", error.column()))
    })
}
