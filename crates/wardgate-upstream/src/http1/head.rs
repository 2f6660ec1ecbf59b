//! The head of an answer: its status, its headers, and how its body ends.

use super::Malformed;
use super::body::{Decoder, Incoming};
use super::chunked::Chunked;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Method, StatusCode};
use std::mem::MaybeUninit;

/// The most bytes of a head.
pub(crate) const BYTES_MAX: usize = 64 * 1024;

/// The most headers of an answer.
pub(crate) const HEADERS_MAX: usize = 100;

/// The most interim answers (1xx) before an answer.
pub(crate) const INTERIM_MAX: usize = 16;

/// How every answer begins.
const BEGINNING: &[u8] = b"HTTP/1.";

/// What ends a head.
const ENDING: &[u8] = b"\r\n\r\n";

/// A head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// What follows.
    pub(crate) incoming: Incoming,
}

/// Finds the end of a head. The first `searched` bytes were searched before, in vain.
///
/// It is looked for before anything is parsed, so a head that drips in is read once and not at each drop.
pub(crate) fn end(bytes: &[u8], searched: usize) -> Result<Option<usize>, Malformed> {
    let known = bytes.len().min(BEGINNING.len());
    if bytes[..known] != BEGINNING[..known] {
        return Err(Malformed::NotHttp);
    }
    let from = searched.saturating_sub(ENDING.len() - 1);
    let end = memchr::memmem::find(&bytes[from..], ENDING).map(|at| from + at + ENDING.len());
    if end.unwrap_or(bytes.len()) > BYTES_MAX { Err(Malformed::HeadTooLarge) } else { Ok(end) }
}

/// Reads a whole head, its end included, of the answer to a request by this method.
pub(crate) fn parse(bytes: &[u8], method: &Method) -> Result<Head, Malformed> {
    if memchr::memchr_iter(b'\n', bytes).any(|at| at == 0 || bytes[at - 1] != b'\r') {
        return Err(Malformed::BareLineFeed);
    }
    let mut space = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut space) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(Malformed::Head(httparse::Error::NewLine)),
        Err(httparse::Error::TooManyHeaders) => return Err(Malformed::TooManyHeaders),
        Err(error) => return Err(Malformed::Head(error)),
    }
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or(Malformed::Head(httparse::Error::Status))?;
    let is_http_1_1 = parsed.version == Some(1);
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| Malformed::Head(httparse::Error::HeaderName))?;
        let value = HeaderValue::from_bytes(header.value).map_err(|_| Malformed::Head(httparse::Error::HeaderValue))?;
        headers.append(name, value);
    }
    let (decoder, is_certain) = body(status, &headers, is_http_1_1, method)?;
    let keeps_alive = is_certain && keeps_alive(&headers, is_http_1_1);
    Ok(Head { status, headers, incoming: Incoming { decoder, keeps_alive } })
}

/// How the body ends (RFC 9112, section 6.3), and whether it is certain that the provider means the same.
fn body(status: StatusCode, headers: &HeaderMap, is_http_1_1: bool, method: &Method) -> Result<(Decoder, bool), Malformed> {
    let length = content_length(headers)?;
    let is_chunked = is_chunked(headers)?;
    if is_chunked && !is_http_1_1 {
        // There are no chunks in HTTP/1.0: whoever wrote this header was not who wrote the rest.
        return Err(Malformed::Encoding);
    }
    // These have no body whatever their headers say. Where the headers speak of one, somebody may send it all the same.
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        return Ok((Decoder::Length(0), !is_chunked && length.unwrap_or(0) == 0));
    }
    if status == StatusCode::NOT_MODIFIED || method == Method::HEAD {
        return Ok((Decoder::Length(0), true));
    }
    Ok(match (is_chunked, length) {
        // Both: chunks count, and nobody relies on what comes behind them.
        (true, length) => (Decoder::Chunked(Chunked::default()), length.is_none()),
        (false, Some(length)) => (Decoder::Length(length), true),
        (false, None) => (Decoder::UntilClose, false),
    })
}

/// The length, if there is one. It may be said more than once, but not in two ways.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Malformed> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for part in value.as_bytes().split(|byte| *byte == b',') {
            let part = part.trim_ascii();
            // Parsing alone would take a sign.
            let digits = std::str::from_utf8(part).ok().filter(|_| part.iter().all(u8::is_ascii_digit));
            let part = digits.and_then(|digits| digits.parse().ok()).ok_or(Malformed::Length)?;
            if length.is_some_and(|length| length != part) {
                return Err(Malformed::Length);
            }
            length = Some(part);
        }
    }
    Ok(length)
}

/// Whether the body is chunked. Nothing else was offered, so nothing else may be there.
fn is_chunked(headers: &HeaderMap) -> Result<bool, Malformed> {
    let mut values = headers.get_all(TRANSFER_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(false),
        (Some(value), None) if value.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(Malformed::Encoding),
    }
}

