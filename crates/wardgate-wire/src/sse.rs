//! Server-sent events, cut into whole events without copying where that can be avoided.
//!
//! The rules are those of the HTML standard's event stream format: lines end with LF, CRLF or CR, an empty line ends an event,
//! `data:` lines join with LF, a leading BOM is skipped. What comes out is each event's original bytes, so that they can be
//! forwarded as they are, and a view of its name and data. Bytes of an event that is not complete yet are held back: what the
//! client gets always ends at an event's end, where an error or a ping may follow.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;
use std::borrow::Cow;

/// The largest event that is held while it is incomplete, in bytes. Deltas with images or audio are the large ones.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What may stand before everything else.
const BOM: &[u8; 3] = b"\xef\xbb\xbf";

/// An event larger than [`EVENT_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {EVENT_BYTES_MAX} bytes")]
pub struct EventTooLarge;

/// One event's name and data, borrowed from its bytes where possible.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event<'b> {
    /// The last `event:` line's value; empty without one.
    pub name: &'b [u8],
    /// The values of the `data:` lines. None when there was no such line: a comment.
    pub data: Option<Cow<'b, [u8]>>,
}

/// Cuts a stream of chunks into whole events.
#[derive(Default)]
pub struct Splitter {
    /// The beginning of an event whose end has not arrived.
    held: BytesMut,
    /// How much of `held` was searched for an end before.
    searched: usize,
    /// How much of a BOM was met at the beginning; all of it once anything else was.
    bom_bytes: usize,
}

impl Splitter {
    /// Takes a chunk and returns the whole events that it completes, as one run of bytes. Often the chunk itself.
    ///
    /// # Errors
    /// When an incomplete event grows beyond its bound.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, EventTooLarge> {
        let chunk = self.skip_bom(chunk);
        if self.held.is_empty() {
            let end = last_event_end(&chunk, 0);
            self.hold(&chunk[end..])?;
            return Ok(chunk.slice(..end));
        }
        self.hold(&chunk)?;
        // A line end may have been cut in two, so the search starts a little before what is new.
        let end = last_event_end(&self.held, self.searched.saturating_sub(3));
        self.searched = self.held.len() - end;
        Ok(self.held.split_to(end).freeze())
    }

    /// Whether bytes of an incomplete event are held.
    #[must_use]
    pub fn is_inside_event(&self) -> bool {
        !self.held.is_empty()
    }

    /// What is left when the stream ended: an event without the empty line behind it.
    #[must_use]
    pub fn finish(&mut self) -> Bytes {
        self.searched = 0;
        self.held.split().freeze()
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        if self.held.len() + bytes.len() > EVENT_BYTES_MAX {
            return Err(EventTooLarge);
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    fn skip_bom(&mut self, mut chunk: Bytes) -> Bytes {
        while self.bom_bytes < BOM.len()
            && let Some(byte) = chunk.first()
        {
            if *byte == BOM[self.bom_bytes] {
                chunk.advance(1);
                self.bom_bytes += 1;
            } else {
                self.bom_bytes = BOM.len();
            }
        }
        chunk
    }
}

/// Where the last complete event in `bytes` ends; 0 when none does. Searches from `from`, which must not stand between the
/// CR and the LF of one line end unless the bytes before it are searched as well.
fn last_event_end(bytes: &[u8], from: usize) -> usize {
    // The common ending needs no search at all.
    if bytes.ends_with(b"\n\n") {
        return bytes.len();
    }
    let mut end = 0;
    let mut is_line_start = from == 0;
    let mut at = from;
    while let Some(found) = memchr2(b'\n', b'\r', &bytes[at..]) {
        let line_is_empty = found == 0 && is_line_start;
        at += found;
        at += match &bytes[at..] {
            [b'\r', b'\n', ..] => 2,
            // The LF that belongs to this CR may be in the next chunk.
            [b'\r'] => break,
            _ => 1,
        };
        is_line_start = true;
        if line_is_empty {
            end = at;
        }
    }
    end
}

/// The events in a run of whole events.
pub fn events(run: &[u8]) -> impl Iterator<Item = (&[u8], Event<'_>)> {
    let mut rest = run;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (event, length) = first_event(rest);
        let (bytes, behind) = rest.split_at(length);
        rest = behind;
        Some((bytes, event))
    })
}

