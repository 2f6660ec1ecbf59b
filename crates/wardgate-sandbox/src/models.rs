//! The list of models, in the dialect that the caller's headers show.

use http::HeaderMap;
use serde_json::{Value, json};

use crate::chat::CREATED;
use crate::model::LISTED;

/// The list.
pub(crate) fn list(headers: &HeaderMap) -> Value {
    if headers.contains_key("anthropic-version") {
        let data =
            LISTED.map(|name| json!({"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}));
        json!({"data": data, "has_more": false, "first_id": LISTED.first(), "last_id": LISTED.last()})
    } else {
        let data = LISTED.map(|name| json!({"id": name, "object": "model", "created": CREATED, "owned_by": "sandbox"}));
        json!({"object": "list", "data": data})
    }
}
