//! Phase 9: one candidate, from its credential to its first content.
//!
//! The first content is the border. Until then events are held here and a fault leads to the next candidate; from then on the
//! answer belongs to the client. The type [`Exchange`] says that the border was crossed.

use crate::deps::Deps;
use crate::headers;
use crate::meter::Meter;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::fit::{Changes, asks_for_usage, fit};
use crate::phase::ingress::Inbound;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Response, Uri};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::{Format, Surface};
use wardgate_core::secret::Secret;
use wardgate_limits::memory::Reservation;
use wardgate_policy::Candidate;
use wardgate_upstream::{AnswerBody, AuthError, Call, SendError, SendErrorKind, SlicedBody, answer, auth, place};
use wardgate_wire::edit::Slices;
use wardgate_wire::fault;
use wardgate_wire::reply::{self, ReplyFacts};
use wardgate_wire::stream::Watcher;

/// An answered attempt.
pub(crate) struct Exchange {
    /// Who answered.
    pub(crate) candidate: Candidate,
    /// What was changed in the request for it.
    pub(crate) changes: Changes,
    /// With what.
    pub(crate) answer: Answer,
}

/// The answer.
pub(crate) enum Answer {
    /// All of it.
    Whole {
        /// The body as the provider sent it.
        body: Bytes,
        /// Its type.
        content_type: Option<HeaderValue>,
        /// What was read in it.
        facts: ReplyFacts,
        /// The memory that it takes.
        memory: Reservation,
    },
    /// A stream whose first content has arrived.
    Stream {
        /// What arrived so far, to be passed on first.
        held: VecDeque<Bytes>,
        /// What reads the rest as it passes.
        watcher: Box<Watcher>,
        /// The rest.
        incoming: AnswerBody,
    },
}

/// A failed attempt.
pub(crate) struct Failed {
    /// What was wrong.
    pub(crate) fault: Fault,
    /// The provider's HTTP status; 0 without an answer.
    pub(crate) status: u16,
    /// When it wants to be asked again.
    pub(crate) retry_after: Option<Duration>,
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self { fault, status: 0, retry_after: None }
    }
}

/// How much of an error's body is read, in bytes.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// How long an error's body is waited for.
const ERROR_TIME_MAX: Duration = Duration::from_secs(5);

/// How much of a stream is held before its first content, in bytes. Beyond that it is passed on.
const HELD_BYTES_MAX: usize = 256 * 1024;

/// Who we say we are.
const USER_AGENT_TEXT: &str = concat!("wardgate/", env!("CARGO_PKG_VERSION"));

/// Tries one candidate.
pub(crate) async fn exchange(
    deps: &Deps,
    inbound: &Inbound,
    caller: &Caller,
    ask: &Ask,
    candidate: &Candidate,
    deadline: Instant,
    meter: &mut Meter,
) -> Result<Exchange, Failed> {
    let timeout = caller.tenant.timeouts.map_or(deps.options.per_request_timeout, |own| own.per_request);
    let first_event_by = deadline.min(Instant::now() + timeout);
    let credential = unseal(caller, candidate)?;
    let (body, changes) = fit(caller, ask, candidate);
    let mut call = call(deps, inbound, ask, candidate, credential, body)?;
    if let Some(credential) = credential {
        let authorized = deps.upstream.authorize(&mut call, candidate.endpoint.auth, credential, deps.clock.now());
        timeout_at(first_event_by, authorized)
            .await
            .map_err(|_| too_late("get its access token"))?
            .map_err(|error| unusable(&error))?;
    }
    let credential = credential.map(auth::told);
    let credential = credential.as_deref();
    let response = timeout_at(first_event_by, deps.upstream.send(call)).await.map_err(|_| too_late("answer"))?;
    let response = response.map_err(|error| unsent(&error, candidate))?;
    meter.head(response.status().as_u16());
    if !response.status().is_success() {
        return Err(refused(deps, response, first_event_by, credential).await);
    }
    let answer = if ask.peek.is_stream {
        stream(response, ask, candidate, first_event_by, deadline, credential).await?
    } else {
        timeout_at(first_event_by, whole(deps, response, ask.surface.format(), credential))
            .await
            .map_err(|_| too_late("complete its answer"))??
    };
    meter.first_token();
    Ok(Exchange { candidate: candidate.clone(), changes, answer })
}

