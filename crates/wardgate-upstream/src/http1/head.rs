//! The head of an answer: its status, its headers, and how its body ends.

use super::Malformed;
use super::body::{Decoder, Incoming};
use super::chunked::Chunked;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use std::mem::MaybeUninit;

/// The most bytes of a head.
pub(crate) const BYTES_MAX: usize = 64 * 1024;

/// The most headers of an answer.
pub(crate) const HEADERS_MAX: usize = 100;

/// The most interim answers (1xx) before an answer.
pub(crate) const INTERIM_MAX: usize = 16;

/// How every answer begins.
const BEGINNING: &[u8] = b"HTTP/1.";

/// The headers that are kept of an answer. Some providers send thirty, and to store them costs more than the rest of the call.
/// `ETag` is for the command line, which calls the management API through here. Of what is no success all are kept, since they
/// may say why, where to and until when.
const KEPT: [HeaderName; 5] = [CONTENT_TYPE, CONTENT_ENCODING, RETRY_AFTER, HeaderName::from_static("retry-after-ms"), ETAG];

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
    for line_feed in memchr::memchr_iter(b'\n', &bytes[searched..]).map(|at| searched + at) {
        let end = line_feed + 1;
        if end > BYTES_MAX {
            return Err(Malformed::HeadTooLarge);
        }
        if bytes[line_feed - 1] != b'\r' {
            return Err(Malformed::BareLineFeed);
        }
        if bytes[..end].ends_with(b"\r\n\r\n") {
            return Ok(Some(end));
        }
    }
    if bytes.len() > BYTES_MAX { Err(Malformed::HeadTooLarge) } else { Ok(None) }
}

/// Reads a whole head, its end included, of the answer to a request, perhaps one by HEAD.
pub(crate) fn parse(bytes: &[u8], is_head: bool) -> Result<Head, Malformed> {
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
    let mut headers = HeaderMap::new();
    let mut framing = Framing::default();
    for header in parsed.headers {
        if framing.read(header.name, header.value)? {
            continue;
        }
        let value = || HeaderValue::from_bytes(header.value).map_err(|_| Malformed::Head(httparse::Error::HeaderValue));
        if let Some(name) = KEPT.iter().find(|name| header.name.eq_ignore_ascii_case(name.as_str())) {
            headers.append(name, value()?);
        } else if !status.is_success()
            && let Ok(name) = HeaderName::from_bytes(header.name.as_bytes())
        {
            headers.append(name, value()?);
        }
    }
    let (decoder, is_certain) = framing.body(status, is_http_1_1, is_head)?;
    let keeps_alive = is_certain && !framing.says_close && (is_http_1_1 || framing.says_keep_alive);
    Ok(Head { status, headers, incoming: Incoming { decoder, keeps_alive } })
}

/// What the headers say about the end of the answer and of the connection.
#[derive(Default)]
struct Framing {
    content_length: Option<u64>,
    is_chunked: bool,
    says_close: bool,
    says_keep_alive: bool,
}

impl Framing {
    /// Reads a header, if it is one that speaks of framing. Whether it was.
    fn read(&mut self, name: &str, value: &[u8]) -> Result<bool, Malformed> {
        let is = |framing: &str| name.eq_ignore_ascii_case(framing);
        if is("content-length") {
            self.read_content_length(value)?;
        } else if is("transfer-encoding") {
            // Nothing else was offered, so nothing else may be there.
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed::Encoding);
            }
            self.is_chunked = true;
        } else if is("connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                self.says_close |= option.eq_ignore_ascii_case(b"close");
                self.says_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The length may be said more than once, but not in two ways.
    fn read_content_length(&mut self, value: &[u8]) -> Result<(), Malformed> {
        for part in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            // Parsing alone would take a sign.
            let digits = std::str::from_utf8(part).ok().filter(|_| part.iter().all(u8::is_ascii_digit));
            let length = digits.and_then(|digits| digits.parse().ok()).ok_or(Malformed::Length)?;
            if self.content_length.is_some_and(|known| known != length) {
                return Err(Malformed::Length);
            }
            self.content_length = Some(length);
        }
        Ok(())
    }

    /// How the body ends (RFC 9112, section 6.3), and whether it is certain that the provider means the same.
    fn body(&self, status: StatusCode, is_http_1_1: bool, is_head: bool) -> Result<(Decoder, bool), Malformed> {
        if self.is_chunked && !is_http_1_1 {
            // There are no chunks in HTTP/1.0: whoever wrote this header was not who wrote the rest.
            return Err(Malformed::Encoding);
        }
        // These have no body whatever their headers say. Where the headers speak of one, somebody may send it all the same.
        if status.is_informational() || status == StatusCode::NO_CONTENT {
            return Ok((Decoder::Length(0), !self.is_chunked && self.content_length.unwrap_or(0) == 0));
        }
        if status == StatusCode::NOT_MODIFIED || is_head {
            return Ok((Decoder::Length(0), true));
        }
        Ok(match (self.is_chunked, self.content_length) {
            // Both: chunks count, and nobody relies on what comes behind them.
            (true, length) => (Decoder::Chunked(Chunked::default()), length.is_none()),
            (false, Some(length)) => (Decoder::Length(length), true),
            (false, None) => (Decoder::UntilClose, false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(head: &[u8], is_head: bool) -> String {
        match end(head, 0).and_then(|end| parse(&head[..end.unwrap_or(0)], is_head)) {
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
        assert_eq!(read(head.as_bytes(), false), expected, "{head}");
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
        assert_eq!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true), "200 0 kept");
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
    fn what_is_kept() {
        let lines = "content-type: a\r\nX-RateLimit-Limit: 3\r\nRetry-After: 5\r\nretry-after-ms: 6\r\ncontent-length: 1";
        let kept = |status: &str| {
            let head = format!("HTTP/1.1 {status}\r\n{lines}\r\n\r\n");
            let headers = parse(head.as_bytes(), false).map(|head| head.headers).unwrap_or_default();
            let pairs = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default()));
            pairs.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(kept("200 OK"), "content-type: a, retry-after: 5, retry-after-ms: 6");
        assert_eq!(kept("429 Too Many Requests"), "content-type: a, x-ratelimit-limit: 3, retry-after: 5, retry-after-ms: 6");
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
            if let Ok(Some(length)) = end(head.as_bytes(), 0) && let Ok(read) = parse(&head.as_bytes()[..length], false) {
                let has = |name| lines.to_ascii_lowercase().contains(name);
                let is_uncertain = has("transfer-encoding:") && has("content-length:") || matches!(read.incoming.decoder, Decoder::UntilClose);
                prop_assert!(!(read.incoming.keeps_alive && is_uncertain), "{}", head);
            }
        }
    }
}
