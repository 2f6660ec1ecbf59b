//! Paths, and what each of them does with a call.

use http::Method;
use serde_json::Value;

use crate::ask::Ask;
use crate::embeddings::{self, EmbeddingAsk};
use crate::model::Behavior;
use crate::refusal::{Refusal, Shape};
use crate::script::{Script, play};
use crate::sse::Event;
use crate::{chat, messages, responses};

/// A path that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Responses,
    Messages,
    CountTokens,
    Embeddings,
    Models,
}

/// What an endpoint answers.
pub(crate) enum Answered {
    /// One JSON value; cut in its middle when `is_cut`.
    Whole { body: Value, is_cut: bool },
    /// Events, cut before the given piece of content.
    Stream { events: Vec<Event>, cut_at: Option<usize> },
}

/// An answer with what a format needs to spell it.
pub(crate) struct Answer<'a> {
    /// How many answers there were before this one: ids are made of it.
    pub(crate) serial: u64,
    /// What was asked.
    pub(crate) ask: &'a Ask,
    /// What is said.
    pub(crate) script: &'a Script,
}

impl Answer<'_> {
    /// The answer's id of a kind. Each kind occurs once in an answer.
    pub(crate) fn id(&self, kind: &str) -> String {
        format!("{kind}_sandbox{:08}", self.serial)
    }
}

/// A request that was understood, before its model does anything.
pub(crate) enum Call {
    /// To be answered in words.
    Words { endpoint: Endpoint, ask: Ask },
    /// To be counted.
    Count(Ask),
    /// To be turned into vectors.
    Embed(EmbeddingAsk),
}

impl Endpoint {
    /// The endpoint at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            "/v1/chat/completions" => Some(Self::Chat),
            "/v1/responses" => Some(Self::Responses),
            "/v1/messages" => Some(Self::Messages),
            "/v1/messages/count_tokens" => Some(Self::CountTokens),
            "/v1/embeddings" => Some(Self::Embeddings),
            "/v1/models" => Some(Self::Models),
            _ => None,
        }
    }

    /// The one method that it takes.
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::Models => Method::GET,
            Self::Chat | Self::Responses | Self::Messages | Self::CountTokens | Self::Embeddings => Method::POST,
        }
    }

    /// Reads a body.
    pub(crate) fn read(self, body: &[u8]) -> Result<Call, Refusal> {
        let ask = match self {
            Self::Chat => chat::read(body)?,
            Self::Responses => responses::read(body)?,
            Self::Messages => messages::read(body)?,
            Self::CountTokens => return messages::read_to_count(body).map(Call::Count),
            Self::Embeddings => return embeddings::read(body).map(Call::Embed),
            Self::Models => return Err(Refusal::bad_request("The list of models takes no body.")),
        };
        Ok(Call::Words { endpoint: self, ask })
    }
}

impl Call {
    /// The name of the model that is called.
    pub(crate) fn model(&self) -> &str {
        match self {
            Self::Words { ask, .. } | Self::Count(ask) => &ask.model,
            Self::Embed(embedding_ask) => &embedding_ask.ask.model,
        }
    }

    /// What the model answers, when it answers.
    pub(crate) fn answer(&self, behavior: Behavior, serial: u64) -> Result<Answered, Refusal> {
        let is_cut = matches!(behavior, Behavior::Cut { .. });
        let (endpoint, ask) = match self {
            Self::Count(ask) => return Ok(Answered::Whole { body: messages::counted(ask), is_cut }),
            Self::Embed(embedding_ask) => return Ok(Answered::Whole { body: embeddings::whole(embedding_ask), is_cut }),
            Self::Words { ask, .. } if behavior == Behavior::Embed => {
                return Err(Refusal::bad_request(format!("The model {} makes embeddings only.", ask.model)));
            }
            Self::Words { endpoint, ask } => (*endpoint, ask),
        };
        let script = play(behavior, ask);
        let answer = Answer { serial, ask, script: &script };
        if ask.stream {
            let events = match endpoint {
                Endpoint::Responses => responses::stream(&answer),
                Endpoint::Messages => messages::stream(&answer),
                _ => chat::stream(&answer),
            };
            return Ok(Answered::Stream { events, cut_at: script.cut_at });
        }
        let body = match endpoint {
            Endpoint::Responses => responses::whole(&answer),
            Endpoint::Messages => messages::whole(&answer),
            _ => chat::whole(&answer),
        };
        Ok(Answered::Whole { body, is_cut })
    }
}

/// The shape of errors on a path, served or not.
pub(crate) fn shape_at(path: &str) -> Shape {
    if path.starts_with("/v1/messages") { Shape::Anthropic } else { Shape::OpenAi }
}