fn too_late(what: &str) -> Failed {
    Fault::new(FaultClass::Timeout, format!("the provider did not {what} in time")).into()
}

fn unseal<'c>(caller: &'c Caller, candidate: &Candidate) -> Result<Option<&'c Secret>, Failed> {
    caller.tenant.unseal(candidate.credential).map_err(|error| {
        tracing::error!(%error, credential = ?candidate.credential, "a provider key does not open");
        Fault::ours(FaultClass::CredentialRefused, "the gateway cannot open the provider key it holds").into()
    })
}

fn call(
    deps: &Deps,
    inbound: &Inbound,
    ask: &Ask,
    candidate: &Candidate,
    credential: Option<&Secret>,
    body: Slices,
) -> Result<Call, Failed> {
    let place = place::fill(&candidate.endpoint.url, &candidate.target.model, credential).map_err(|error| unusable(&error))?;
    let url = url(&place, inbound.uri.query(), ask.surface)
        .ok_or_else(|| Fault::ours(FaultClass::Network, "the provider's URL cannot be read"))?;
    let mut headers = HeaderMap::with_capacity(8);
    let accept = if ask.peek.is_stream { "text/event-stream" } else { "application/json" };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_TEXT));
    // The marks of the gateways before this one go along, or a ring of two would never be noticed.
    for mark in inbound.headers.get_all(headers::LOOP) {
        headers.append(headers::LOOP, mark.clone());
    }
    if let Ok(mark) = HeaderValue::from_str(&deps.loop_mark) {
        headers.append(headers::LOOP, mark);
    }
    if ask.surface == Surface::Messages {
        pass_anthropic_headers(&inbound.headers, &mut headers);
    }
    Ok(Call { method: Method::POST, url, origin: candidate.target.provider.origin, headers, body: SlicedBody::new(body) })
}

/// The version and the beta features belong to the body that the client wrote, so they go where it goes.
fn pass_anthropic_headers(from: &HeaderMap, to: &mut HeaderMap) {
    let version = from.get(headers::ANTHROPIC_VERSION).cloned();
    to.insert(headers::ANTHROPIC_VERSION, version.unwrap_or(HeaderValue::from_static("2023-06-01")));
    for beta in from.get_all(headers::ANTHROPIC_BETA) {
        to.append(headers::ANTHROPIC_BETA, beta.clone());
    }
}

/// The endpoint's URL with the client's query, as in `/v1/messages?beta=true`, less the place where a key may stand.
fn url(endpoint: &str, query: Option<&str>, surface: Surface) -> Option<Uri> {
    let passed = match (surface, query) {
        (Surface::Messages, Some(query)) => {
            query.split('&').filter(|pair| !pair.starts_with("key=") && !pair.is_empty()).collect()
        }
        _ => Vec::new(),
    };
    if passed.is_empty() {
        return endpoint.parse().ok();
    }
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{separator}{}", passed.join("&")).parse().ok()
}

/// A credential that is not of the form that its provider needs, or that nobody gives a token for.
fn unusable(error: &AuthError) -> Failed {
    let class = if error.is_of_credential() { FaultClass::CredentialRefused } else { FaultClass::Network };
    Fault::ours(class, error.to_string()).into()
}

fn unsent(error: &SendError, candidate: &Candidate) -> Failed {
    tracing::debug!(error = error as &dyn std::error::Error, provider = %candidate.target.provider.name, "no answer");
    match error.kind {
        SendErrorKind::AddressRefused => Fault::ours(FaultClass::Network, error.to_string()),
        SendErrorKind::ConnectTimeout => Fault::new(FaultClass::Timeout, error.to_string()),
        SendErrorKind::Connect | SendErrorKind::Broken => Fault::new(FaultClass::Network, error.to_string()),
    }
    .into()
}

/// An error status: read what it says, in bounds.
async fn refused(deps: &Deps, response: Response<AnswerBody>, read_by: Instant, credential: Option<&str>) -> Failed {
    let status = response.status().as_u16();
    let retry_after = answer::retry_after(response.headers(), deps.clock.now());
    let mut body = response.into_body();
    let mut bytes = BytesMut::new();
    let read = async {
        while let Some(Ok(data)) = body.next().await {
            let room = ERROR_BYTES_MAX - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
            if bytes.len() == ERROR_BYTES_MAX {
                return;
            }
        }
    };
    // What did not come in time is not told.
    let _ = timeout_at(read_by.min(Instant::now() + ERROR_TIME_MAX), read).await;
    Failed { fault: fault::from_response(status, &bytes, credential), status, retry_after }
}

