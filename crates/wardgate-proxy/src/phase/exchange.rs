//! Phase 9: one candidate, from its credential to its first content.
//!
//! The first content is the border. Until then events are held here and a fault leads to the next candidate; from then on the
//! answer belongs to the client. The type [`Exchange`] says that the border was crossed.

use crate::deps::Deps;
use crate::headers;
use crate::meter::Meter;
use crate::passage::{Passage, Reader, Whole};
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::fit::{Changes, Fitted};
use crate::phase::ingress::Inbound;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Response, Uri};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::{Family, Format, Surface};
use wardgate_core::secret::Secret;
use wardgate_limits::memory::Reservation;
use wardgate_policy::Candidate;
use wardgate_upstream::{AnswerBody, AuthError, Call, SendError, SendErrorKind, SlicedBody, answer, auth, place};
use wardgate_wire::edit::Slices;
use wardgate_wire::fault;
use wardgate_wire::neutral::loss::Warnings;
use wardgate_wire::reply::ReplyFacts;

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
        /// The body, in the client's format.
        body: Bytes,
        /// How long it was as the provider sent it, in bytes.
        content_bytes: u64,
        /// Its type.
        content_type: Option<HeaderValue>,
        /// What was read in it.
        facts: ReplyFacts,
        /// What of it was lost between the formats.
        warnings: Warnings,
        /// The memory that it takes.
        memory: Reservation,
    },
    /// A stream whose first content has arrived.
    Stream {
        /// What arrived so far, to be passed on first.
        held: VecDeque<Bytes>,
        /// What reads the rest as it passes.
        reader: Reader,
        /// The rest; none when all of it came at once.
        incoming: Option<AnswerBody>,
    },
    /// Bytes that nobody reads here, such as sound. Their first have arrived.
    Raw {
        /// Their type.
        content_type: Option<HeaderValue>,
        /// The first of them.
        first: Bytes,
        /// The rest.
        incoming: AnswerBody,
    },
}

impl Answer {
    /// What of it could not be said in the client's format, as far as it has come.
    fn lost(&self) -> Option<&Warnings> {
        match self {
            Self::Whole { warnings, .. } => Some(warnings),
            Self::Stream { reader, .. } => reader.warnings(),
            Self::Raw { .. } => None,
        }
    }
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
    fitted: Fitted<'_>,
    deadline: Instant,
    meter: &mut Meter,
) -> Result<Exchange, Failed> {
    let Fitted { candidate, body, mut changes, passage } = fitted;
    let timeout = caller.tenant.timeouts.map_or(deps.options.per_request_timeout, |own| own.per_request);
    let first_event_by = deadline.min(Instant::now() + timeout);
    let credential = unseal(caller, candidate)?;
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
    let answer = if is_raw(ask, response.headers()) {
        raw(response, first_event_by).await?
    } else if ask.peek.is_stream && ask.surface.format() != Format::Opaque {
        stream(response, &passage, candidate.endpoint.format, first_event_by, deadline, credential).await?
    } else {
        timeout_at(first_event_by, whole(deps, response, &passage, credential))
            .await
            .map_err(|_| too_late("complete its answer"))??
    };
    meter.first_token();
    if let Some(lost) = answer.lost() {
        changes.warnings.extend(lost);
    }
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
    let format = candidate.endpoint.format;
    let is_translated = format != ask.surface.format();
    let query = inbound.uri.query().filter(|_| format.family() == Family::Anthropic && !is_translated);
    let place = place::fill(candidate.endpoint.url(ask.peek.is_stream), &candidate.target.model, credential)
        .map_err(|error| unusable(&error))?;
    let url = url(&place, query).ok_or_else(|| Fault::ours(FaultClass::Network, "the provider's URL cannot be read"))?;
    let mut headers = HeaderMap::with_capacity(8);
    let accept = match format {
        Format::Opaque => "*/*",
        Format::BedrockConverse if ask.peek.is_stream => EVENT_FRAMES,
        _ if ask.peek.is_stream => "text/event-stream",
        _ => "application/json",
    };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    let content_type = ask.form.clone().unwrap_or(HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_TEXT));
    for header in &candidate.target.provider.headers {
        // They were read when they were stored; one that is none after all is left out.
        if let (Ok(name), Ok(value)) = (header.name.parse::<HeaderName>(), HeaderValue::from_str(&header.value)) {
            headers.append(name, value);
        }
    }
    // The marks of the gateways before this one go along, or a ring of two would never be noticed.
    for mark in inbound.headers.get_all(headers::LOOP) {
        headers.append(headers::LOOP, mark.clone());
    }
    if let Ok(mark) = HeaderValue::from_str(&deps.loop_mark) {
        headers.append(headers::LOOP, mark);
    }
    if format.family() == Family::Anthropic {
        let client = (!is_translated).then_some(&inbound.headers);
        add_anthropic_headers(client, &mut headers);
    }
    Ok(Call { method: Method::POST, url, origin: candidate.target.provider.origin, headers, body: SlicedBody::new(body) })
}