/// The first event of a run and how many bytes it takes, its empty line included.
fn first_event(run: &[u8]) -> (Event<'_>, usize) {
    let mut event = Event::default();
    let mut at = 0;
    while at < run.len() {
        let line_length = memchr2(b'\n', b'\r', &run[at..]).unwrap_or(run.len() - at);
        let line = &run[at..at + line_length];
        at += line_length;
        at += match &run[at..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        if line.is_empty() {
            break;
        }
        read_line(line, &mut event);
    }
    (event, at)
}

fn read_line<'b>(line: &'b [u8], event: &mut Event<'b>) {
    let (field, value) = match memchr::memchr(b':', line) {
        Some(colon) => (&line[..colon], line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..])),
        None => (line, &[][..]),
    };
    match field {
        b"event" => event.name = value,
        b"data" => match &mut event.data {
            None => event.data = Some(Cow::Borrowed(value)),
            Some(data) => {
                let data = data.to_mut();
                data.push(b'\n');
                data.extend_from_slice(value);
            }
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all_events(chunks: &[&[u8]]) -> Vec<(String, Option<String>)> {
        let mut splitter = Splitter::default();
        let mut runs: Vec<Bytes> = chunks
            .iter()
            .map(|chunk| splitter.push(Bytes::copy_from_slice(chunk)).unwrap_or_else(|error| panic!("{error}")))
            .collect();
        runs.push(splitter.finish());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let read =
            |run: &Bytes| events(run).map(|(_, event)| (text(event.name), event.data.as_deref().map(text))).collect::<Vec<_>>();
        // Blank lines between events say nothing, and how many there are depends on where chunks end.
        runs.iter().flat_map(read).filter(|(name, data)| !name.is_empty() || data.is_some()).collect()
    }

    #[test]
    fn reads_every_kind_of_line_end() {
        for text in
            ["event: a\ndata: 1\n\ndata:2\n\n", "event: a\r\ndata: 1\r\n\r\ndata:2\r\n\r\n", "event: a\rdata: 1\r\rdata:2\r\r"]
        {
            assert_eq!(
                all_events(&[text.as_bytes()]),
                [("a".to_owned(), Some("1".to_owned())), (String::new(), Some("2".to_owned()))],
                "{text:?}"
            );
        }
    }

    #[test]
    fn joins_data_lines_and_skips_comments_and_bom() {
        assert_eq!(
            all_events(&[b"\xef\xbb\xbf: hi\n\ndata: a\ndata: b\nid: 5\n\n"]),
            [(String::new(), Some("a\nb".to_owned()))]
        );
        // However it is cut.
        assert_eq!(all_events(&[b"\xef", b"\xbb\xbfdata: a\n\n"]), [(String::new(), Some("a".to_owned()))]);
    }

    #[test]
    fn whole_chunks_pass_without_a_copy() {
        let chunk = Bytes::from_static(b"data: 1\n\n");
        let run = Splitter::default().push(chunk.clone()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(run.as_ptr(), chunk.as_ptr());
    }

    #[test]
    fn an_event_without_end_is_bounded() {
        let mut splitter = Splitter::default();
        let megabyte = Bytes::from(vec![b'x'; 1024 * 1024]);
        let pushed: Result<Vec<_>, _> = (0..17).map(|_| splitter.push(megabyte.clone())).collect();
        assert_eq!(pushed.err(), Some(EventTooLarge));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(
            lines in proptest::collection::vec("(data|event|id|:)?:? ?[a-zé]{0,6}", 0..12),
            ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 12),
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let mut text = String::new();
            for (line, end) in lines.iter().zip(&ends) {
                text.push_str(line);
                text.push_str(end);
            }
            text.push_str("\n\ndata: last\n\n");
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);
            prop_assert_eq!(all_events(&chunks), all_events(&[bytes]));
        }
    }
}
