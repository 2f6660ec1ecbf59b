//! Whom an error is from, for programs.

use crate::limit_body::with_field;
use serde::Serialize;

/// The last one that was asked.
#[derive(Debug, Clone, Serialize)]
pub struct UpstreamBody<'u> {
    /// The provider.
    pub provider: &'u str,
    /// The model, in its spelling.
    pub model: &'u str,
    /// Its HTTP status; 0 where there was no answer.
    pub status: u16,
    /// What it calls the request, for its support; none where it said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'u str>,
}

/// Puts it into the body of an error, as its last field.
#[must_use]
pub fn add(body: Vec<u8>, upstream: &UpstreamBody<'_>) -> Vec<u8> {
    with_field(body, "upstream", upstream)
}
