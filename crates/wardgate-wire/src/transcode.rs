//! The border between the formats: what the proxy calls when client and provider do not speak the same one.
//!
//! A request is read once ([`decode_request`]) and written for each candidate ([`encode_request`]). An answer is read with
//! [`decode_reply`] and written with [`encode_reply`]; a stream goes through a [`Transcoder`], which is used as a
//! [`crate::stream::Watcher`] is: push chunks, look at the facts, finish. Every format is read into the [neutral
//! form](crate::neutral) and written from it, so a format costs two halves and not one for each other format.
//!
//! All of this is a pure function of its arguments: the same conversation gives the same bytes, without which prompt caches
//! and signed reasoning break.

pub mod target;
pub mod aliases;
pub mod decoder;
pub mod options;
pub mod stream_encoder;
pub mod transcoder;
pub mod stops;
pub mod embeddings;
pub mod counts;
pub mod ranks;
pub mod images;
pub mod completions;
pub mod pause;
pub(crate) mod answers;
pub(crate) mod arrange;
pub(crate) mod json_tool;
pub(crate) mod fit;
pub(crate) mod marks;
pub(crate) mod media;
mod documents;
pub(crate) mod parts;
pub(crate) mod schema;
pub(crate) mod served;

use crate::depth;
use crate::error_body::{ErrorBody, ErrorKind};
use crate::format::{
    ConversationFormat, anthropic_messages, bedrock_converse, cohere_chat, gemini, openai_chat, openai_responses,
};
use crate::json::Path;
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::Origin;
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::request::{Pictures, Request};
use crate::transcode::aliases::Aliases;
use crate::transcode::stops::Stops;
use crate::transcode::target::Target;
use serde_json::value::RawValue;
use std::borrow::Cow;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;

pub use decoder::StreamDecoder;
pub use options::{Estimate, ReplyOptions};
pub use stream_encoder::StreamEncoder;
pub use transcoder::Transcoder;

/// The most turns that a conversation may have. Long agents' runs have some thousands.
pub const TURNS_MAX: usize = 50_000;

/// The most tools that a request may bring.
pub const TOOLS_MAX: usize = 4_096;

/// The warning of an answer that ended for a reason of which this gateway has not heard. The client is told that it ended.
pub(crate) const UNKNOWN_FINISH_REASON: &str = "unknown_finish_reason";

/// The warning of usage that no provider told.
pub(crate) const USAGE_ESTIMATED: &str = "usage_estimated";

/// A request in a provider's format.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The body.
    pub body: Vec<u8>,
    /// What was weakened or left out, reading and writing taken together.
    pub warnings: Warnings,
    /// How to give the client its own tool names back. Goes into the [`ReplyOptions`] of the answer.
    pub aliases: Aliases,
    /// What the provider does not stop at, so that the gateway has to. Goes there as well.
    pub stops: Stops,
    /// The answer comes as the arguments of a call that the client did not ask for. Goes there as well.
    pub is_json_call: bool,
}

/// Reads a client's request.
///
/// # Errors
/// When it is not JSON, not what the format says, holds content that only its own format understands, or exceeds
/// [`depth::DEPTH_MAX`], [`TURNS_MAX`] or [`TOOLS_MAX`].
pub fn decode_request(format: Format, body: &[u8]) -> Result<Request, Untranslatable> {
    let path = Path::Root;
    if depth::is_too_deep(body) {
        return Err(path.wrong(format!("the body nests deeper than {} levels", depth::DEPTH_MAX)));
    }
    let value: &RawValue = serde_json::from_slice(body)
        .map_err(|error| path.wrong(format!("not valid JSON at line {} column {}", error.line(), error.column())))?;
    let request = match ConversationFormat::of(format) {
        Some(ConversationFormat::Chat) => openai_chat::decode_request::decode(value),
        Some(ConversationFormat::Messages) => anthropic_messages::decode_request::decode(value),
        Some(ConversationFormat::Responses) => openai_responses::decode_request::decode(value),
        Some(ConversationFormat::Gemini) => gemini::decode_request::decode(value),
        Some(ConversationFormat::Completions) => completions::decode(value),
        None if format.is_token_count() => counts::decode(format, value),
        Some(ConversationFormat::Cohere | ConversationFormat::Converse) | None => Err(no_route(format)),
    }?;
    if request.turns.len() > TURNS_MAX {
        return Err(path.wrong(format!("the conversation has more than {TURNS_MAX} turns")));
    }
    if request.tools.len() > TOOLS_MAX {
        return Err(path.wrong(format!("there are more than {TOOLS_MAX} tools")));
    }
    Ok(request)
}

