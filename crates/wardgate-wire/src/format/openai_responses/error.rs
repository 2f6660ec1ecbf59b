//! Errors as clients of Responses read them. Over HTTP they are those of Chat Completions.

use crate::error_body::{ErrorBody, ErrorKind};
use crate::json::Json;
use crate::json::write::object;
use crate::stream::Envelope;

/// The event that ends a stream which broke, where nothing is known of what was sent before: a failed response without output.
pub(crate) fn event(error: &ErrorBody<'_>, envelope: &Envelope) -> Vec<u8> {
    let data = object(|json| {
        json.put("type", "response.failed");
        json.put_number("sequence_number", envelope.events);
        json.put_object("response", |json| {
            json.put("id", envelope.id.as_deref().unwrap_or(error.request_id));
            json.put("object", "response");
            json.put_integer("created_at", envelope.created.unwrap_or(0));
            json.put("status", "failed");
            json.put_object("error", |json| members(json, error));
            json.put("model", envelope.model.as_deref().unwrap_or_default());
            json.put_raw("output", "[]");
        });
    });
    [b"event: response.failed\ndata: ".as_slice(), &data, b"\n\n"].concat()
}

pub(crate) fn members(json: &mut Json<'_>, error: &ErrorBody<'_>) {
    json.put(
        "code",
        match error.kind {
            ErrorKind::RateLimit => "rate_limit_exceeded",
            ErrorKind::InvalidRequest => "invalid_prompt",
            _ => "server_error",
        },
    );
    json.put("message", error.message);
    json.put("origin", error.origin.name());
}
