//! How an answer gets from a provider to a client: as it is when both speak one format, else through the neutral form.

use crate::respond;
use bytes::Bytes;
use wardgate_core::fault::Fault;
use wardgate_core::format::Format;
use wardgate_core::id::RequestId;
use wardgate_core::secret::Secret;
use wardgate_wire::neutral::loss::Warnings;
use wardgate_wire::reply::{self, ReplyFacts};
use wardgate_wire::stream::{StreamFacts, Watcher};
use wardgate_wire::transcode::{self, ReplyOptions, Transcoder};

/// The way of one attempt's answer.
pub(crate) enum Passage {
    /// Both sides speak this format: bytes pass, and are read as they do.
    Same {
        /// The format.
        format: Format,
        /// Usage in the stream was asked for by the gateway alone.
        hides_usage: bool,
    },
    /// They speak different formats.
    Translated(Box<Translation>),
}

/// What a translated answer is written with.
pub(crate) struct Translation {
    /// What the provider speaks.
    pub(crate) provider: Format,
    /// What the client speaks.
    pub(crate) client: Format,
    /// The mark of who answers.
    pub(crate) mark: u64,
    /// What the answer needs beside itself.
    pub(crate) options: ReplyOptions,
}

/// A whole answer for the client.
pub(crate) struct Whole {
    /// The body.
    pub(crate) body: Bytes,
    /// What was read in the provider's.
    pub(crate) facts: ReplyFacts,
    /// What of it was lost.
    pub(crate) warnings: Warnings,
}

impl Passage {
    /// Whether the provider's bytes are not the client's.
    pub(crate) const fn is_translated(&self) -> bool {
        matches!(self, Self::Translated(_))
    }

    /// Reads a whole answer and makes the client's of it.
    pub(crate) fn whole(&self, body: Bytes, credential: Option<&str>) -> Result<Whole, Fault> {
        match self {
            Self::Same { format, .. } => {
                let facts = reply::read(*format, &body, credential)?;
                Ok(Whole { body, facts, warnings: Warnings::default() })
            }
            Self::Translated(translation) => {
                let Translation { provider, client, mark, options } = &**translation;
                let reply = transcode::decode_reply(*provider, &body, *mark, credential)?;
                let body = transcode::encode_reply(*client, &reply, options).into();
                let facts = ReplyFacts { usage: reply.usage, stop_reason: Some(reply.stop.name().into()) };
                Ok(Whole { body, facts, warnings: reply.warnings })
            }
        }
    }

    /// What reads a stream and makes the client's of it.
    pub(crate) fn reader(&self, credential: Option<&str>) -> Reader {
        let credential = credential.map(Secret::from);
        match self {
            Self::Same { format, hides_usage } => {
                Reader::Same(Box::new(Watcher::new(*format, *hides_usage).hiding(credential)), *format)
            }
            Self::Translated(translation) => {
                let Translation { provider, client, mark, options } = &**translation;
                let transcoder = Transcoder::new(*provider, *client, *mark, options.clone()).hiding(credential);
                Reader::Translated(Box::new(transcoder))
            }
        }
    }

    /// Reads a whole answer to a request for a stream, and makes a stream of it where that can be done.
    pub(crate) fn replay(&self, body: &[u8], credential: Option<&str>) -> Result<Option<(Reader, Bytes)>, Fault> {
        match self {
            Self::Same { format, .. } => reply::read(*format, body, credential).map(|_| None),
            Self::Translated(translation) => {
                let reply = transcode::decode_reply(translation.provider, body, translation.mark, credential)?;
                let mut reader = self.reader(credential);
                let Reader::Translated(transcoder) = &mut reader else { return Ok(None) };
                let told = transcoder.replay(&reply);
                Ok(Some((reader, told)))
            }
        }
    }
}

/// Reads a stream as it passes. Takes chunks and gives whole events for the client; look at the facts after each call.
pub(crate) enum Reader {
    /// The bytes pass.
    Same(Box<Watcher>, Format),
    /// They are written anew.
    Translated(Box<Transcoder>),
}

impl Reader {
    /// Takes a chunk and returns what the client gets for it.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Bytes {
        match self {
            Self::Same(watcher, _) => watcher.push(chunk),
            Self::Translated(transcoder) => transcoder.push(chunk),
        }
    }

    /// Says that the provider's stream ended, and returns what the client still gets.
    pub(crate) fn finish(&mut self) -> Bytes {
        match self {
            Self::Same(watcher, _) => watcher.finish(),
            Self::Translated(transcoder) => transcoder.finish(),
        }
    }

    /// What has been learned so far.
    pub(crate) fn facts(&self) -> &StreamFacts {
        match self {
            Self::Same(watcher, _) => watcher.facts(),
            Self::Translated(transcoder) => transcoder.facts(),
        }
    }

    /// Says from outside that the stream is broken. The first fault stays.
    pub(crate) fn interrupt(&mut self, fault: Fault) {
        match self {
            Self::Same(watcher, _) => watcher.fail(fault),
            Self::Translated(transcoder) => transcoder.interrupt(fault),
        }
    }

    /// The event that ends a stream which broke with this fault, in the client's form.
    pub(crate) fn error_event(&mut self, fault: &Fault, request_id: RequestId) -> Bytes {
        respond::with_stream_error(fault, request_id, |error| match self {
            Self::Same(watcher, format) => wardgate_wire::error_body::event(*format, error, &watcher.facts().envelope).into(),
            Self::Translated(transcoder) => transcoder.fail(error),
        })
    }

    /// What could not be said in the client's format, so far.
    pub(crate) fn warnings(&self) -> Option<&Warnings> {
        match self {
            Self::Same(..) => None,
            Self::Translated(transcoder) => Some(transcoder.warnings()),
        }
    }
}
