//! Reading a provider's error: what it said, and what that comes down to.
//!
//! Providers agree on neither shape nor status. The status decides first; then codes and phrases that are known to mean
//! something else than their status says (an empty quota as 429, a wrong key as 400) correct it.

use crate::scrub;
use serde_json::Value;
use wardgate_core::fault::{ErrorOrigin, Fault, FaultClass};

/// How much of an error's text is passed on, in characters.
const MESSAGE_CHARACTERS_MAX: usize = 1_000;

/// The same of the place that a redirect leads to.
const PLACE_CHARACTERS_MAX: usize = 200;

/// Phrases that mean "longer than the model's window", over all providers. Lower case.
const CONTEXT_LENGTH: [&str; 11] = [
    "context_length_exceeded",
    "exceed_context_size",
    "prompt is too long",
    "maximum context length",
    "exceeds the context",
    "exceeds the available context",
    "input is too long",
    "too many total text bytes",
    "range of input length should be",
    "exceeded model token limit",
    "input token length too long",
];
const CONTENT_POLICY: [&str; 5] =
    ["content_policy_violation", "content_filter", "data_inspection_failed", "considered high risk", "datainspectionfailed"];
const CREDIT: [&str; 7] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "credit balance is too low",
    "billing_error",
    "insufficient balance",
    "exceeded_current_quota",
    "arrearage",
];
const CREDENTIAL: [&str; 4] = ["api_key_invalid", "incorrect api key", "invalid_api_key", "invalid api key"];
const OVERLOADED: [&str; 3] = ["overloaded_error", "engine_overloaded", "capacity_exceeded"];

/// Reads the body of an HTTP error.
#[must_use]
pub fn from_response(status: u16, body: &[u8], credential: Option<&str>) -> Fault {
    let parsed = serde_json::from_slice::<Value>(body).ok();
    let said = parsed.as_ref().map(read_value).unwrap_or_default();
    let message = if parsed.is_some() { said.message.clone() } else { plain_text(body) };
    finish(by_status(status), said, &message, credential)
}

/// An answer that leads elsewhere, or says that nothing changed. Nobody follows it: a credential goes to no place that a provider
/// names.
#[must_use]
pub fn from_redirect(status: u16, location: Option<&str>, credential: Option<&str>) -> Fault {
    // What follows the path may be a secret.
    let place = location.and_then(|location| location.split(['?', '#']).next()).filter(|place| !place.contains('@'));
    let place: String = scrub::scrub(place.unwrap_or("another place"), credential).chars().take(PLACE_CHARACTERS_MAX).collect();
    let message = format!("the provider answers {status} and leads to {place}, which is not followed; correct its base URL");
    Fault::new(FaultClass::Server, message)
}

/// Reads an error that came inside a stream or inside an answer with status 200.
#[must_use]
pub fn from_value(error: &Value, credential: Option<&str>) -> Fault {
    let said = read_value(error);
    let class = said.status.map_or(FaultClass::Server, by_status);
    let message = said.message.clone();
    finish(class, said, &message, credential)
}

#[derive(Default)]
struct Said {
    message: String,
    code: Option<String>,
    kind: Option<String>,
    status: Option<u16>,
}

/// Finds message and code in any of the shapes that providers use: `{error:{…}}`, `{error:"…"}`, `{message}`, `{detail}`,
/// or a list of one of these.
fn read_value(value: &Value) -> Said {
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let inner = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let field = |name: &str| inner.get(name).or_else(|| value.get(name)).and_then(text);
    let message = text(inner).or_else(|| field("message")).or_else(|| field("detail")).or_else(|| field("status_msg"));
    let code = field("code").or_else(|| inner.get("status").and_then(Value::as_str).map(str::to_owned));
    let status = code.as_deref().and_then(|code| code.parse().ok()).filter(|status| (400..600).contains(status));
    // Every level's type counts, since "error" as the outer one says nothing.
    Said { message: message.unwrap_or_default(), code, kind: inner.get("type").and_then(text), status }
}

const fn by_status(status: u16) -> FaultClass {
    match status {
        401 | 403 => FaultClass::CredentialRefused,
        402 => FaultClass::CreditExhausted,
        404 | 410 => FaultClass::NotFound,
        408 | 504 => FaultClass::Timeout,
        // It was asked over a connection, or at a moment, that it does not want; nothing is wrong with the request.
        421 | 425 => FaultClass::Server,
        413 => FaultClass::TooLarge,
        429 => FaultClass::RateLimited,
        498 | 503 | 529 => FaultClass::Overloaded,
        400..=499 => FaultClass::InvalidRequest,
        _ => FaultClass::Server,
    }
}

