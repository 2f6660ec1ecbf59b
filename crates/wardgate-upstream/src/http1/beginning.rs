//! The beginning of an answer: all up to the end of its head, and what of the body came along.

use super::Malformed;
use super::body::Progress;
use super::head::{self, Head, INTERIM_MAX};
use bytes::Bytes;
use http::StatusCode;

/// What has come of an answer whose head is not complete.
#[derive(Debug, Default)]
pub(crate) struct Beginning {
    bytes: Vec<u8>,
    interim_count: usize,
}

/// An answer whose head is complete.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) head: Head,
    /// What of the body came along.
    pub(crate) payload: Bytes,
    /// What comes next.
    pub(crate) progress: Progress,
}

impl Beginning {
    /// Reads bytes of the answer to a request, perhaps one by HEAD. Nothing as long as the head is not complete.
    pub(crate) fn read(&mut self, bytes: &mut [u8], is_head: bool) -> Result<Option<Begun>, Malformed> {
        if self.bytes.is_empty() {
            // Nearly always the head is all here, and nothing has to be kept.
            let (begun, used) = self.read_all(bytes, 0, is_head)?;
            self.bytes.extend_from_slice(&bytes[used..]);
            return Ok(begun);
        }
        let mut all = std::mem::take(&mut self.bytes);
        let searched = all.len();
        all.extend_from_slice(bytes);
        let (begun, used) = self.read_all(&mut all, searched, is_head)?;
        all.drain(..used);
        self.bytes = all;
        Ok(begun)
    }

    /// Reads whole heads, and says how many bytes are done with.
    fn read_all(&mut self, bytes: &mut [u8], mut searched: usize, is_head: bool) -> Result<(Option<Begun>, usize), Malformed> {
        let length = bytes.len();
        let mut rest = bytes;
        while let Some(end) = head::end(rest, searched)? {
            let (head_bytes, behind) = rest.split_at_mut(end);
            let mut head = head::parse(head_bytes, is_head)?;
            if !head.status.is_informational() {
                let (payload, progress) = head.incoming.read(behind);
                return Ok((Some(Begun { head, payload, progress }), length));
            }
            self.interim_count += 1;
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(Malformed::Switched);
            }
            if self.interim_count > INTERIM_MAX {
                return Err(Malformed::TooManyInterim);
            }
            (rest, searched) = (behind, 0);
        }
        Ok((None, length - rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = (u16, Vec<u8>, Progress, bool);

    /// Reads an answer in pieces: status, body and whether the connection is kept; or what is wrong.
    fn read<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<Option<Read>, Malformed> {
        let (mut beginning, mut begun) = (Beginning::default(), None);
        let mut body = Vec::new();
        for piece in pieces {
            let mut piece = piece.to_vec();
            let progress = match &mut begun {
                None => {
                    begun = beginning.read(&mut piece, false)?;
                    let Some(Begun { payload, .. }) = &begun else { continue };
                    body.extend_from_slice(payload);
                    continue;
                }
                Some(Begun { progress: Progress::More, head, .. }) => {
                    let (payload, progress) = head.incoming.read(&mut piece);
                    body.extend_from_slice(&payload);
                    progress
                }
                Some(Begun { head, progress, .. }) => {
                    // Whatever comes later is found by looking before the next call.
                    head.incoming.keeps_alive &= piece.is_empty();
                    *progress
                }
            };
            if let Some(begun) = &mut begun {
                begun.progress = progress;
            }
        }
        Ok(begun.map(|Begun { head, progress, .. }| (head.status.as_u16(), body, progress, head.incoming.keeps_alive)))
    }

    #[test]
    fn interim_answers_are_passed_over_in_bounds() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let interim = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
        let check = |bytes: String, expected| {
            assert_eq!(read([bytes.as_bytes()]), expected);
            assert_eq!(read(bytes.as_bytes().chunks(1)), expected);
        };
        let ok = Ok(Some((200, b"ok".to_vec(), Progress::Ended, true)));
        check(format!("HTTP/1.1 100 Continue\r\n\r\n{answer}"), ok.clone());
        check(format!("{}{answer}", interim.repeat(INTERIM_MAX)), ok);
        check(format!("{}{answer}", interim.repeat(INTERIM_MAX + 1)), Err(Malformed::TooManyInterim));
        check(format!("HTTP/1.1 101 Switching Protocols\r\n\r\n{answer}"), Err(Malformed::Switched));
        check(format!("{answer}{answer}"), Ok(Some((200, b"ok".to_vec(), Progress::Ended, false))));
        check("HTTP/1.1 204 No Content\r\n\r\nbody".to_owned(), Ok(Some((204, Vec::new(), Progress::Ended, false))));
        check("HTTP/1.1 200 OK\r\n\r".to_owned(), Ok(None));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_answer(
            framing in prop::sample::select(vec!["content-length: 9", "transfer-encoding: chunked", "x: y"]),
            behind in "(HTTP/1.1 200 OK)?",
            cuts in prop::collection::vec(1usize..60, 0..20),
        ) {
            let body = if framing.contains("chunked") { "4\r\nsome\r\n5\r\n body\r\n0\r\n\r\n" } else { "some body" };
            let bytes = format!("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 429 Too Many\r\n{framing}\r\na: b\r\n\r\n{body}{behind}");
            let (mut pieces, mut rest) = (Vec::new(), bytes.as_bytes());
            for cut in cuts {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = behind;
            }
            pieces.push(rest);
            let is_delimited = framing != "x: y";
            let progress = if is_delimited { Progress::Ended } else { Progress::More };
            let body = if is_delimited { "some body".to_owned() } else { format!("some body{behind}") };
            let kept = is_delimited && behind.is_empty();
            prop_assert_eq!(read(pieces), Ok(Some((429, body.into_bytes(), progress, kept))));
        }
    }
}
