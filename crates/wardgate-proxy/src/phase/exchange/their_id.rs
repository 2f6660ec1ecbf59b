//! What a provider calls a request: what its support asks for.

use http::header::{HeaderMap, HeaderName};
use wardgate_wire::scrub;

/// Where providers tell it, the likelier first.
const NAMES: [HeaderName; 4] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-amzn-requestid"),
    HeaderName::from_static("apim-request-id"),
];

/// The id in the head of an error (of a success no such header is kept), unless it looks like something that a client must not see.
pub(super) fn of(headers: &HeaderMap, credential: Option<&str>) -> Option<String> {
    let id = NAMES.iter().find_map(|name| headers.get(name))?.to_str().ok()?;
    scrub::is_request_id(id, credential).then(|| id.to_owned())
}
