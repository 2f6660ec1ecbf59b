//! The limit that an error is about, for programs.

use serde::Serialize;

/// The limit. Durations are whole seconds.
#[derive(Debug, Clone, Serialize)]
pub struct LimitBody<'l> {
    /// What is limited: `requestsPerMinute`.
    pub limit: &'l str,
    /// Whose limit it is: `account`, `team`, `key`, `end_user` or `model`.
    pub owner: &'l str,
    /// Its id or name.
    pub owner_id: &'l str,
    /// The tier it comes from, if from one.
    pub tier: Option<&'l str>,
    /// The limit itself.
    pub max: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When all of it is back.
    pub reset_seconds: u64,
    /// When the same request could be admitted.
    pub retry_after_seconds: u64,
}

/// Puts the limit into the body of an error, as its last field. Every format's error is a JSON object, and its readers pass
/// over fields that they do not know.
#[must_use]
pub fn add(body: Vec<u8>, limit: &LimitBody<'_>) -> Vec<u8> {
    with_field(body, "rate_limit", limit)
}

/// Puts a last field into a JSON object.
pub(crate) fn with_field(mut body: Vec<u8>, name: &str, value: &impl Serialize) -> Vec<u8> {
    if body.last() == Some(&b'}')
        && let Ok(value) = serde_json::to_vec(value)
    {
        body.pop();
        body.extend_from_slice(format!(",\"{name}\":").as_bytes());
        body.extend_from_slice(&value);
        body.push(b'}');
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_body::{ErrorBody, ErrorKind, body};
    use wardgate_core::fault::ErrorOrigin;
    use wardgate_core::format::Format;

    #[test]
    fn every_formats_error_takes_it() {
        let limit = LimitBody {
            limit: "requestsPerMinute",
            owner: "team",
            owner_id: "team_1",
            tier: Some("free"),
            max: 20,
            remaining: 0,
            reset_seconds: 60,
            retry_after_seconds: 3,
        };
        for format in Format::ALL {
            let error = ErrorBody {
                kind: ErrorKind::RateLimit,
                code: "rate_limited",
                message: "wait",
                param: None,
                origin: ErrorOrigin::Gateway,
                request_id: "rq_1",
            };
            let read: serde_json::Value = serde_json::from_slice(&add(body(format, &error), &limit)).unwrap_or_default();
            assert_eq!(read["rate_limit"]["owner"], "team", "{format:?}");
            assert!(read["error"].is_object(), "{format:?}");
        }
    }
}
