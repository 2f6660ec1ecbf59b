//! The headers of ours, and which of others' pass.

use http::header::{HeaderMap, HeaderName, HeaderValue};

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

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
pub(crate) const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(crate) const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// The longest list that a header of ours repeats of a request, in bytes.
const VALUE_BYTES_MAX: usize = 1_024;

/// Adds a header whose text may come from elsewhere: what no header can hold is replaced, and long text is cut.
pub(crate) fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(&text[..text.floor_char_boundary(VALUE_BYTES_MAX)]) {
        headers.insert(name, value);
        return;
    }
    let visible = |character: char| if character.is_ascii_graphic() || character == ' ' { character } else { '?' };
    let text: String = text.chars().map(visible).take(VALUE_BYTES_MAX).collect();
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(name, value);
    }
}
