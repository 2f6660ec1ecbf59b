//! Errors as Gemini's clients read them.

use crate::error_body::{ErrorBody, ErrorKind};
use crate::json::write::object;

pub(crate) fn body(error: &ErrorBody<'_>) -> Vec<u8> {
    let (code, status) = match error.kind {
        ErrorKind::InvalidRequest => (400, "INVALID_ARGUMENT"),
        ErrorKind::TooLarge => (413, "INVALID_ARGUMENT"),
        ErrorKind::Authentication => (401, "UNAUTHENTICATED"),
        ErrorKind::Permission => (403, "PERMISSION_DENIED"),
        ErrorKind::Payment => (402, "FAILED_PRECONDITION"),
        ErrorKind::NotFound => (404, "NOT_FOUND"),
        ErrorKind::RateLimit => (429, "RESOURCE_EXHAUSTED"),
        ErrorKind::Overloaded => (503, "UNAVAILABLE"),
        ErrorKind::Timeout => (504, "DEADLINE_EXCEEDED"),
        ErrorKind::Server => (500, "INTERNAL"),
    };
    object(|json| {
        json.put_object("error", |json| {
            json.put_number("code", code);
            json.put("message", error.message);
            json.put("status", status);
            json.put_list("details", |json| {
                json.object(|json| {
                    json.put("@type", "type.googleapis.com/google.rpc.ErrorInfo");
                    json.put("reason", error.code);
                    json.put("domain", error.origin.name());
                    json.put_object("metadata", |json| json.put("request_id", error.request_id));
                });
            });
        });
    })
}

/// The event that ends a stream which broke.
pub(crate) fn event(error: &ErrorBody<'_>) -> Vec<u8> {
    [b"data: ".as_slice(), &body(error), b"\n\n"].concat()
}
