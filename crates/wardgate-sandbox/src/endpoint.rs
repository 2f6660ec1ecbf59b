//! Paths, and what each of them does with a call.

use http::Method;
use serde_json::Value;

use crate::ask::Ask;
use crate::embeddings::{self, EmbeddingAsk};
use crate::model::Behavior;
use crate::refusal::{Refusal, Shape};
use crate::script::{Script, play};
use crate::sse::Event;
use crate::{chat, cohere, converse, gemini, messages, responses};

/// A path that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Responses,
    Messages,
    CountTokens,
    Embeddings,
    Models,
    Gemini { is_stream: bool },
    Cohere,
    Converse { is_stream: bool },
}

/// What a path says: which endpoint, and of some the model.
pub(crate) struct Place {
    pub(crate) endpoint: Endpoint,
    /// The model, where the path names it.
    model: Option<String>,
}

/// What an endpoint answers.
pub(crate) enum Answered {
    /// One JSON value; cut in its middle when `is_cut`.
    Whole { body: Value, is_cut: bool },
    /// Events, cut before the given piece of content.
    Stream { events: Vec<Event>, cut_at: Option<usize>, media_type: &'static str },
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

impl Place {
    /// What is at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let endpoint = match path {
            "/v1/chat/completions" => Endpoint::Chat,
            "/v1/responses" => Endpoint::Responses,
            "/v1/messages" => Endpoint::Messages,
            "/v1/messages/count_tokens" => Endpoint::CountTokens,
            "/v1/embeddings" => Endpoint::Embeddings,
            "/v1/models" => Endpoint::Models,
            "/v2/chat" => Endpoint::Cohere,
            _ => return Self::with_model(path),
        };
        Some(Self { endpoint, model: None })
    }

    fn with_model(path: &str) -> Option<Self> {
        let (model, endpoint) = if let Some(rest) = path.strip_prefix("/v1beta/models/") {
            let (model, verb) = rest.split_once(':')?;
            let is_stream = match verb {
                "generateContent" => false,
                "streamGenerateContent" => true,
                _ => return None,
            };
            (model, Endpoint::Gemini { is_stream })
        } else {
            let (model, verb) = path.strip_prefix("/model/")?.split_once('/')?;
            let is_stream = match verb {
                "converse" => false,
                "converse-stream" => true,
                _ => return None,
            };
            (model, Endpoint::Converse { is_stream })
        };
        Some(Self { endpoint, model: Some(model.to_owned()) })
    }

    /// The one method that it takes.
    pub(crate) const fn method(&self) -> Method {
        if matches!(self.endpoint, Endpoint::Models) { Method::GET } else { Method::POST }
    }

    /// Reads a body.
    pub(crate) fn read(self, body: &[u8]) -> Result<Call, Refusal> {
        let Self { endpoint, model } = self;
        let model = model.unwrap_or_default();
        let ask = match endpoint {
            Endpoint::Chat => chat::read(body)?,
            Endpoint::Responses => responses::read(body)?,
            Endpoint::Messages => messages::read(body)?,
            Endpoint::Gemini { is_stream } => gemini::read(model, is_stream, body)?,
            Endpoint::Cohere => cohere::read(body)?,
            Endpoint::Converse { is_stream } => converse::read(model, is_stream, body)?,
            Endpoint::CountTokens => return messages::read_to_count(body).map(Call::Count),
            Endpoint::Embeddings => return embeddings::read(body).map(Call::Embed),
            Endpoint::Models => return Err(Refusal::bad_request("The list of models takes no body.")),
        };
        Ok(Call::Words { endpoint, ask })
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
                Endpoint::Gemini { .. } => gemini::stream(&answer),
                Endpoint::Cohere => cohere::stream(&answer),
                Endpoint::Converse { .. } => converse::stream(&answer),
                _ => chat::stream(&answer),
            };
            let media_type = if matches!(endpoint, Endpoint::Converse { .. }) {
                converse::STREAM
            } else {
                "text/event-stream; charset=utf-8"
            };
            return Ok(Answered::Stream { events, cut_at: script.cut_at, media_type });
        }
        let body = match endpoint {
            Endpoint::Responses => responses::whole(&answer),
            Endpoint::Messages => messages::whole(&answer),
            Endpoint::Gemini { .. } => gemini::whole(&answer),
            Endpoint::Cohere => cohere::whole(&answer),
            Endpoint::Converse { .. } => converse::whole(&answer),
            _ => chat::whole(&answer),
        };
        Ok(Answered::Whole { body, is_cut })
    }
}

/// The shape of errors on a path, served or not.
pub(crate) fn shape_at(path: &str) -> Shape {
    match path {
        _ if path.starts_with("/v1/messages") => Shape::Anthropic,
        _ if path.starts_with("/v1beta/") => Shape::Google,
        _ if path.starts_with("/v2/") || path.starts_with("/model/") => Shape::Message,
        _ => Shape::OpenAi,
    }
}
