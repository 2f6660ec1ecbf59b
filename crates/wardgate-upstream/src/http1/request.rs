//! The head of a request.

use http::{HeaderMap, Method, Uri};
use std::io::Write;

/// What the lines that are always there take at most, less what varies.
const OVERHEAD_BYTES: usize = 64;

/// Writes a head. `host` is how the `Host` header names the place; the body has so many bytes.
///
/// What says where the request ends and whether the connection is kept is written here and nowhere else, so headers of these
/// names are left out.
pub(crate) fn head(method: &Method, url: &Uri, host: &str, headers: &HeaderMap, body_bytes: usize) -> Vec<u8> {
    let (path, query) = (url.path(), url.query());
    let lines: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let target_bytes = path.len() + query.map_or(0, |query| query.len() + 1);
    let mut head = Vec::with_capacity(OVERHEAD_BYTES + method.as_str().len() + target_bytes + host.len() + lines);
    head.extend_from_slice(method.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(path.as_bytes());
    if let Some(query) = query {
        head.push(b'?');
        head.extend_from_slice(query.as_bytes());
    }
    head.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    head.extend_from_slice(host.as_bytes());
    head.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        let name = name.as_str();
        if is_ours(name) {
            continue;
        }
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if body_bytes > 0 || matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        // Writing to memory does not fail.
        let _ = write!(head, "content-length: {body_bytes}\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn is_ours(name: &str) -> bool {
    matches!(name, "host" | "content-length" | "transfer-encoding" | "connection")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn check(method: &Method, url: &'static str, names: &[&'static str], body_bytes: usize, expected: &str) {
        let headers = names.iter().map(|name| (HeaderName::from_static(name), HeaderValue::from_static("v"))).collect();
        let head = head(method, &Uri::from_static(url), "h", &headers, body_bytes);
        assert_eq!(String::from_utf8_lossy(&head), expected);
    }

    #[test]
    fn heads() {
        check(&Method::GET, "http://h", &[], 0, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
        check(&Method::GET, "http://h?q=1", &[], 0, "GET /?q=1 HTTP/1.1\r\nhost: h\r\n\r\n");
        let expected = "POST /v1/x?y=z HTTP/1.1\r\nhost: h\r\naccept: v\r\nx-y: v\r\ncontent-length: 0\r\n\r\n";
        check(&Method::POST, "http://h/v1/x?y=z", &["accept", "x-y"], 0, expected);
        let framing = ["host", "content-length", "transfer-encoding", "connection"];
        check(&Method::DELETE, "http://h/", &framing, 12, "DELETE / HTTP/1.1\r\nhost: h\r\ncontent-length: 12\r\n\r\n");
    }
}