fn keeps_alive(headers: &HeaderMap, is_http_1_1: bool) -> bool {
    let mut keeps_alive = is_http_1_1;
    for value in headers.get_all(CONNECTION) {
        for option in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if option.eq_ignore_ascii_case(b"close") {
                return false;
            }
            keeps_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }
    keeps_alive
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(head: &[u8], method: &Method) -> String {
        match parse(head, method) {
            Ok(Head { status, incoming: Incoming { decoder, keeps_alive }, .. }) => {
                let body = match decoder {
                    Decoder::Length(length) => length.to_string(),
                    Decoder::Chunked(_) => "chunked".to_owned(),
                    Decoder::UntilClose => "until close".to_owned(),
                };
                format!("{} {body}{}", status.as_u16(), if keeps_alive { " kept" } else { "" })
            }
            Err(malformed) => malformed.to_string(),
        }
    }

    fn check(head: &str, expected: &str) {
        let head = format!("{head}\r\n\r\n");
        assert_eq!(read(head.as_bytes(), &Method::POST), expected, "{head}");
        assert_eq!(end(head.as_bytes(), 0), Ok(Some(head.len())), "{head}");
    }

    fn check_headers(headers: &str, expected: &str) {
        check(&format!("HTTP/1.1 200 OK\r\n{headers}"), expected);
    }

    #[test]
    fn where_the_body_ends() {
        check_headers("content-length: 5", "200 5 kept");
        check_headers("Content-Length: 5\r\nCONTENT-LENGTH: 5", "200 5 kept");
        check_headers("content-length: 5, 5", "200 5 kept");
        check_headers("content-length: 18446744073709551615", "200 18446744073709551615 kept");
        check_headers("transfer-encoding: Chunked ", "200 chunked kept");
        check_headers("transfer-encoding: chunked\r\ncontent-length: 5", "200 chunked");
        check_headers("x: y", "200 until close");
        check("HTTP/1.1 204 No Content", "204 0 kept");
        check("HTTP/1.1 204 No Content\r\ncontent-length: 5", "204 0");
        check("HTTP/1.1 304 Not Modified\r\ncontent-length: 5", "304 0 kept");
        check("HTTP/1.1 100 Continue", "100 0 kept");
        check("HTTP/1.1 200\r\ncontent-length: 0", "200 0 kept");
        assert_eq!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", &Method::HEAD), "200 0 kept");
    }

    #[test]
    fn who_keeps_the_connection() {
        check_headers("content-length: 0\r\nconnection: close", "200 0");
        check_headers("content-length: 0\r\nconnection: x, Close", "200 0");
        check_headers("content-length: 0\r\nconnection: close\r\nconnection: keep-alive", "200 0");
        check("HTTP/1.0 200 OK\r\ncontent-length: 0", "200 0");
        check("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive", "200 0 kept");
        check("HTTP/1.0 200 OK\r\nconnection: keep-alive", "200 until close");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for value in ["+5", "-1", "5, 6", "5,", "", "0x5", "5 5", "18446744073709551616", "\u{b}5", "5\r\ncontent-length: 6"] {
            let expected = if value.contains('\u{b}') { "its head cannot be read: invalid header value" } else { "" };
            let expected = if expected.is_empty() { "its content-length cannot be read" } else { expected };
            check_headers(&format!("content-length: {value}"), expected);
        }
        let encoding = "its transfer-encoding is not simply chunked";
        for value in ["gzip, chunked", "chunked, chunked", "chunked, gzip", "identity", "", "xchunked", "chunked;q=1"] {
            check_headers(&format!("transfer-encoding: {value}"), encoding);
        }
        check_headers("transfer-encoding: chunked\r\ntransfer-encoding: chunked", encoding);
        check("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked", encoding);
        let line_feed = "a line of its head ends in a bare line feed";
        check_headers("x: y\ncontent-length: 5", line_feed);
        check_headers("x: y\n\ncontent-length: 5", line_feed);
        let unreadable = |what: &str| format!("its head cannot be read: {what}");
        check_headers("x: a\r\n b", &unreadable("invalid header name"));
        check_headers("content-length : 5", &unreadable("invalid header name"));
        check_headers("x: a\0b", &unreadable("invalid header value"));
        check_headers("x: a\rb", &unreadable("invalid header value"));
        check_headers(": b", &unreadable("invalid header name"));
        check("HTTP/1.1 2000 OK", &unreadable("invalid response status"));
        check("HTTP/1.1 099 OK", &unreadable("invalid response status"));
        check("HTTP/1.2 200 OK", &unreadable("invalid HTTP version"));
        check(&format!("HTTP/1.1 200 OK{}", "\r\na: b".repeat(HEADERS_MAX + 1)), "it has more than 100 headers");
    }

    #[test]
    fn the_end_is_found_wherever_the_head_is_cut() {
        let head = b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n";
        let bytes = [head.as_slice(), b"body\r\n\r\n"].concat();
        for cut in 0..head.len() {
            assert_eq!(end(&bytes[..cut], 0), Ok(None), "{cut}");
            assert_eq!(end(&bytes, cut), Ok(Some(head.len())), "{cut}");
        }
        for other in ["\r\nHTTP/1.1 200 OK", "SSH-2.0-", "{", "HTTP/2", "http/1.1"] {
            assert_eq!(end(other.as_bytes(), 0), Err(Malformed::NotHttp), "{other}");
        }
        let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(BYTES_MAX));
        assert_eq!(end(long.as_bytes(), 0), Err(Malformed::HeadTooLarge));
        assert_eq!(end(format!("{long}\r\n\r\n").as_bytes(), 0), Err(Malformed::HeadTooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            status in "[ 0-9]{0,5}",
            lines in "((content-length|transfer-encoding|connection|x)?[ \t]?:?[ -~\\xff\r\n]{0,12}\r\n){0,5}",
        ) {
            let head = format!("HTTP/1.1 {status}\r\n{lines}\r\n");
            if let Ok(Some(length)) = end(head.as_bytes(), 0) && let Ok(read) = parse(&head.as_bytes()[..length], &Method::POST) {
                let has_both = read.headers.contains_key(TRANSFER_ENCODING) && read.headers.contains_key(CONTENT_LENGTH);
                let is_uncertain = has_both || matches!(read.incoming.decoder, Decoder::UntilClose);
                prop_assert!(!(read.incoming.keeps_alive && is_uncertain));
            }
        }
    }
}