/// Writes a request for a provider.
///
/// # Errors
/// When the format cannot say it without changing what the client gets, or when the target is strict and anything would be
/// lost. The path is the client's.
pub fn encode_request(format: Format, request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let makes_pictures = matches!(format, Format::OpenAiChat | Format::Gemini) || format.is_token_count();
    let lost_pictures = request.pictures.as_ref().filter(|_| !makes_pictures);
    if lost_pictures.is_some_and(|pictures| pictures.is_only) {
        let why = "this provider answers in words only: ask a model that makes pictures";
        return Err(Untranslatable::new("unsupported_modality", Pictures::field(request.format), why));
    }
    answers::check(format, request, target)?;
    let rewritten = json_tool::rewritten(request, target);
    let is_json_call = rewritten.is_some();
    let request = served::settled(format, rewritten.map_or(Cow::Borrowed(request), Cow::Owned), target);
    let request = &*request;
    let mut encoded = match ConversationFormat::of(format) {
        Some(ConversationFormat::Chat) => openai_chat::encode_request::encode(request, target),
        Some(ConversationFormat::Messages) => anthropic_messages::encode_request::encode(request, target),
        Some(ConversationFormat::Responses) => openai_responses::encode_request::encode(request, target),
        Some(ConversationFormat::Gemini) => gemini::encode_request::encode(request, target),
        Some(ConversationFormat::Cohere) => cohere_chat::encode_request::encode(request, target),
        Some(ConversationFormat::Converse) => bedrock_converse::encode_request::encode(request, target),
        None if format.is_token_count() => counts::encode(format, request, target),
        Some(ConversationFormat::Completions) | None => Err(no_route(format)),
    }?;
    answers::check_encoded(request, &encoded, is_json_call)?;
    if lost_pictures.is_some() {
        encoded.warnings.add("unsupported_parameter", Pictures::field(request.format));
    }
    documents::warn(format, request, &mut encoded.warnings);
    match encoded.warnings.as_slice().first() {
        Some(warning) if target.is_strict => Err(Untranslatable::new(
            warning.code,
            warning.path.clone(),
            format!("the provider's format cannot carry this, and the request asks to lose nothing ({})", warning.code),
        )),
        _ => Ok(Encoded { is_json_call, ..encoded }),
    }
}

/// Reads a provider's whole answer with status 200. The mark is that of [`crate::neutral::opaque::mark`].
///
/// # Errors
/// When it is no answer of this format, or an error in an answer's place.
pub fn decode_reply(format: Format, body: &[u8], mark: u64, credential: Option<&str>) -> Result<Reply, Fault> {
    if depth::is_too_deep(body) {
        return Err(Fault::new(FaultClass::Unreadable, "the provider's answer nests too deep"));
    }
    let origin = Origin { format, mark };
    let mut reply = match ConversationFormat::of(format) {
        Some(ConversationFormat::Chat) => openai_chat::decode_reply::decode(body, origin, credential),
        Some(ConversationFormat::Messages) => anthropic_messages::decode_reply::decode(body, origin, credential),
        Some(ConversationFormat::Responses) => openai_responses::decode_reply::decode(body, origin, credential),
        Some(ConversationFormat::Gemini) => gemini::decode_reply::decode(body, origin, credential),
        Some(ConversationFormat::Cohere) => cohere_chat::decode_reply::decode(body, credential),
        Some(ConversationFormat::Converse) => bedrock_converse::decode_reply::decode(body, origin, credential),
        Some(ConversationFormat::Completions) | None => {
            Err(Fault::ours(FaultClass::Unreadable, format!("answers in {} are not translated", format.name())))
        }
    }?;
    if let Stop::Other(word) = &reply.stop {
        reply.warnings.add(UNKNOWN_FINISH_REASON, word.as_str());
    }
    Ok(reply)
}

/// Writes a whole answer for a client.
#[must_use]
pub fn encode_reply(format: Format, reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    let restored;
    let reply = if options.aliases.is_empty() {
        reply
    } else {
        restored = options.aliases.restore(reply);
        &restored
    };
    match ConversationFormat::of(format) {
        Some(ConversationFormat::Chat) => openai_chat::encode_reply::encode(reply, options),
        Some(ConversationFormat::Messages) => anthropic_messages::encode_reply::encode(reply, options),
        Some(ConversationFormat::Responses) => openai_responses::encode_reply::encode(reply, options),
        Some(ConversationFormat::Gemini) => gemini::encode_reply::encode(reply, options),
        Some(ConversationFormat::Completions) => completions::encode(reply, options),
        // Nobody is served these.
        Some(ConversationFormat::Cohere | ConversationFormat::Converse) | None => Vec::new(),
    }
}

/// The body of an HTTP error that says in the client's format why a request cannot be translated. Its status is 400.
#[must_use]
pub fn refusal(format: Format, refused: &Untranslatable, request_id: &str) -> Vec<u8> {
    let error = ErrorBody {
        kind: ErrorKind::InvalidRequest,
        code: refused.code,
        message: &refused.to_string(),
        param: (!refused.path.is_empty()).then_some(refused.path.as_str()),
        origin: wardgate_core::fault::ErrorOrigin::Gateway,
        request_id,
    };
    crate::error_body::body(format, &error)
}

fn no_route(format: Format) -> Untranslatable {
    Untranslatable::new("unsupported_format", "", format!("requests in {} are not translated", format.name()))
}

/// Writes one frame of Amazon's event stream: for tests and for providers that answer by script.
pub fn write_frame(out: &mut Vec<u8>, kind: &str, name: &str, payload: &[u8]) {
    bedrock_converse::frames::write(out, kind, name, payload);
}
