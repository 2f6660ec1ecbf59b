//! Phase 1: what is asked for, and in whose dialect. The body is still unread.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::headers::{ANTHROPIC_VERSION, LOOP, X_API_KEY, X_GOOG_API_KEY};
use crate::phase::upload::Upload;
use crate::request_log::RequestLog;
use http::header::{AUTHORIZATION, EXPECT, HeaderMap, UPGRADE};
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
    /// The body, until it is read or sent on.
    pub(crate) body: Option<Incoming>,
    /// The rest of a form that is sent on while it arrives.
    pub(crate) upload: Option<Upload>,
    /// Who holds the connection: a client, or a proxy in front.
    pub(crate) peer: IpAddr,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// An answer of a model.
    Generate(Call),
    /// How a request would be routed.
    Explain,
    /// Something that the gateway knows by itself.
    Tell(Topic),
}

/// A call of a model, as far as the path tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The surface.
    pub(crate) surface: Surface,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// Whether the path asks for a stream.
    pub(crate) is_stream: bool,
}

impl Call {
    pub(crate) const fn of(surface: Surface) -> Self {
        Self { surface, model: None, is_stream: false }
    }
}

/// What the gateway knows by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `/`, and where clients look for life: is anyone there?
    Root,
    /// The models that the key may call.
    Models,
    /// One of them.
    Model(String),
    /// What became of an answer (OpenRouter).
    Generation,
    /// An answer in Responses that is kept here.
    Response(String),
    /// The same, to be forgotten.
    ForgetResponse(String),
    /// What the key is (OpenRouter).
    Key,
    /// What is left of the account's credits.
    Credits,
}

/// The format in which a client reads what is not an answer of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// That format.
    pub(crate) format: Format,
}

