//! The body of an answer, read as its bytes come.

use super::Malformed;
use super::chunked::Chunked;
use bytes::Bytes;
use std::ops::Range;

/// The rest of an answer whose head was read.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// What reads the body.
    pub(crate) decoder: Decoder,
    /// Whether the connection can serve another call behind it.
    pub(crate) keeps_alive: bool,
}

/// What says where a body ends, and how far it was read.
#[derive(Debug)]
pub(crate) enum Decoder {
    /// A length known beforehand: so many bytes are left.
    Length(u64),
    /// Chunks with sizes.
    Chunked(Chunked),
    /// The end of the connection.
    UntilClose,
}

/// What was in some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where the payload is now.
    pub(crate) payload: Range<usize>,
    /// How many bytes belong to the answer.
    pub(crate) used: usize,
    /// What comes next.
    pub(crate) progress: Progress,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More of the body.
    More,
    /// Nothing: this was the end.
    Ended,
    /// Nothing that could be read.
    Malformed(Malformed),
}

impl Incoming {
    /// Reads bytes, and copies out what they carry. Bytes behind the end belong to no call: where there are some, somebody is
    /// wrong about where the answer ends, and the connection is not used again.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> (Bytes, Progress) {
        let piece = self.decoder.read(bytes);
        self.keeps_alive &= piece.used == bytes.len();
        (Bytes::copy_from_slice(&bytes[piece.payload]), piece.progress)
    }

    /// The connection has ended.
    pub(crate) const fn close(&mut self) -> Progress {
        self.keeps_alive = false;
        self.decoder.close()
    }
}

impl Decoder {
    /// Reads bytes. The payload is moved together within them.
    fn read(&mut self, bytes: &mut [u8]) -> Piece {
        match self {
            Self::Length(bytes_left) => {
                let used = usize::try_from(*bytes_left).unwrap_or(usize::MAX).min(bytes.len());
                *bytes_left -= used as u64;
                let progress = if *bytes_left == 0 { Progress::Ended } else { Progress::More };
                Piece { payload: 0..used, used, progress }
            }
            Self::Chunked(chunked) => chunked.read(bytes),
            Self::UntilClose => Piece { payload: 0..bytes.len(), used: bytes.len(), progress: Progress::More },
        }
    }

    /// The connection has ended: is that the end of the body?
    const fn close(&self) -> Progress {
        match self {
            Self::UntilClose => Progress::Ended,
            Self::Length(_) | Self::Chunked(_) => Progress::Malformed(Malformed::Truncated),
        }
    }

    /// How many bytes will come, where that is known.
    pub(crate) const fn bytes_left(&self) -> Option<u64> {
        match self {
            Self::Length(bytes_left) => Some(*bytes_left),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_takes_its_own_bytes_and_no_other() {
        let mut decoder = Decoder::Length(5);
        assert_eq!(decoder.read(&mut b"abc".clone()), Piece { payload: 0..3, used: 3, progress: Progress::More });
        assert_eq!(decoder.close(), Progress::Malformed(Malformed::Truncated));
        assert_eq!(decoder.bytes_left(), Some(2));
        assert_eq!(decoder.read(&mut b"deHTTP/1.1".clone()), Piece { payload: 0..2, used: 2, progress: Progress::Ended });
        assert_eq!(Decoder::Length(0).read(&mut []), Piece { payload: 0..0, used: 0, progress: Progress::Ended });
    }

    #[test]
    fn without_a_length_all_bytes_count_and_only_the_close_ends() {
        let mut decoder = Decoder::UntilClose;
        assert_eq!(decoder.read(&mut b"abc".clone()), Piece { payload: 0..3, used: 3, progress: Progress::More });
        assert_eq!((decoder.close(), decoder.bytes_left()), (Progress::Ended, None));
        assert_eq!(Decoder::Chunked(Chunked::default()).close(), Progress::Malformed(Malformed::Truncated));
    }
}