/// The version and the beta features belong to the body that the client wrote, so they go where it goes. One that was written
/// here is of the first version and uses none of these.
fn add_anthropic_headers(client: Option<&HeaderMap>, to: &mut HeaderMap) {
    let version = client.and_then(|from| from.get(headers::ANTHROPIC_VERSION)).cloned();
    to.insert(headers::ANTHROPIC_VERSION, version.unwrap_or(HeaderValue::from_static("2023-06-01")));
    for beta in client.into_iter().flat_map(|from| from.get_all(headers::ANTHROPIC_BETA)) {
        to.append(headers::ANTHROPIC_BETA, beta.clone());
    }
}

/// The endpoint's URL with the client's query, as in `/v1/messages?beta=true`, less the place where a key may stand.
fn url(endpoint: &str, query: Option<&str>) -> Option<Uri> {
    let passed: Vec<&str> = query
        .map_or_else(Vec::new, |query| query.split('&').filter(|pair| !pair.starts_with("key=") && !pair.is_empty()).collect());
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
    passage: &Passage,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).filter(|_| !passage.is_translated()).cloned();
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
    let content_bytes = body.len() as u64;
    let Whole { body, facts, warnings } =
        passage.whole(body, credential).map_err(|fault| Failed { fault, status, retry_after: None })?;
    Ok(Answer::Whole { body, content_bytes, content_type, facts, warnings, memory })
}

/// A stream is read until it says something.
async fn stream(
    response: Response<AnswerBody>,
    passage: &Passage,
    format: Format,
    first_event_by: Instant,
    deadline: Instant,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    if !is_stream(response.headers(), format) {
        return no_stream(response, passage, first_event_by, credential).await;
    }
    let mut incoming = response.into_body();
    let mut reader = passage.reader(credential);
    let mut held = VecDeque::new();
    let mut held_bytes = 0;
    let mut read_by = first_event_by;
    loop {
        let data = timeout_at(read_by, incoming.next()).await.map_err(|_| too_late("begin its answer"))?;
        let passed = match data {
            Some(Ok(data)) => reader.push(data),
            Some(Err(_)) | None => reader.finish(),
        };
        let has_ended = reader.facts().fault.is_some();
        held_bytes += passed.len();
        if !passed.is_empty() {
            // An event has come; from now on only the total time counts.
            read_by = deadline;
            held.push_back(passed);
        }
        let facts = reader.facts();
        if facts.has_content || facts.is_finished || held_bytes > HELD_BYTES_MAX {
            return Ok(Answer::Stream { held, reader, incoming: Some(incoming) });
        }
        if has_ended {
            let fault = facts.fault.as_deref().cloned().unwrap_or_else(|| Fault::new(FaultClass::Truncated, ""));
            return Err(Failed { fault, status, retry_after: None });
        }
    }
}

/// Whether an answer is passed on without being read: speech always is, and so are the streams of other such surfaces.
fn is_raw(ask: &Ask, headers: &HeaderMap) -> bool {
    let is_opaque = ask.surface.format() == Format::Opaque;
    is_opaque && (ask.surface == Surface::Speech || ask.peek.is_stream && is_stream(headers, Format::Opaque))
}

/// The first bytes are the border here. Nothing has reached the client before them.
async fn raw(response: Response<AnswerBody>, first_by: Instant) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    let mut incoming = response.into_body();
    match timeout_at(first_by, incoming.next()).await.map_err(|_| too_late("begin its answer"))? {
        Some(Ok(first)) => Ok(Answer::Raw { content_type, first, incoming }),
        Some(Err(_)) | None => {
            let fault = Fault::new(FaultClass::Unreadable, "the provider's answer is empty");
            Err(Failed { fault, status, retry_after: None })
        }
    }
}

/// What Bedrock calls its streams.
const EVENT_FRAMES: &str = "application/vnd.amazon.eventstream";

fn is_stream(headers: &HeaderMap, format: Format) -> bool {
    let kind = if format == Format::BedrockConverse { EVENT_FRAMES } else { "text/event-stream" };
    headers.get(CONTENT_TYPE).is_some_and(|found| found.as_bytes().to_ascii_lowercase().starts_with(kind.as_bytes()))
}

/// A success that is no stream: an error in an answer's place, or a host that does not stream.
async fn no_stream(
    response: Response<AnswerBody>,
    passage: &Passage,
    read_by: Instant,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let body = timeout_at(read_by, http_body_util::Limited::new(response.into_body(), ERROR_BYTES_MAX).collect()).await;
    let bytes = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let fault = match passage.replay(&bytes, credential) {
        Ok(Some((reader, told))) => return Ok(Answer::Stream { held: VecDeque::from([told]), reader, incoming: None }),
        Ok(None) => Fault::new(FaultClass::Unreadable, "the provider answered whole although a stream was asked for"),
        Err(fault) => fault,
    };
    Err(Failed { fault, status, retry_after: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_query_goes_along_without_its_key() {
        let check = |endpoint: &str, query, expected: &str| {
            assert_eq!(url(endpoint, query).map(|url| url.to_string()).as_deref(), Some(expected));
        };
        check("https://h/v1/messages", Some("beta=true&key=ng-x"), "https://h/v1/messages?beta=true");
        check("https://h/v1/messages?a=b", Some("beta=true"), "https://h/v1/messages?a=b&beta=true");
        check("https://h/v1/messages", Some("key=ng-x"), "https://h/v1/messages");
    }
}
