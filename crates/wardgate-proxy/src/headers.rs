//! The headers of ours, and which of others' pass.

use bytes::BytesMut;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-wardgate-request-id");
pub(crate) const GENERATION_ID: HeaderName = HeaderName::from_static("x-generation-id");
pub(crate) const ATTEMPTS: HeaderName = HeaderName::from_static("x-wardgate-attempts");
pub(crate) const PROVIDER: HeaderName = HeaderName::from_static("x-wardgate-provider");
pub(crate) const MODEL: HeaderName = HeaderName::from_static("x-wardgate-model");
pub(crate) const SKIPPED_MODELS: HeaderName = HeaderName::from_static("x-wardgate-skipped-models");
pub(crate) const REMOVED_PARAMS: HeaderName = HeaderName::from_static("x-wardgate-removed-params");
pub(crate) const CHANGED_PARAMS: HeaderName = HeaderName::from_static("x-wardgate-changed-params");
pub(crate) const OUTPUT_CAP: HeaderName = HeaderName::from_static("x-wardgate-output-cap");
/// What was lost between the client's format and the provider's.
pub(crate) const WARNINGS: HeaderName = HeaderName::from_static("x-wardgate-warnings");
/// The answer is reckoned by the gateway and told by no provider.
pub(crate) const ESTIMATED: HeaderName = HeaderName::from_static("x-wardgate-estimated");
/// In a request: rather refuse than lose anything.
pub(crate) const STRICT: HeaderName = HeaderName::from_static("x-wardgate-strict");
pub(crate) const COST: HeaderName = HeaderName::from_static("x-wardgate-cost");
/// In a request: whether the answer is to tell how it was routed. In an answer: that.
pub(crate) const EXPLAIN: HeaderName = HeaderName::from_static("x-wardgate-explain");
/// In a request: the session that it belongs to.
pub(crate) const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");
/// Where OpenAI's clients look for a request's id.
pub(crate) const OPENAI_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where Anthropic's clients look for it.
pub(crate) const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// By which a gateway recognizes its own call.
pub(crate) const LOOP: HeaderName = HeaderName::from_static("x-wardgate-loop");

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
pub(crate) const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(crate) const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// Whether a client would rather be refused than lose anything.
pub(crate) fn is_strict(of: &HeaderMap) -> bool {
    of.get(STRICT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

/// The longest list that a header of ours repeats of a request, in bytes.
const VALUE_BYTES_MAX: usize = 1_024;

/// Adds a header whose text may come from elsewhere: what no header can hold is replaced, and long text is cut.
pub(crate) fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(&fitted(text)) {
        headers.insert(name, value);
    }
}

/// The values of several headers in one piece of memory: each in one of its own costs an allocation each.
pub(crate) struct Values(BytesMut);

impl Values {
    /// With room for so many bytes of values; more is made where it is needed.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(BytesMut::with_capacity(bytes))
    }

    /// Adds a header as [`insert_text`] does.
    pub(crate) fn insert(&mut self, headers: &mut HeaderMap, name: HeaderName, text: &str) {
        self.0.extend_from_slice(fitted(text).as_bytes());
        if let Ok(value) = HeaderValue::from_maybe_shared(self.0.split().freeze()) {
            headers.insert(name, value);
        }
    }
}

/// A text as a header can hold it.
fn fitted(text: &str) -> Cow<'_, str> {
    let text = &text[..text.floor_char_boundary(VALUE_BYTES_MAX)];
    if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t') {
        return Cow::Borrowed(text);
    }
    let visible = |character: char| if character.is_ascii_graphic() || character == ' ' { character } else { '?' };
    Cow::Owned(text.chars().map(visible).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_header_can_hold_is_replaced() {
        let long = "x".repeat(2 * VALUE_BYTES_MAX);
        let cases = [("gpt-4o", "gpt-4o"), ("a\r\nb: c", "a??b: c"), ("é", "?"), ("", ""), (&long, &long[..VALUE_BYTES_MAX])];
        let mut values = Values::with_capacity(4);
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            insert_text(&mut headers, MODEL, text);
            values.insert(&mut headers, PROVIDER, text);
            for name in [MODEL, PROVIDER] {
                assert_eq!(headers.get(&name).map(HeaderValue::as_bytes), Some(expected.as_bytes()), "{name} {text:?}");
            }
        }
    }
}
