//! The chunked coding (RFC 9112, section 7.1), read as its bytes come.

use super::Malformed;
use super::body::{Piece, Progress};

/// The most bytes of the line with a chunk's size. Extensions stand there; they are read over.
pub(crate) const LINE_BYTES_MAX: usize = 4 * 1024;

/// The most bytes of trailers. They are read over.
pub(crate) const TRAILER_BYTES_MAX: usize = 16 * 1024;

/// Where in the coding a reader is.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    at: At,
    /// The size as far as it was read; later what is left of it.
    bytes_left: u64,
    /// Bytes of this line, or of all trailers.
    line_bytes: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first digit, without which there is no size.
    #[default]
    FirstDigit,
    Digit,
    /// Blanks behind the size; some servers pad with them.
    Blank,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    LastLineFeed,
    End,
}

impl Chunked {
    /// Reads bytes, and moves what they carry together. Reads nothing behind the end.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> Piece {
        let mut payload = 0..0;
        let mut at = 0;
        while at < bytes.len() && self.at != At::End {
            if self.at == At::Data {
                let length = usize::try_from(self.bytes_left).unwrap_or(usize::MAX).min(bytes.len() - at);
                if payload.is_empty() {
                    payload = at..at + length;
                } else {
                    bytes.copy_within(at..at + length, payload.end);
                    payload.end += length;
                }
                at += length;
                self.bytes_left -= length as u64;
                if self.bytes_left == 0 {
                    self.at = At::DataReturn;
                }
                continue;
            }
            match self.step(bytes[at]) {
                Ok(next) => self.at = next,
                Err(malformed) => return Piece { payload, used: at, progress: Progress::Malformed(malformed) },
            }
            at += 1;
        }
        let progress = if self.at == At::End { Progress::Ended } else { Progress::More };
        Piece { payload, used: at, progress }
    }

    /// One byte that is no data.
    fn step(&mut self, byte: u8) -> Result<At, Malformed> {
        match self.at {
            At::FirstDigit | At::Digit if byte.is_ascii_hexdigit() => self.digit(byte),
            At::Digit | At::Blank | At::Extension => self.behind_size(byte),
            At::FirstDigit => Err(Malformed::ChunkSize),
            At::SizeLineFeed if byte == b'\n' && self.bytes_left > 0 => Ok(At::Data),
            At::SizeLineFeed if byte == b'\n' => {
                self.line_bytes = 0;
                Ok(At::TrailerStart)
            }
            At::SizeLineFeed => Err(Malformed::ChunkSize),
            At::DataReturn if byte == b'\r' => Ok(At::DataLineFeed),
            At::DataLineFeed if byte == b'\n' => {
                self.line_bytes = 0;
                Ok(At::FirstDigit)
            }
            At::DataReturn | At::DataLineFeed => Err(Malformed::ChunkEnd),
            At::TrailerStart if byte == b'\r' => Ok(At::LastLineFeed),
            At::TrailerStart | At::Trailer => self.trailer(byte),
            At::TrailerLineFeed if byte == b'\n' => Ok(At::TrailerStart),
            At::LastLineFeed if byte == b'\n' => Ok(At::End),
            At::TrailerLineFeed | At::LastLineFeed => Err(Malformed::Trailers),
            At::Data | At::End => Ok(self.at),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<At, Malformed> {
        self.lengthen_line()?;
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        if self.bytes_left >> 60 != 0 {
            return Err(Malformed::ChunkSize);
        }
        self.bytes_left = self.bytes_left << 4 | u64::from(digit);
        Ok(At::Digit)
    }

    fn behind_size(&mut self, byte: u8) -> Result<At, Malformed> {
        self.lengthen_line()?;
        match (self.at, byte) {
            (_, b'\r') => Ok(At::SizeLineFeed),
            // A bare one ends a line for some and is part of it for others.
            (_, b'\n') => Err(Malformed::ChunkSize),
            (At::Extension, _) | (_, b';') => Ok(At::Extension),
            (_, b' ' | b'\t') => Ok(At::Blank),
            _ => Err(Malformed::ChunkSize),
        }
    }

    fn lengthen_line(&mut self) -> Result<(), Malformed> {
        self.line_bytes += 1;
        if self.line_bytes > LINE_BYTES_MAX { Err(Malformed::ChunkLineTooLong) } else { Ok(()) }
    }

    fn trailer(&mut self, byte: u8) -> Result<At, Malformed> {
        self.line_bytes += 1;
        match byte {
            _ if self.line_bytes > TRAILER_BYTES_MAX => Err(Malformed::TrailersTooLarge),
            b'\r' => Ok(At::TrailerLineFeed),
            b'\n' => Err(Malformed::Trailers),
            _ => Ok(At::Trailer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads bytes in these pieces: the data, how many bytes were used, and how it went.
    fn read<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> (Vec<u8>, usize, Progress) {
        let (mut chunked, mut data, mut used) = (Chunked::default(), Vec::new(), 0);
        for piece in pieces {
            let mut piece = piece.to_vec();
            let read = chunked.read(&mut piece);
            data.extend_from_slice(&piece[read.payload]);
            used += read.used;
            if !matches!(read.progress, Progress::More) {
                return (data, used, read.progress);
            }
        }
        (data, used, Progress::More)
    }

    fn check(bytes: &str, data: &str, progress: Progress) {
        let read_whole = read([bytes.as_bytes()]);
        assert_eq!((String::from_utf8_lossy(&read_whole.0).as_ref(), read_whole.2), (data, progress), "{bytes:?}");
        assert_eq!(read(bytes.as_bytes().chunks(1)), read_whole, "{bytes:?} byte by byte");
    }

    #[test]
    fn well_formed() {
        check("5\r\nhello\r\n0\r\n\r\n", "hello", Progress::Ended);
        check("5\r\nhello\r\n6 \t\r\n world\r\n000\r\n\r\n", "hello world", Progress::Ended);
        check("00A;name=\"v\"\r\n0123456789\r\n0 ; x\r\nx-checksum: 1\r\ny: 2\r\n\r\n", "0123456789", Progress::Ended);
        check("1\r\na\r\n1\r\nb\r\n1", "ab", Progress::More);
        check("ffffffffffffffff\r\na", "a", Progress::More);
        check("0\r\n\r\nHTTP/1.1 200 OK\r\n", "", Progress::Ended);
    }

    #[test]
    fn malformed() {
        let size = Progress::Malformed(Malformed::ChunkSize);
        for bytes in [
            "\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            " 1\r\n",
            "g\r\n",
            "1\n",
            "1 2\r\n",
            "1\r\r",
            "1;a\nb",
            "10000000000000000\r\n",
        ] {
            check(bytes, "", size);
        }
        check("1\r\nab\r\n", "a", Progress::Malformed(Malformed::ChunkEnd));
        check("1\r\na\n0\r\n\r\n", "a", Progress::Malformed(Malformed::ChunkEnd));
        check("1\r\na\r\r", "a", Progress::Malformed(Malformed::ChunkEnd));
        check("0\r\n\n", "", Progress::Malformed(Malformed::Trailers));
        check("0\r\na: b\n\r\n", "", Progress::Malformed(Malformed::Trailers));
        check("0\r\n\rx", "", Progress::Malformed(Malformed::Trailers));
        check(&format!("1;{}\r\na", "x".repeat(LINE_BYTES_MAX)), "", Progress::Malformed(Malformed::ChunkLineTooLong));
        check(&format!("{}1\r\na", "0".repeat(LINE_BYTES_MAX)), "", Progress::Malformed(Malformed::ChunkLineTooLong));
        check(&format!("0\r\n{}", "a: b\r\n".repeat(TRAILER_BYTES_MAX)), "", Progress::Malformed(Malformed::TrailersTooLarge));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_data(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..12),
            cuts in prop::collection::vec(1usize..30, 0..60),
        ) {
            let mut bytes = Vec::new();
            for (at, chunk) in chunks.iter().enumerate() {
                bytes.extend_from_slice(format!("{:x}{}\r\n", chunk.len(), if at % 3 == 0 { ";e" } else { "" }).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\nt: r\r\n\r\n");
            let length = bytes.len();
            bytes.extend_from_slice(b"behind");
            let (mut pieces, mut rest) = (Vec::new(), bytes.as_slice());
            for cut in cuts {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = behind;
            }
            pieces.push(rest);
            prop_assert_eq!(read(pieces), (chunks.concat(), length, Progress::Ended));
        }

        #[test]
        fn any_bytes_read_alike_in_one_piece_and_byte_by_byte(bytes in "[0-9a-f;: x\r\n]{0,60}") {
            prop_assert_eq!(read([bytes.as_bytes()]), read(bytes.as_bytes().chunks(1)));
        }
    }
}
