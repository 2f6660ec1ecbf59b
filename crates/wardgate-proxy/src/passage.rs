//! How an answer gets from a provider to a client: as it is when both speak one format, else through the neutral form.

use crate::affinity::Noting;
use crate::keepsakes::Keepsakes;
use crate::recall::Recording;
use crate::respond;
use bytes::Bytes;
use std::sync::Arc;
use wardgate_core::fault::Fault;
use wardgate_core::format::Format;
use wardgate_core::id::{AccessKeyId, RequestId};
use wardgate_core::secret::Secret;
use wardgate_core::usage::Usage;
use wardgate_wire::error_body;
use wardgate_wire::json_array::{self, JsonArray};
use wardgate_wire::neutral::keepsake::Keepsake;
use wardgate_wire::neutral::loss::Warnings;
use wardgate_wire::replay;
use wardgate_wire::reply::{self, ReplyFacts};
use wardgate_wire::stream::{StreamFacts, Watcher};
use wardgate_wire::transcode::counts;
use wardgate_wire::transcode::embeddings::{self, EmbeddingsForm, EmbeddingsRequest};
use wardgate_wire::transcode::pause::{CONTINUED_MAX, Paused};
use wardgate_wire::transcode::ranks::{self, RankRequest};
use wardgate_wire::transcode::{self, ReplyOptions, Transcoder, images};

/// The way of one attempt's answer.
pub(crate) enum Passage {
    /// Both sides speak this format: bytes pass, and are read as they do.
    Same {
        /// The format.
        format: Format,
        /// Usage in the stream was asked for by the gateway alone.
        hides_usage: bool,
        /// The provider's events are one JSON array to the client.
        is_json_array: bool,
        /// What remembers who made the reasoning in it.
        noting: Option<Noting>,
    },
    /// They speak different formats.
    Translated(Box<Translation>),
    /// The same for vectors, of which there are no streams.
    Vectors(Box<Vectors>),
    /// The same for ranks.
    Ranks(Box<Ranks>),
    /// The same for pictures.
    Images {
        /// When they were asked for, in Unix seconds.
        created: i64,
    },
    /// The same for a count of tokens, which is but a number.
    Count {
        /// What the client speaks.
        client: Format,
    },
}

/// What translated vectors are written with.
pub(crate) struct Vectors {
    /// What the client speaks.
    pub(crate) client: EmbeddingsForm,
    /// What the provider speaks.
    pub(crate) provider: EmbeddingsForm,
    /// What was asked.
    pub(crate) request: EmbeddingsRequest,
    /// The model that made them.
    pub(crate) model: String,
}

/// What translated ranks are written with.
pub(crate) struct Ranks {
    /// What the client speaks.
    pub(crate) client: Format,
    /// What was asked.
    pub(crate) request: RankRequest,
    /// The model that ranked.
    pub(crate) model: String,
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
    /// What keeps what the client may forget of it.
    pub(crate) keeper: Option<Keeper>,
    /// What keeps all of it, where the client may come back to it by its id.
    pub(crate) recording: Option<Arc<Recording>>,
    /// Whether the provider may interrupt the turn, and the gateway is to go on with it.
    pub(crate) may_pause: bool,
}

