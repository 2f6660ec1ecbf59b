//! What can be wrong with the bytes of an answer.

use super::{chunked, head};

/// An answer that does not read as HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Some other protocol is spoken there.
    #[error("it does not begin as an answer over HTTP/1 does")]
    NotHttp,
    /// The head has no end within its bound.
    #[error("its head is larger than {} bytes", head::BYTES_MAX)]
    HeadTooLarge,
    /// There are more headers than the bound.
    #[error("it has more than {} headers", head::HEADERS_MAX)]
    TooManyHeaders,
    /// A line of the head is none.
    #[error("its head cannot be read: {0}")]
    Head(httparse::Error),
    /// A line of the head ends in a line feed alone, which others take for a part of the line.
    #[error("a line of its head ends in a bare line feed")]
    BareLineFeed,
    /// `Content-Length` is no number, or several.
    #[error("its content-length cannot be read")]
    Length,
    /// `Transfer-Encoding` is something that was not asked for.
    #[error("its transfer-encoding is not simply chunked")]
    Encoding,
    /// It changes to a protocol that nobody asked for.
    #[error("it changes to another protocol")]
    Switched,
    /// Interim answers come without an end.
    #[error("more than {} interim answers came before it", head::INTERIM_MAX)]
    TooManyInterim,
    /// A chunk's size cannot be read.
    #[error("the size of a chunk cannot be read")]
    ChunkSize,
    /// A chunk's first line has no end within its bound.
    #[error("the line of a chunk's size is longer than {} bytes", chunked::LINE_BYTES_MAX)]
    ChunkLineTooLong,
    /// A chunk goes on behind its announced end.
    #[error("a chunk does not end where its size says")]
    ChunkEnd,
    /// The lines behind the last chunk cannot be read.
    #[error("the trailers cannot be read")]
    Trailers,
    /// There are more lines behind the last chunk than the bound.
    #[error("the trailers are larger than {} bytes", chunked::TRAILER_BYTES_MAX)]
    TrailersTooLarge,
    /// The connection ended first.
    #[error("it ends before its announced end")]
    Truncated,
}
