//! Reading a provider's error: what it said, and what that comes down to.
//!
//! Providers agree on neither shape nor status. The status decides first; then codes and phrases that are known to mean
//! something else than their status says (an empty quota as 429, a wrong key as 400) correct it.

mod words;

use crate::scrub;
use serde_json::Value;
use std::time::Duration;
use wardgate_core::fault::{ErrorOrigin, Fault, FaultClass};

/// How much of an error is read, in bytes. What is taken apart costs many times its length in memory.
pub const ERROR_BYTES_MAX: usize = 64 * 1024;

/// How much of an error's text is passed on, in characters.
const MESSAGE_CHARACTERS_MAX: usize = 1_000;

/// How many names an error is read with beside its code and its type.
const OTHERS_MAX: usize = 16;

/// The same of the place that a redirect leads to.
const PLACE_CHARACTERS_MAX: usize = 200;

/// Reads an HTTP error: its status, what its head calls it (as AWS does, in `x-amzn-errortype`), its body.
#[must_use]
pub fn from_response(status: u16, name: Option<&str>, body: &[u8], credential: Option<&str>) -> Fault {
    let parsed = serde_json::from_slice::<Value>(body).ok();
    let mut said = parsed.as_ref().map(read_value).unwrap_or_default();
    // A name may have a URL behind it.
    said.kind = name.and_then(|name| name.split(':').next()).map(str::to_owned).or(said.kind);
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
    let class = match (said.status, error.get("status_code").and_then(Value::as_u64)) {
        (Some(status), _) => by_status(status),
        (None, Some(code)) => words::minimax(code),
        (None, None) => words::in_band(&said.names()),
    };
    let message = said.message.clone();
    finish(class, said, &message, credential)
}

/// When an error's body says that it may be asked again, as Google's do in a detail (`"retryDelay": "34.5s"`).
#[must_use]
pub fn retry_delay(body: &[u8]) -> Option<Duration> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(&value);
    let delay = value.get("error")?.get("details")?.as_array()?.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
}

#[derive(Default)]
struct Said {
    message: String,
    code: Option<String>,
    kind: Option<String>,
    /// Google's word for its code, and the reasons that it gives beside the message.
    others: Vec<String>,
    status: Option<u16>,
}

impl Said {
    /// All that the error is called, in lower case.
    fn names(&self) -> Vec<String> {
        self.code.iter().chain(&self.kind).chain(&self.others).map(|name| name.to_ascii_lowercase()).collect()
    }
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
    let named = inner.get("status").and_then(Value::as_str).map(str::to_owned);
    let code = field("code").or_else(|| named.clone()).or_else(|| field("status_code"));
    let reason = |detail: &Value| detail.get("reason").and_then(text);
    let reasons = inner.get("details").and_then(Value::as_array).into_iter().flatten().filter_map(reason);
    let others = named.into_iter().chain(reasons).take(OTHERS_MAX).collect();
    let kind = inner.get("type").or_else(|| inner.get("__type")).and_then(text);
    let kind = kind.map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned());
    let status = code.as_deref().and_then(|code| code.parse().ok()).filter(|status| (400..600).contains(status));
    // Every level's type counts, since "error" as the outer one says nothing.
    Said { message: message.unwrap_or_default(), code, kind, others, status }
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
        // Something behind the provider failed, or somebody there went away.
        424 | 499 => FaultClass::Server,
        400..=499 => FaultClass::InvalidRequest,
        _ => FaultClass::Server,
    }
}