/// Keeps what the client of a key may forget of an answer.
#[derive(Clone)]
pub(crate) struct Keeper {
    /// Where.
    pub(crate) keepsakes: Keepsakes,
    /// Whose client.
    pub(crate) key_id: AccessKeyId,
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
        !matches!(self, Self::Same { .. })
    }

    /// Whether the provider may interrupt the turn, and the gateway is to go on with it.
    pub(crate) fn may_pause(&self) -> bool {
        matches!(self, Self::Translated(translation) if translation.may_pause)
    }

    /// Reads a whole answer and makes the client's of it. `earlier`: what was used before the call that gave it.
    pub(crate) fn whole(&self, body: Bytes, earlier: Option<Usage>, credential: Option<&str>) -> Result<Whole, Fault> {
        match self {
            Self::Same { format, noting, .. } => {
                let facts = reply::read(*format, &body, credential)?;
                noting.iter().for_each(|noting| noting.note(&body));
                Ok(Whole { body, facts, warnings: Warnings::default() })
            }
            Self::Translated(translation) => {
                let Translation { provider, client, mark, options, keeper, recording, .. } = &**translation;
                let mut reply = transcode::decode_reply(*provider, &body, *mark, credential)?;
                options.apply(&mut reply);
                if let Some(Keeper { keepsakes, key_id }) = keeper {
                    keepsakes.keep(*key_id, Keepsake::of(&reply, options.aliases.clone()));
                }
                let facts = ReplyFacts { usage: reply.usage, stop_reason: Some(reply.stop.name().into()) };
                options.reckon(&mut reply, body.len() as u64);
                if let Some(earlier) = earlier {
                    reply.usage = Some(earlier.plus(reply.usage.unwrap_or_default()));
                }
                let body: Bytes = transcode::encode_reply(*client, &reply, options).into();
                if let (Some(recording), Ok(answer)) = (recording, std::str::from_utf8(&body)) {
                    recording.keep(answer);
                }
                Ok(Whole { body, facts, warnings: reply.warnings })
            }
            Self::Vectors(vectors) => {
                let Vectors { client, provider, request, model } = &**vectors;
                let reply = embeddings::decode_reply(*provider, &body, request.inputs.len(), credential)?;
                let facts = ReplyFacts { usage: reply.usage, stop_reason: None };
                let body = embeddings::encode_reply(*client, &reply, request, model).into();
                let mut warnings = Warnings::default();
                if reply.usage.is_none() {
                    warnings.add("usage_missing", "usage");
                }
                Ok(Whole { body, facts, warnings })
            }
            Self::Ranks(of) => {
                let Ranks { client, request, model } = &**of;
                let reply = ranks::decode_reply(&body, request.documents.len(), credential)?;
                let body = ranks::encode_reply(*client, &reply, request, model).into();
                let facts = ReplyFacts { usage: reply.usage, stop_reason: None };
                Ok(Whole { body, facts, warnings: Warnings::default() })
            }
            Self::Images { created } => {
                let reply = images::decode_reply(&body, credential)?;
                let facts = ReplyFacts { usage: reply.usage, stop_reason: None };
                Ok(Whole { body: images::encode_reply(&reply, *created).into(), facts, warnings: Warnings::default() })
            }
            Self::Count { client } => {
                let body = counts::write(*client, counts::read(&body, credential)?).into();
                // Counting uses nothing.
                let facts = ReplyFacts { usage: Some(Usage::default()), stop_reason: None };
                Ok(Whole { body, facts, warnings: Warnings::default() })
            }
        }
    }

    /// What reads a stream and makes the client's of it.
    pub(crate) fn reader(&self, credential: Option<&str>) -> Reader {
        let credential = credential.map(Secret::from);
        match self {
            Self::Same { format, hides_usage, is_json_array, noting } => Reader::Same(Box::new(Watched {
                watcher: Watcher::new(*format, *hides_usage).hiding(credential),
                format: *format,
                array: is_json_array.then(JsonArray::default),
                noting: noting.clone(),
            })),
            Self::Translated(translation) => {
                let Translation { provider, client, mark, options, keeper, recording, may_pause } = &**translation;
                let mut transcoder = Transcoder::new(*provider, *client, *mark, options.clone()).hiding(credential);
                if *may_pause {
                    transcoder = transcoder.continuing(CONTINUED_MAX);
                }
                if let Some(Keeper { keepsakes, key_id }) = keeper.clone() {
                    let keepsake = Keepsake::new(options.aliases.clone());
                    transcoder = transcoder.keeping(keepsake, Box::new(move |keepsake| keepsakes.keep(key_id, keepsake)));
                }
                if let Some(recording) = recording.clone() {
                    transcoder = transcoder.recording(Box::new(move |answer| recording.keep(answer)));
                }
                Reader::Translated(Box::new(transcoder), *client, options.is_json_array)
            }
            // Nothing reads a stream of these: what comes is a fault.
            Self::Vectors(_) | Self::Ranks(_) | Self::Images { .. } | Self::Count { .. } => Reader::Same(Box::new(Watched {
                watcher: Watcher::new(Format::OpenAiEmbeddings, false),
                format: Format::OpenAiEmbeddings,
                array: None,
                noting: None,
            })),
        }
    }

    /// Reads a whole answer to a request for a stream, and makes a stream of it where that can be done.
    pub(crate) fn replay(&self, body: &[u8], credential: Option<&str>) -> Result<Option<(Reader, Bytes)>, Fault> {
        match self {
            Self::Same { format, .. } => {
                reply::read(*format, body, credential)?;
                let Some(events) = replay::events(*format, body) else { return Ok(None) };
                let mut reader = self.reader(credential);
                let told = [reader.push(events.into()), reader.finish()].concat();
                reader.facts().fault.as_deref().cloned().map_or(Ok(Some((reader, told.into()))), Err)
            }
            Self::Vectors(_) | Self::Ranks(_) | Self::Images { .. } | Self::Count { .. } => Ok(None),
            Self::Translated(translation) => {
                let reply = transcode::decode_reply(translation.provider, body, translation.mark, credential)?;
                let mut reader = self.reader(credential);
                let Reader::Translated(transcoder, ..) = &mut reader else { return Ok(None) };
                let told = transcoder.replay(&reply);
                Ok(Some((reader, told)))
            }
        }
    }
}

