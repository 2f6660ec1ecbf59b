//! Errors as OpenAI's clients read them.

use crate::error_body::{ErrorBody, ErrorKind};
use crate::stream::Envelope;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'e> {
    error: Error<'e>,
    request_id: &'e str,
}

#[derive(Serialize)]
struct Error<'e> {
    message: &'e str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'e str>,
    code: &'e str,
    origin: &'static str,
}

#[derive(Serialize)]
struct Chunk<'e> {
    id: &'e str,
    object: &'static str,
    created: i64,
    model: &'e str,
    choices: [Choice; 1],
    error: Error<'e>,
}

#[derive(Serialize)]
struct Choice {
    index: u8,
    delta: Empty,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Empty {}

pub(crate) fn body(error: &ErrorBody<'_>) -> Vec<u8> {
    to_json(&Body { error: inner(error), request_id: error.request_id })
}

/// A chunk whose `error` SDKs raise on and whose `finish_reason` no reader can take for an ordinary end. No `[DONE]` follows.
pub(crate) fn event(error: &ErrorBody<'_>, envelope: &Envelope) -> Vec<u8> {
    let chunk = Chunk {
        id: envelope.id.as_deref().unwrap_or(error.request_id),
        object: "chat.completion.chunk",
        created: envelope.created.unwrap_or(0),
        model: envelope.model.as_deref().unwrap_or(""),
        choices: [Choice { index: 0, delta: Empty {}, finish_reason: "error" }],
        error: inner(error),
    };
    [b"data: ".as_slice(), &to_json(&chunk), b"\n\n"].concat()
}

fn inner<'e>(error: &ErrorBody<'e>) -> Error<'e> {
    let kind = match error.kind {
        ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::TooLarge => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::Payment => "insufficient_quota",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Overloaded | ErrorKind::Timeout | ErrorKind::Server => "server_error",
    };
    Error { message: error.message, kind, param: error.param, code: error.code, origin: error.origin.name() }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
