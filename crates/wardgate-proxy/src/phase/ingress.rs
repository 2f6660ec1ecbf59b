//! Phase 1: what is asked for, and in whose dialect. The body is still unread.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::headers::{ANTHROPIC_VERSION, LOOP, X_API_KEY};
use crate::request_log::RequestLog;
use http::header::{AUTHORIZATION, EXPECT, HeaderMap};
use http::{Method, Request, Uri};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::net::IpAddr;
use std::time::Duration;
use wardgate_core::format::{Format, Surface};

/// A request whose head was understood.
pub(crate) struct Inbound {
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The path and query.
    pub(crate) uri: Uri,
    /// The body.
    pub(crate) body: Incoming,
    /// Who holds the connection: a client, or a proxy in front.
    pub(crate) peer: IpAddr,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// An answer of a model.
    Generate(Surface),
    /// How a request would be routed.
    Explain,
    /// Something that the gateway knows by itself.
    Tell(Topic),
}

/// What the gateway knows by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `/`: is anyone there?
    Root,
    /// The models that the key may call.
    Models,
    /// One of them.
    Model(String),
}

/// The format in which a client reads what is not an answer of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// That format.
    pub(crate) format: Format,
}

impl Dialect {
    /// The path decides; where it says nothing, the headers that only Anthropic's clients send.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        let format = match route_path(path) {
            Some(Route::Generate(surface)) => surface.format(),
            _ if headers.contains_key(ANTHROPIC_VERSION) => Format::AnthropicMessages,
            _ if headers.contains_key(X_API_KEY) && !headers.contains_key(AUTHORIZATION) => Format::AnthropicMessages,
            _ => Format::OpenAiChat,
        };
        Self { format }
    }
}

/// The most gateways that a request may have come through, each of which leaves its mark.
const GATEWAYS_MAX: usize = 8;

/// Finds the route of a request.
pub(crate) fn route<B>(deps: &Deps, request: &Request<B>, log: &mut RequestLog) -> Result<Route, Failure> {
    let marks = request.headers().get_all(LOOP);
    if marks.iter().any(|mark| mark.as_bytes() == deps.loop_mark.as_bytes()) || marks.iter().count() > GATEWAYS_MAX {
        return Err(Failure::Loop);
    }
    let path = request.uri().path();
    let route = route_path(path).ok_or_else(|| Failure::PathUnknown(path.chars().take(200).collect()))?;
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match &route {
        Route::Generate(surface) => {
            log.surface = Some(*surface);
            if request.method() != Method::POST {
                return Err(Failure::MethodWrong { allowed: "POST" });
            }
        }
        Route::Explain if request.method() != Method::POST => return Err(Failure::MethodWrong { allowed: "POST" }),
        Route::Tell(_) if !is_read => return Err(Failure::MethodWrong { allowed: "GET, HEAD" }),
        Route::Explain | Route::Tell(_) => {}
    }
    Ok(route)
}

/// Every path that is served. `/api/v1` is OpenRouter's base.
fn route_path(path: &str) -> Option<Route> {
    if path == "/" {
        return Some(Route::Tell(Topic::Root));
    }
    let rest = path.strip_prefix("/api").unwrap_or(path).strip_prefix("/v1/")?;
    match rest {
        "chat/completions" => Some(Route::Generate(Surface::ChatCompletions)),
        "messages" => Some(Route::Generate(Surface::Messages)),
        "route/explain" => Some(Route::Explain),
        "models" => Some(Route::Tell(Topic::Models)),
        _ => rest.strip_prefix("models/").filter(|id| !id.is_empty()).map(|id| Route::Tell(Topic::Model(percent_decoded(id)))),
    }
}

/// A model's id as clients put it into a path, with `/` and `:` written either way.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = if *first == b'%' { behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()) } else { None };
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How much of an unwanted body is read, and for how long.
const DISCARD_BYTES_MAX: usize = 64 * 1024 * 1024;
const DISCARD_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads a body that nobody wants. A client that is still sending when the connection closes may never see the answer that
/// tells it why; one that waits to be told to continue is not told.
pub(crate) async fn discard(headers: &HeaderMap, body: &mut Incoming) {
    if body.is_end_stream() || headers.contains_key(EXPECT) {
        return;
    }
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, bytes::Bytes::len);
            if bytes > DISCARD_BYTES_MAX {
                return;
            }
        }
    };
    // However it ends, there is nothing more to do about it.
    let _ = tokio::time::timeout(DISCARD_TIME_MAX, read).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path, expected| assert_eq!(route_path(path), expected, "{path}");
        check("/", Some(Route::Tell(Topic::Root)));
        check("/v1/chat/completions", Some(Route::Generate(Surface::ChatCompletions)));
        check("/api/v1/chat/completions", Some(Route::Generate(Surface::ChatCompletions)));
        check("/v1/messages", Some(Route::Generate(Surface::Messages)));
        check("/v1/route/explain", Some(Route::Explain));
        check("/v1/models", Some(Route::Tell(Topic::Models)));
        check("/v1/models/sandbox%3Aecho", Some(Route::Tell(Topic::Model("sandbox:echo".to_owned()))));
        check("/v1/models/openai/gpt-oss-120b", Some(Route::Tell(Topic::Model("openai/gpt-oss-120b".to_owned()))));
        for path in [
            "/v1",
            "/v1/",
            "/v1/models/",
            "/v1/chat/completions/",
            "/v1/v1/messages",
            "/v2/messages",
            "/metrics",
            "//v1/messages",
        ] {
            check(path, None);
        }
    }
}
