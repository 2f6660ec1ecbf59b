//! Errors, in the shape of the format that was asked.

use http::StatusCode;
use serde_json::{Value, json};

/// Whose error body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `{"error": {…}}`.
    OpenAi,
    /// `{"type": "error", "error": {…}}`.
    Anthropic,
    /// `{"error": {"code": …, "message": …, "status": …}}`.
    Google,
    /// `{"message": …}`, as Cohere and Bedrock have it.
    Message,
}

/// A request that is not answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// What to tell the caller.
    pub(crate) message: String,
}

impl Refusal {
    /// The request cannot be understood.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// There is no model of this name.
    pub(crate) fn unknown_model(name: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: format!("The sandbox has no model named {name:?}.") }
    }

    /// The model is one that fails.
    pub(crate) fn scripted(status: StatusCode) -> Self {
        Self { status, message: format!("The sandbox was asked to fail with status {}.", status.as_u16()) }
    }

    /// The body in a format's shape.
    pub(crate) fn body(&self, shape: Shape) -> Value {
        match shape {
            Shape::OpenAi => {
                let (kind, code) = openai_words(self.status);
                json!({"error": {"message": self.message, "type": kind, "param": null, "code": code}})
            }
            Shape::Anthropic => {
                let error = json!({"type": anthropic_word(self.status), "message": self.message});
                json!({"type": "error", "error": error, "request_id": "req_sandbox"})
            }
            Shape::Google => {
                let status = self.status.as_u16();
                json!({"error": {"code": status, "message": self.message, "status": google_word(self.status)}})
            }
            Shape::Message => json!({"message": self.message}),
        }
    }
}

fn openai_words(status: StatusCode) -> (&'static str, Option<&'static str>) {
    match status.as_u16() {
        400 => ("invalid_request_error", Some("invalid_value")),
        401 => ("authentication_error", Some("invalid_api_key")),
        402 => ("insufficient_quota", Some("insufficient_quota")),
        403 => ("permission_error", None),
        404 => ("invalid_request_error", Some("model_not_found")),
        413 => ("invalid_request_error", Some("request_too_large")),
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    }
}

fn anthropic_word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn google_word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_has_its_words() {
        let cases = [
            (401, "authentication_error", "authentication_error"),
            (429, "requests", "rate_limit_error"),
            (529, "server_error", "overloaded_error"),
        ];
        for (status, openai, anthropic) in cases {
            let refusal = Refusal::scripted(StatusCode::from_u16(status).unwrap_or_default());
            assert_eq!(refusal.body(Shape::OpenAi)["error"]["type"], openai);
            assert_eq!(refusal.body(Shape::Anthropic)["error"]["type"], anthropic);
        }
    }
}
