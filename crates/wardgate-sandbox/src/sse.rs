//! Events of a stream, mostly server-sent ones, and which of them carry content.

use bytes::Bytes;
use serde_json::Value;

/// One event of a stream, as it goes over the wire.
#[derive(Debug)]
pub(crate) struct Event {
    /// The bytes; of a server-sent event with the empty line that ends it.
    pub(crate) bytes: Bytes,
    /// Whether it brings a piece of content: what `cut-<n>` counts.
    pub(crate) is_content: bool,
}

impl Event {
    /// An event without a name, as Chat Completions has them.
    pub(crate) fn unnamed(data: &Value) -> Self {
        Self { bytes: format!("data: {data}\n\n").into(), is_content: false }
    }

    /// An event that is named after its `type`, as Messages and Responses have them.
    pub(crate) fn named(data: &Value) -> Self {
        let name = data["type"].as_str().unwrap_or_default();
        Self { bytes: format!("event: {name}\ndata: {data}\n\n").into(), is_content: false }
    }

    /// An event in a framing of its own.
    pub(crate) fn binary(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), is_content: false }
    }

    /// The marker after the last event of Chat Completions.
    pub(crate) fn done() -> Self {
        Self { bytes: Bytes::from_static(b"data: [DONE]\n\n"), is_content: false }
    }

    /// The same event, known to bring content.
    pub(crate) fn with_content(self) -> Self {
        Self { is_content: true, ..self }
    }
}