impl Dialect {
    /// The path decides; where it says nothing, the headers that only Anthropic's or Google's clients send.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        let format = match route_path(path) {
            Some(Route::Generate(call)) => call.surface.format(),
            _ if path.starts_with(GEMINI_BASE) => Format::Gemini,
            _ if headers.contains_key(ANTHROPIC_VERSION) => Format::AnthropicMessages,
            _ if headers.contains_key(X_API_KEY) && !headers.contains_key(AUTHORIZATION) => Format::AnthropicMessages,
            _ if headers.contains_key(X_GOOG_API_KEY) && !headers.contains_key(AUTHORIZATION) => Format::Gemini,
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
    if marks.iter().any(|mark| *mark == deps.loop_mark) || marks.iter().count() > GATEWAYS_MAX {
        return Err(Failure::Loop);
    }
    let path = request.uri().path();
    let mut route = route_path(path).ok_or_else(|| Failure::PathUnknown(path.chars().take(200).collect()))?;
    if let Route::Tell(Topic::Response(id)) = &mut route
        && *request.method() == Method::DELETE
    {
        route = Route::Tell(Topic::ForgetResponse(std::mem::take(id)));
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match &route {
        Route::Generate(call) => {
            log.surface = Some(call.surface);
            // Codex asks for a web socket first, and for an ordinary answer when it is told so.
            if call.surface == Surface::Responses && is_read && request.headers().contains_key(UPGRADE) {
                return Err(Failure::NoWebSocket);
            }
            if request.method() != Method::POST {
                return Err(Failure::MethodWrong { allowed: "POST" });
            }
        }
        Route::Explain if request.method() != Method::POST => return Err(Failure::MethodWrong { allowed: "POST" }),
        Route::Tell(Topic::ForgetResponse(_)) => {}
        Route::Tell(Topic::Response(_)) if !is_read => return Err(Failure::MethodWrong { allowed: "GET, HEAD, DELETE" }),
        Route::Tell(_) if !is_read => return Err(Failure::MethodWrong { allowed: "GET, HEAD" }),
        Route::Explain | Route::Tell(_) => {}
    }
    Ok(route)
}

/// Under which Google's clients ask.
const GEMINI_BASE: &str = "/v1beta/";

/// Every path that is served. `/api/v1` is OpenRouter's base.
fn route_path(path: &str) -> Option<Route> {
    // Claude Code looks there first.
    if matches!(path, "/" | "/api/hello") {
        return Some(Route::Tell(Topic::Root));
    }
    if let Some(rest) = path.strip_prefix(GEMINI_BASE) {
        return gemini_path(rest);
    }
    let path_of_api = path.strip_prefix("/api").unwrap_or(path);
    if path_of_api == "/v2/rerank" {
        return Some(Route::Generate(Call::of(Surface::CohereRerank)));
    }
    let rest = path_of_api.strip_prefix("/v1/")?;
    let surface = match rest {
        "chat/completions" => Surface::ChatCompletions,
        "messages" => Surface::Messages,
        "messages/count_tokens" => Surface::CountTokens,
        "responses" => Surface::Responses,
        "responses/input_tokens" => Surface::ResponsesInputTokens,
        "completions" => Surface::Completions,
        "embeddings" => Surface::Embeddings,
        "images/generations" => Surface::ImageGenerations,
        "images/edits" => Surface::ImageEdits,
        "images/variations" => Surface::ImageVariations,
        "audio/speech" => Surface::Speech,
        "audio/transcriptions" => Surface::Transcriptions,
        "audio/translations" => Surface::Translations,
        "moderations" => Surface::Moderations,
        "rerank" => Surface::Rerank,
        "credits" => return Some(Route::Tell(Topic::Credits)),
        "route/explain" => return Some(Route::Explain),
        "generation" if path.starts_with("/api/") => return Some(Route::Tell(Topic::Generation)),
        "key" | "auth/key" if path.starts_with("/api/") => return Some(Route::Tell(Topic::Key)),
        _ => return response_path(rest).or_else(|| gemini_path(rest)),
    };
    Some(Route::Generate(Call::of(surface)))
}

/// An answer in Responses, by its id in either form. Other words stand there for what else can be asked of that surface.
fn response_path(rest: &str) -> Option<Route> {
    let id = rest.strip_prefix("responses/")?;
    let is_id = ["resp_", "gen-"].iter().any(|prefix| id.starts_with(prefix)) && !id.contains('/');
    is_id.then(|| Route::Tell(Topic::Response(id.to_owned())))
}

/// The list of models, or one of them.
fn models_path(rest: &str) -> Option<Route> {
    let id = match rest.strip_prefix("models")? {
        "" => return Some(Route::Tell(Topic::Models)),
        rest => rest.strip_prefix('/').filter(|id| !id.is_empty())?,
    };
    Some(Route::Tell(Topic::Model(percent_decoded(id))))
}

/// A model and what is to be done with it, which stands behind the last colon: a model's name may hold colons of its own. Newer
/// clients of Google's ask under `/v1`.
fn gemini_path(rest: &str) -> Option<Route> {
    let verbs = [
        (":generateContent", Surface::GenerateContent, false),
        (":streamGenerateContent", Surface::GenerateContent, true),
        (":countTokens", Surface::GeminiCountTokens, false),
        (":embedContent", Surface::EmbedContent, false),
        (":batchEmbedContents", Surface::BatchEmbedContents, false),
    ];
    // Google's own clients write the colons either way.
    let path = percent_decoded(rest);
    let model_before = |verb: &str| path.strip_suffix(verb)?.strip_prefix("models/").filter(|model| !model.is_empty());
    let found = verbs.into_iter().find_map(|(verb, surface, is_stream)| Some((model_before(verb)?, surface, is_stream)));
    match found {
        Some((model, surface, is_stream)) => Some(Route::Generate(Call { surface, model: Some(model.to_owned()), is_stream })),
        None => models_path(rest),
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
        let check = |path: &str, expected| assert_eq!(route_path(path), expected, "{path}");
        check("/", Some(Route::Tell(Topic::Root)));
        check("/api/hello", Some(Route::Tell(Topic::Root)));
        for (path, surface) in [
            ("/v1/chat/completions", Surface::ChatCompletions),
            ("/api/v1/chat/completions", Surface::ChatCompletions),
            ("/v1/messages", Surface::Messages),
            ("/v1/messages/count_tokens", Surface::CountTokens),
            ("/v1/responses", Surface::Responses),
            ("/api/v1/responses", Surface::Responses),
            ("/v1/completions", Surface::Completions),
            ("/v1/embeddings", Surface::Embeddings),
        ] {
            check(path, Some(Route::Generate(Call::of(surface))));
        }
        for (path, surface, model, is_stream) in [
            ("/v1beta/models/gemini-4:generateContent", Surface::GenerateContent, "gemini-4", false),
            ("/v1beta/models/sandbox:tools:streamGenerateContent", Surface::GenerateContent, "sandbox:tools", true),
            ("/v1beta/models/ollama%3Allama3.2:1b:countTokens", Surface::GeminiCountTokens, "ollama:llama3.2:1b", false),
            ("/v1/models/sandbox:echo:streamGenerateContent", Surface::GenerateContent, "sandbox:echo", true),
            ("/v1beta/models/sandbox%3Aecho%3AgenerateContent", Surface::GenerateContent, "sandbox:echo", false),
            ("/v1beta/models/openai/gpt-5:embedContent", Surface::EmbedContent, "openai/gpt-5", false),
            ("/v1beta/models/sandbox:embed:batchEmbedContents", Surface::BatchEmbedContents, "sandbox:embed", false),
        ] {
            check(path, Some(Route::Generate(Call { surface, model: Some(model.to_owned()), is_stream })));
        }
        check("/v1beta/models", Some(Route::Tell(Topic::Models)));
        check("/v1beta/models/sandbox:echo", Some(Route::Tell(Topic::Model("sandbox:echo".to_owned()))));
        check("/api/v1/generation", Some(Route::Tell(Topic::Generation)));
        check("/api/v1/key", Some(Route::Tell(Topic::Key)));
        check("/v1/route/explain", Some(Route::Explain));
        check("/v1/responses/resp_1", Some(Route::Tell(Topic::Response("resp_1".to_owned()))));
        check("/api/v1/responses/gen-1-a", Some(Route::Tell(Topic::Response("gen-1-a".to_owned()))));
        for surface in Surface::ALL.into_iter().filter(|surface| !surface.upstream_path().contains("{model}")) {
            // What is in Voyage's form is seen by the body alone.
            let seen = if surface == Surface::VoyageRerank { Surface::Rerank } else { surface };
            let path = format!("{}{}", surface.upstream_version(), surface.upstream_path());
            check(&path, Some(Route::Generate(Call::of(seen))));
        }
        check("/v1/models", Some(Route::Tell(Topic::Models)));
        check("/v1/models/sandbox%3Aecho", Some(Route::Tell(Topic::Model("sandbox:echo".to_owned()))));
        check("/v1/models/openai/gpt-oss-120b", Some(Route::Tell(Topic::Model("openai/gpt-oss-120b".to_owned()))));
        for path in [
            "/v1",
            "/v1/",
            "/v1/models/",
            "/v1/responses/",
            "/v1/responses/compact",
            "/v1/responses/resp_1/input_items",
            "/v1/modelsx",
            "/v1beta",
            "/v1beta/models/",
            "/v1beta/chat/completions",
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
