//! How a custom provider is addressed beside its URL: how its keys are sent, and headers of its own.

use crate::body::{Items, Nested, OneOf, Problems, Required, Text, body};
use axum::http::{HeaderName, HeaderValue};
use wardgate_core::provider::{AuthScheme, CustomHeader};

/// The most headers of a provider.
const HEADERS_MAX: usize = 20;

/// Headers that the gateway writes itself, or that speak of the connection.
const RESERVED: [&str; 20] = [
    "accept",
    "accept-encoding",
    "api-key",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-api-key",
    "x-goog-api-key",
];

/// What the gateway's own headers begin with, and those of Amazon's signatures.
const RESERVED_BEGINNINGS: [&str; 2] = ["x-wardgate-", "x-amz-"];

body! {
    /// A header.
    ProviderHeaderWrite {
        /// Its name; upper and lower case are the same.
        name: String = Required(Text::max(255).filled(None)),
        /// Its value.
        value: String = Required(Text::max(4_096)),
    }
    example {"name": "x-team", "value": "search"}
}

/// The field `authScheme`.
pub(super) fn auth_scheme() -> OneOf<AuthScheme> {
    OneOf::new(AuthScheme::ALL.map(|scheme| (scheme.name(), scheme)), "unsupported_auth_scheme")
}

/// The field `headers`.
pub(super) fn headers() -> Items<Nested<ProviderHeaderWrite>> {
    let name = |header: &ProviderHeaderWrite| header.name.to_ascii_lowercase();
    Items::of(Nested::new(), HEADERS_MAX).unique(name, "duplicate_header", None, Some("name"))
}

/// The headers that are meant.
pub(super) fn read_headers(written: &[ProviderHeaderWrite], problems: &mut Problems) -> Vec<CustomHeader> {
    let mut read = Vec::new();
    for (number, header) in written.iter().enumerate() {
        match problem(header) {
            Some((field, why)) => problems.add(format!("headers[{number}].{field}"), "bad_header", None, why),
            None => read.push(CustomHeader { name: header.name.to_ascii_lowercase(), value: header.value.trim().to_owned() }),
        }
    }
    read
}

fn problem(header: &ProviderHeaderWrite) -> Option<(&'static str, &'static str)> {
    let name = header.name.to_ascii_lowercase();
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Some(("name", "is no name of a header"));
    }
    if RESERVED.contains(&name.as_str()) || RESERVED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
        return Some(("name", "is a header that the gateway writes itself; a credential is stored as a provider key"));
    }
    let is_value = header.value.is_ascii() && HeaderValue::from_str(&header.value).is_ok();
    (!is_value).then_some(("value", "must be printable ASCII characters"))
}