/// An unstreamed answer is read whole before any of it is passed on, so that a broken one can be tried elsewhere.
async fn whole(
    deps: &Deps,
    response: Response<AnswerBody>,
    format: Format,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    let unreadable = |why: &str| Failed { fault: Fault::new(FaultClass::Unreadable, why), status, retry_after: None };
    let mut incoming = response.into_body();
    let mut memory = deps.memory.open();
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(data) = incoming.next().await {
        let data = data.map_err(|_| unreadable("the provider's answer ended before its announced end"))?;
        if first.len() + joined.len() + data.len() > deps.options.reply_bytes_max {
            return Err(unreadable("the provider's answer is larger than this gateway takes"));
        }
        if !memory.grow(data.len()) {
            return Err(Fault::ours(FaultClass::Overloaded, "this gateway is out of memory for answers").into());
        }
        // Most answers come in one piece, which then needs no copy.
        if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&data);
        }
    }
    let body = if joined.is_empty() { first } else { joined.freeze() };
    let facts = reply::read(format, &body, credential).map_err(|fault| Failed { fault, status, retry_after: None })?;
    Ok(Answer::Whole { body, content_type, facts, memory })
}

/// A stream is read until it says something.
async fn stream(
    response: Response<AnswerBody>,
    ask: &Ask,
    candidate: &Candidate,
    first_event_by: Instant,
    deadline: Instant,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    if !is_event_stream(response.headers()) {
        return Err(no_stream(response, ask, first_event_by, credential).await);
    }
    let mut incoming = response.into_body();
    let watcher = Watcher::new(ask.surface.format(), asks_for_usage(ask, candidate)).hiding(credential.map(Secret::from));
    let mut watcher = Box::new(watcher);
    let mut held = VecDeque::new();
    let mut held_bytes = 0;
    let mut read_by = first_event_by;
    loop {
        let data = timeout_at(read_by, incoming.next()).await.map_err(|_| too_late("begin its answer"))?;
        let passed = match data {
            Some(Ok(data)) => watcher.push(data),
            Some(Err(_)) | None => watcher.finish(),
        };
        let has_ended = watcher.facts().fault.is_some();
        held_bytes += passed.len();
        if !passed.is_empty() {
            // An event has come; from now on only the total time counts.
            read_by = deadline;
            held.push_back(passed);
        }
        let facts = watcher.facts();
        if facts.has_content || facts.is_finished || held_bytes > HELD_BYTES_MAX {
            return Ok(Answer::Stream { held, watcher, incoming });
        }
        if has_ended {
            let fault = facts.fault.as_deref().cloned().unwrap_or_else(|| Fault::new(FaultClass::Truncated, ""));
            return Err(Failed { fault, status, retry_after: None });
        }
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/event-stream"))
}

/// A success that is no stream: an error in an answer's place, or a host that does not stream.
async fn no_stream(response: Response<AnswerBody>, ask: &Ask, read_by: Instant, credential: Option<&str>) -> Failed {
    let status = response.status().as_u16();
    let body = timeout_at(read_by, http_body_util::Limited::new(response.into_body(), ERROR_BYTES_MAX).collect()).await;
    let bytes = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let fault = match reply::read(ask.surface.format(), &bytes, credential) {
        Ok(_) => Fault::new(FaultClass::Unreadable, "the provider answered whole although a stream was asked for"),
        Err(fault) => fault,
    };
    Failed { fault, status, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_query_goes_along_without_its_key() {
        let check = |endpoint: &str, query, surface, expected: &str| {
            assert_eq!(url(endpoint, query, surface).map(|url| url.to_string()).as_deref(), Some(expected));
        };
        check("https://h/v1/messages", Some("beta=true&key=ng-x"), Surface::Messages, "https://h/v1/messages?beta=true");
        check("https://h/v1/messages?a=b", Some("beta=true"), Surface::Messages, "https://h/v1/messages?a=b&beta=true");
        check("https://h/v1/messages", Some("key=ng-x"), Surface::Messages, "https://h/v1/messages");
        check("https://h/v1/chat/completions", Some("x=y"), Surface::ChatCompletions, "https://h/v1/chat/completions");
    }
}