fn finish(by_status: FaultClass, said: Said, message: &str, credential: Option<&str>) -> Fault {
    let haystack = [said.code.as_deref(), said.kind.as_deref(), Some(message)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n")
        .to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| haystack.contains(phrase));
    let kind_is = |kind: &str| said.kind.as_deref() == Some(kind) || said.code.as_deref() == Some(kind);
    let class = match by_status {
        FaultClass::InvalidRequest | FaultClass::TooLarge if says(&CONTEXT_LENGTH) => FaultClass::ContextLength,
        FaultClass::InvalidRequest | FaultClass::CredentialRefused if says(&CONTENT_POLICY) => FaultClass::ContentPolicy,
        FaultClass::InvalidRequest | FaultClass::RateLimited if says(&CREDIT) => FaultClass::CreditExhausted,
        FaultClass::InvalidRequest if says(&CREDENTIAL) => FaultClass::CredentialRefused,
        FaultClass::RateLimited | FaultClass::Server if says(&OVERLOADED) => FaultClass::Overloaded,
        // An error inside a stream has no status; its type then says what the status would have.
        FaultClass::Server if kind_is("invalid_request_error") && says(&CONTEXT_LENGTH) => FaultClass::ContextLength,
        FaultClass::Server if kind_is("invalid_request_error") => FaultClass::InvalidRequest,
        FaultClass::Server if kind_is("rate_limit_error") || kind_is("rate_limit_exceeded") => FaultClass::RateLimited,
        FaultClass::Server if kind_is("authentication_error") || kind_is("permission_error") => FaultClass::CredentialRefused,
        FaultClass::Server if kind_is("timeout_error") => FaultClass::Timeout,
        class => class,
    };
    let message = scrub::scrub(message, credential);
    Fault {
        class,
        message: message.chars().take(MESSAGE_CHARACTERS_MAX).collect(),
        code: said.code.or(said.kind),
        origin: ErrorOrigin::Provider,
    }
}

/// What may be shown of a body that is no JSON: plain text, but never a page.
fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('<') { String::new() } else { text.chars().take(200).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultClass::*;

    fn check(status: u16, body: &str, class: FaultClass, message: &str) {
        let fault = from_response(status, body.as_bytes(), None);
        assert_eq!((fault.class, fault.message.as_str()), (class, message), "{status} {body}");
    }

    #[test]
    fn finds_the_message_in_every_shape() {
        check(400, r#"{"error":{"message":"bad","type":"invalid_request_error"}}"#, InvalidRequest, "bad");
        check(500, r#"{"type":"error","error":{"type":"api_error","message":"oops"}}"#, Server, "oops");
        check(429, r#"[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]"#, RateLimited, "slow");
        check(400, r#"{"code":"x","error":"text"}"#, InvalidRequest, "text");
        check(422, r#"{"detail":"wrong"}"#, InvalidRequest, "wrong");
        check(404, r#"{"message":"gone"}"#, NotFound, "gone");
        check(502, "<html>bad gateway</html>", Server, "");
        check(503, "busy", Overloaded, "busy");
        check(500, "", Server, "");
        check(421, r#"{"error":"wrong host"}"#, Server, "wrong host");
    }

    #[test]
    fn a_redirect_tells_where_to_and_no_secret() {
        let check = |location: Option<&str>, place: &str| {
            let message = from_redirect(307, location, Some("sk-secret-key")).message;
            assert!(message.starts_with(&format!("the provider answers 307 and leads to {place}, which")), "{message}");
        };
        check(Some("https://new.example/v1/chat/completions?key=abc#d"), "https://new.example/v1/chat/completions");
        check(Some("/v2"), "/v2");
        check(Some("https://user:word@h/"), "another place");
        check(None, "another place");
        let long = "https://h/".to_owned() + &"x".repeat(10_000);
        assert!(from_redirect(301, Some(&long), None).message.len() < 400);
        assert!(!from_redirect(301, Some("https://h/sk-secret-key"), Some("sk-secret-key")).message.contains("secret"));
    }

    #[test]
    fn codes_correct_the_status() {
        check(429, r#"{"error":{"message":"m","code":"insufficient_quota"}}"#, CreditExhausted, "m");
        check(
            400,
            r#"{"error":{"message":"Your credit balance is too low"}}"#,
            CreditExhausted,
            "Your credit balance is too low",
        );
        check(400, r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#, ContextLength, "m");
        check(400, r#"{"error":"Incorrect API key provided"}"#, CredentialRefused, "Incorrect API key provided");
        check(400, r#"{"error":{"message":"m","code":"content_filter"}}"#, ContentPolicy, "m");
    }

    #[test]
    fn errors_inside_streams_are_classed_by_type() {
        let class = |text: &str| from_value(&serde_json::from_str(text).unwrap_or_default(), None).class;
        assert_eq!(class(r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#), Overloaded);
        assert_eq!(class(r#"{"error":{"message":"x","code":429}}"#), RateLimited);
        assert_eq!(class(r#"{"error":{"message":"x"}}"#), Server);
    }
}
