//! Versions of objects as HTTP knows them: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, section 13).

use crate::error::ApiError;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use wardgate_core::stamp::Version;

/// What a request says of versions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preconditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Preconditions {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        // What cannot be read as text matches nothing.
        let joined = |name: HeaderName| {
            let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\"\"")).collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        Self { if_match: joined(header::IF_MATCH), if_none_match: joined(header::IF_NONE_MATCH) }
    }

    /// Whether a write is for one version only.
    pub(crate) fn names_a_version(&self) -> bool {
        self.if_match.is_some()
    }

    /// Refuses a write that was meant for another version.
    pub(crate) fn check(&self, present: Version) -> Result<(), ApiError> {
        let is_meant = self.if_match.as_deref().is_none_or(|tags| {
            let text = text(present);
            tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == text)
        });
        if is_meant { Ok(()) } else { Err(changed()) }
    }

    /// Whether the reader has this version already. Weak tags compare as strong ones here.
    pub(crate) fn has(&self, present: Version) -> bool {
        self.if_none_match.as_deref().is_some_and(|tags| {
            let text = text(present);
            tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == text)
        })
    }
}

/// The value of `ETag` for a version.
pub(crate) fn value(version: Version) -> HeaderValue {
    HeaderValue::from_str(&text(version)).unwrap_or(HeaderValue::from_static("\"\""))
}

fn text(version: Version) -> String {
    format!("\"{}\"", version.number())
}

/// The object is of another version than `If-Match` names.
pub(crate) fn changed() -> ApiError {
    let msg = "The object was changed since the version in If-Match: read it again, and repeat the change on what it is now.";
    ApiError::new(StatusCode::PRECONDITION_FAILED, "version_changed", msg)
        .known_as(Some("ERR_NGROK_AI_GATEWAY_RESOURCE_VERSION_CONFLICT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, matches: bool, has: bool) {
        let present = Version::new(3);
        let both = Preconditions { if_match: Some(header.to_owned()), if_none_match: Some(header.to_owned()) };
        assert_eq!(both.check(present).is_ok(), matches, "{header}");
        assert_eq!(both.has(present), has, "{header}");
    }

    #[test]
    fn tags_compare_strongly_for_writes_and_weakly_for_reads() {
        check("\"3\"", true, true);
        check("\"2\", \"3\"", true, true);
        check("*", true, true);
        check("W/\"3\"", false, true);
        check("\"4\"", false, false);
        check("3", false, false);
        check("", false, false);
        let none = Preconditions::default();
        assert!(none.check(Version::FIRST).is_ok() && !none.has(Version::FIRST));
    }
}
