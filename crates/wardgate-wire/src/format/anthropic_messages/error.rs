//! Errors as Anthropic's clients read them.

use crate::error_body::{ErrorBody, ErrorKind};
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
struct Body<'e> {
    #[serde(rename = "type")]
    outer: &'static str,
    error: Error<'e>,
    request_id: &'e str,
}

#[derive(Serialize)]
struct Error<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'e str,
    code: &'e str,
    origin: &'static str,
}

pub(crate) fn body(error: &ErrorBody<'_>) -> Vec<u8> {
    let kind = match error.kind {
        ErrorKind::InvalidRequest => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::Payment => "billing_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Server => "api_error",
    };
    let message = told(error);
    let error_object = Error { kind, message: &message, code: error.code, origin: error.origin.name() };
    let body = Body { outer: "error", error: error_object, request_id: error.request_id };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The message. Agents know by these words that a conversation is too long, whoever said it in others.
fn told<'e>(error: &ErrorBody<'e>) -> Cow<'e, str> {
    const TOO_LONG: &str = "prompt is too long";
    match error.code {
        "context_length_exceeded" if !error.message.to_ascii_lowercase().starts_with(TOO_LONG) => {
            format!("{TOO_LONG}: {}", error.message).into()
        }
        _ => error.message.into(),
    }
}

/// The event that ends a stream which broke. No `message_stop` follows.
pub(crate) fn event(error: &ErrorBody<'_>) -> Vec<u8> {
    [b"event: error\ndata: ".as_slice(), &body(error), b"\n\n"].concat()
}