/// Reads a stream as it passes. Takes chunks and gives whole events for the client; look at the facts after each call.
pub(crate) enum Reader {
    /// The bytes pass.
    Same(Box<Watched>),
    /// They are written anew in this format, and perhaps as one JSON array.
    Translated(Box<Transcoder>, Format, bool),
}

/// A stream that passes.
pub(crate) struct Watched {
    watcher: Watcher,
    format: Format,
    array: Option<JsonArray>,
    noting: Option<Noting>,
}

impl Watched {
    fn note(&self, passed: Bytes) -> Bytes {
        self.noting.iter().for_each(|noting| noting.note(&passed));
        passed
    }
}

impl Reader {
    /// Takes a chunk and returns what the client gets for it.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Bytes {
        match self {
            Self::Same(watched) => {
                let passed = watched.watcher.push(chunk);
                let passed = watched.note(passed);
                match &mut watched.array {
                    Some(array) => array.push(&passed),
                    None => passed,
                }
            }
            Self::Translated(transcoder, ..) => transcoder.push(chunk),
        }
    }

    /// Says that the provider's stream ended, and returns what the client still gets.
    pub(crate) fn finish(&mut self) -> Bytes {
        match self {
            Self::Same(watched) => {
                let passed = watched.watcher.finish();
                let passed = watched.note(passed);
                let is_whole = watched.watcher.facts().fault.is_none();
                match &mut watched.array {
                    Some(array) if is_whole => [array.push(&passed), array.end()].concat().into(),
                    Some(array) => array.push(&passed),
                    None => passed,
                }
            }
            Self::Translated(transcoder, ..) => transcoder.finish(),
        }
    }

    /// Whether the provider interrupted the turn, so that its rest is to be asked for.
    pub(crate) fn is_paused(&self) -> bool {
        matches!(self, Self::Translated(transcoder, ..) if transcoder.is_paused())
    }

    /// The turn so far, when the provider interrupted it.
    pub(crate) fn take_paused(&mut self) -> Option<Paused> {
        match self {
            Self::Same(_) => None,
            Self::Translated(transcoder, ..) => transcoder.take_paused(),
        }
    }

    /// The next bytes are the rest of a turn that was interrupted.
    pub(crate) fn resume(&mut self) {
        if let Self::Translated(transcoder, ..) = self {
            transcoder.resume();
        }
    }

    /// What has been learned so far.
    pub(crate) fn facts(&self) -> &StreamFacts {
        match self {
            Self::Same(watched) => watched.watcher.facts(),
            Self::Translated(transcoder, ..) => transcoder.facts(),
        }
    }

    /// Says from outside that the stream is broken. The first fault stays.
    pub(crate) fn interrupt(&mut self, fault: Fault) {
        match self {
            Self::Same(watched) => watched.watcher.fail(fault),
            Self::Translated(transcoder, ..) => transcoder.interrupt(fault),
        }
    }

    /// The event that ends a stream which broke with this fault, in the client's form.
    pub(crate) fn error_event(&mut self, fault: &Fault, request_id: RequestId) -> Bytes {
        respond::with_stream_error(fault, request_id, |error| match self {
            Self::Same(watched) => match &mut watched.array {
                Some(array) => array.fail(error),
                None => error_body::event(watched.format, error, &watched.watcher.facts().envelope).into(),
            },
            Self::Translated(transcoder, ..) => transcoder.fail(error),
        })
    }

    /// What is sent into a silent stream.
    pub(crate) const fn keep_alive(&self) -> &'static [u8] {
        match self {
            Self::Same(watched) if watched.array.is_some() => json_array::KEEP_ALIVE,
            Self::Same(watched) => error_body::keep_alive(watched.format),
            Self::Translated(_, _, true) => json_array::KEEP_ALIVE,
            Self::Translated(_, client, false) => error_body::keep_alive(*client),
        }
    }

    /// Whether the client gets one JSON array rather than events.
    pub(crate) const fn is_json_array(&self) -> bool {
        match self {
            Self::Same(watched) => watched.array.is_some(),
            Self::Translated(_, _, is_json_array) => *is_json_array,
        }
    }

    /// What could not be said in the client's format, so far.
    pub(crate) fn warnings(&self) -> Option<&Warnings> {
        match self {
            Self::Same(_) => None,
            Self::Translated(transcoder, ..) => Some(transcoder.warnings()),
        }
    }
}