fn finish(by_status: FaultClass, said: Said, message: &str, credential: Option<&str>) -> Fault {
    let names = said.names();
    let class = words::correct(by_status, &names, &format!("{}\n{}", names.join("\n"), message.to_lowercase()));
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
        let fault = from_response(status, None, body.as_bytes(), None);
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
        check(424, r#"{"message":"the model failed"}"#, Server, "the model failed");
        // A wrong key is 400 at Google, and only a detail says so in a word.
        let wrong_key = r#"{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"@type":"t","reason":"API_KEY_INVALID"}]}}"#;
        check(400, wrong_key, CredentialRefused, "m");
    }

    #[test]
    fn refused_reasoning_is_told_from_other_mistakes() {
        let refused = |message: &str| {
            let body = serde_json::json!({"error": {"type": "invalid_request_error", "message": message}});
            let class = |status| from_response(status, None, body.to_string().as_bytes(), None).class;
            assert_eq!((class(400), class(401)), (ReasoningRefused, CredentialRefused), "{message}");
            assert_eq!(from_value(&body, None).class, ReasoningRefused, "{message}");
        };
        refused("The encrypted content gAAA… could not be verified. Reason: Encrypted content could not be decrypted.");
        refused("messages.1.content.0: Invalid `signature` in `thinking` block");
        refused(
            "messages.3.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
        );
        refused("messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.");
        refused("Function call is missing a thought_signature in functionCall parts.");
        check(400, r#"{"error":{"message":"m","code":"invalid_encrypted_content"}}"#, ReasoningRefused, "m");
        check(400, r#"{"error":{"message":"budget_tokens: too small"}}"#, InvalidRequest, "budget_tokens: too small");
    }

    #[test]
    fn a_detail_may_say_when_to_come_back() {
        let body = r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"q"},{"@type":"r","retryDelay":"34.5s"}]}}]"#;
        assert_eq!(retry_delay(body.as_bytes()), Some(Duration::from_millis(34_500)));
        assert_eq!(retry_delay(br#"{"error":{"message":"m"}}"#), None);
        assert_eq!(retry_delay(br#"{"error":{"details":[{"retryDelay":"-1s"}]}}"#), None);
    }

    #[test]
    fn the_head_may_name_an_error() {
        let class = |status, name: &str| from_response(status, Some(name), b"{\"message\":\"m\"}", None).class;
        assert_eq!(class(400, "ServiceQuotaExceededException"), RateLimited);
        assert_eq!(class(429, "ModelNotReadyException:http://internal.example/"), Overloaded);
        assert_eq!(class(408, "ModelTimeoutException"), Timeout);
        assert_eq!(class(424, "ModelErrorException"), Server);
        assert_eq!(class(400, "ValidationException"), InvalidRequest);
        check(400, r#"{"__type":"com.amazon.coral.service#ServiceQuotaExceededException","message":"m"}"#, RateLimited, "m");
    }

    #[test]
    fn too_long_is_said_in_many_words() {
        for message in [
            "prompt is too long: 205000 tokens > 200000 maximum",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
            "Your input exceeds the context window of this model.",
            "the request exceeds the available context size. try increasing the context size",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            "Requested token count exceeds the model's maximum context length",
            "Input is too long for requested model.",
            "too many tokens: total number of tokens in the prompt cannot exceed 4081",
            "Range of input length should be [1, 98304]",
            "Invalid request: Your request exceeded model token limit: 131072",
            "Input token length too long",
            "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
            "Please reduce the length of the messages or completion.",
        ] {
            let body = serde_json::json!({"error": {"message": message}}).to_string();
            assert_eq!(from_response(400, None, body.as_bytes(), None).class, ContextLength, "{message}");
        }
    }

    #[test]
    fn errors_inside_streams_are_classed_by_type() {
        let class = |text: &str| from_value(&serde_json::from_str(text).unwrap_or_default(), None).class;
        assert_eq!(class(r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#), Overloaded);
        assert_eq!(class(r#"{"error":{"message":"x","code":429}}"#), RateLimited);
        assert_eq!(class(r#"{"error":{"message":"x"}}"#), Server);
        // As Responses names what failed.
        assert_eq!(class(r#"{"code":"context_length_exceeded","message":"x"}"#), ContextLength);
        assert_eq!(class(r#"{"code":"invalid_prompt","message":"x"}"#), InvalidRequest);
        assert_eq!(class(r#"{"code":"rate_limit_exceeded","message":"x"}"#), RateLimited);
        assert_eq!(class(r#"{"code":"invalid_image_format","message":"x"}"#), InvalidRequest);
        assert_eq!(class(r#"{"code":"bio_policy","message":"x"}"#), ContentPolicy);
        assert_eq!(class(r#"{"status_code":1002,"status_msg":"rate limit"}"#), RateLimited);
        assert_eq!(class(r#"{"type":"not_found_error","message":"x"}"#), NotFound);
    }
}
