//! How a Gemini stream is cut: server-sent events with `alt=sse`, else one JSON array whose elements come as they are made.
//!
//! The first byte that is no white space tells. Elements are found by counting brackets outside of strings, each byte looked at
//! once however the chunks fall.

use crate::sse::{self, EVENT_BYTES_MAX, Splitter};
use crate::transcode::decoder::unreadable;
use bytes::{Bytes, BytesMut};
use wardgate_core::fault::Fault;

#[derive(Default)]
pub(crate) struct Framing {
    kind: Kind,
    splitter: Splitter,
    held: BytesMut,
    /// How much of `held` was looked at.
    looked: usize,
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Sse,
    Array,
}

impl Framing {
    pub(crate) fn push(&mut self, chunk: Bytes, element: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.kind == Kind::Unknown {
            let first = chunk.iter().find(|byte| !byte.is_ascii_whitespace());
            self.kind = match first {
                None => return Ok(()),
                Some(b'[' | b'{') => Kind::Array,
                Some(_) => Kind::Sse,
            };
        }
        if self.kind == Kind::Sse {
            let run = self.splitter.push(chunk).map_err(|error| unreadable(error.to_string()))?;
            for (_, event) in sse::events(&run) {
                if let Some(data) = event.data.as_deref().filter(|data| !data.is_empty()) {
                    element(data)?;
                }
            }
            return Ok(());
        }
        self.held.extend_from_slice(&chunk);
        while let Some(end) = self.element_end() {
            let whole = self.held.split_to(end);
            self.looked = 0;
            element(&whole)?;
        }
        if self.held.len() > EVENT_BYTES_MAX {
            return Err(unreadable(format!("an element of the stream is larger than {EVENT_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    /// What is left at the end: an event without its empty line.
    pub(crate) fn finish(&mut self) -> Bytes {
        self.splitter.finish()
    }

    /// Where the first element ends. What stands between elements is taken off.
    fn element_end(&mut self) -> Option<usize> {
        if self.depth == 0 {
            let between = self.held.iter().position(|byte| *byte == b'{').unwrap_or(self.held.len());
            let _ = self.held.split_to(between);
            self.looked = 0;
        }
        while let Some(&byte) = self.held.get(self.looked) {
            self.looked += 1;
            if self.in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.looked);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
