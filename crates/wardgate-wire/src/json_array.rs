//! A stream of server-sent events as one JSON array, for Gemini's clients that did not ask for events.

use crate::error_body::{self, ErrorBody};
use crate::sse;
use bytes::Bytes;
use wardgate_core::format::Format;

/// What is sent into a silent array: white space between its elements.
pub const KEEP_ALIVE: &[u8] = b"\n";

/// Turns whole events into elements.
#[derive(Debug, Default)]
pub struct JsonArray {
    has_written: bool,
}

impl JsonArray {
    /// Takes whole events and returns their elements.
    pub fn push(&mut self, events: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(events.len());
        for (_, event) in sse::events(events) {
            if let Some(data) = event.data.as_deref().filter(|data| !data.is_empty()) {
                self.before(&mut out);
                out.extend_from_slice(data);
            }
        }
        out.into()
    }

    /// The end of the array.
    pub fn end(&mut self) -> Bytes {
        let mut out = Vec::new();
        if !self.has_written {
            self.before(&mut out);
        }
        out.push(b']');
        out.into()
    }

    /// The end of the array of a stream that broke: the error is its last element.
    pub fn fail(&mut self, error: &ErrorBody<'_>) -> Bytes {
        let mut out = Vec::new();
        self.before(&mut out);
        out.extend_from_slice(&error_body::body(Format::Gemini, error));
        out.push(b']');
        out.into()
    }

    fn before(&mut self, out: &mut Vec<u8>) {
        let is_first = !std::mem::replace(&mut self.has_written, true);
        out.extend_from_slice(if is_first { b"[" } else { b",\r\n" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_elements() {
        let mut array = JsonArray::default();
        let mut text = array.push(b"data: {\"a\":1}\n\n: nothing\n\ndata: {\"a\":2}\n\n").to_vec();
        text.extend_from_slice(&array.end());
        assert_eq!(String::from_utf8_lossy(&text), "[{\"a\":1},\r\n{\"a\":2}]");
        assert_eq!(JsonArray::default().end(), Bytes::from_static(b"[]"));
    }
}
