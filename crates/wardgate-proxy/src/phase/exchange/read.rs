//! What a provider sends back, until its first content: the border behind which an answer belongs to the client.

use super::{Answer, EVENT_FRAMES, Failed, their_id, too_late};
use crate::deps::Deps;
use crate::passage::{Passage, Whole};
use crate::phase::aside::here;
use crate::phase::ask::Ask;
use crate::phase::ingress::Inbound;
use bytes::{Buf, Bytes, BytesMut};
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, LOCATION};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::{Format, Surface};
use wardgate_limits::memory::Reservation;
use wardgate_upstream::{AnswerBody, answer};
use wardgate_wire::fault;

/// Where AWS names an error, since its status says little.
const AWS_ERROR: &str = "x-amzn-errortype";

/// What some write before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How long an error's body is waited for.
const ERROR_TIME_MAX: Duration = Duration::from_secs(5);

/// How much of a stream is held before its first content, in bytes. Beyond that it is passed on.
const HELD_BYTES_MAX: usize = 256 * 1024;

/// An error status: read what it says, in bounds.
pub(in crate::phase) async fn refused(
    deps: &Deps,
    response: Response<AnswerBody>,
    read_by: Instant,
    credential: Option<&str>,
) -> Failed {
    let status = response.status().as_u16();
    if response.status().is_redirection() {
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        return Failed::answered(status, fault::from_redirect(status, location, credential));
    }
    let retry_after = answer::retry_after(response.headers(), deps.clock.now());
    let their_id = their_id::of(response.headers(), credential);
    let name = response.headers().get(AWS_ERROR).and_then(|name| name.to_str().ok()).map(str::to_owned);
    let mut body = response.into_body();
    let mut bytes = BytesMut::new();
    let read = async {
        while let Some(Ok(data)) = body.next().await {
            let room = fault::ERROR_BYTES_MAX - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
            if bytes.len() == fault::ERROR_BYTES_MAX {
                return;
            }
        }
    };
    // What did not come in time is not told.
    let _ = timeout_at(read_by.min(Instant::now() + ERROR_TIME_MAX), read).await;
    let retry_after = retry_after.into_iter().chain(fault::retry_delay(&bytes)).min();
    let fault = fault::from_response(status, name.as_deref(), &bytes, credential);
    Failed { retry_after, their_id, ..Failed::answered(status, fault) }
}

/// An answer that is compressed, although nobody asked for that, cannot be read.
pub(in crate::phase) fn compressed(response: &Response<AnswerBody>) -> Option<Failed> {
    let coding = response.headers().get(CONTENT_ENCODING)?.to_str().unwrap_or("something unknown").trim();
    let message = format!("the provider's answer is compressed ({:.20}), which nobody asked for", coding.escape_default());
    let fault = Fault::new(FaultClass::Unreadable, message);
    let is_plain = coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    (!is_plain).then(|| Failed::answered(response.status().as_u16(), fault))
}

/// An unstreamed answer is read whole before any of it is passed on, so that a broken one can be tried elsewhere.
pub(super) async fn whole(
    deps: &Deps,
    response: Response<AnswerBody>,
    passage: &Passage,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).filter(|_| !passage.is_translated()).cloned();
    let (body, memory) = all(deps, status, Bytes::new(), response.into_body()).await?;
    let content_bytes = body.len() as u64;
    let Whole { body, facts, warnings } =
        here(body.len(), || passage.whole(body, None, credential)).map_err(|fault| Failed::answered(status, fault))?;
    Ok(Answer::Whole { body, content_bytes, content_type, facts, warnings, memory })
}

/// Reads a body to its end, within the bounds of an answer. Its first bytes may have been read already.
pub(in crate::phase) async fn all(
    deps: &Deps,
    status: u16,
    begun: Bytes,
    mut incoming: AnswerBody,
) -> Result<(Bytes, Reservation), Failed> {
    let unreadable = |why: &str| Failed::answered(status, Fault::new(FaultClass::Unreadable, why));
    let mut memory = deps.memory.open();
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    let mut begun = Some(begun).filter(|begun| !begun.is_empty());
    loop {
        let data = match begun.take() {
            Some(begun) => begun,
            None => match incoming.next().await {
                Some(data) => data.map_err(|_| unreadable("the provider's answer ended before its announced end"))?,
                None => break,
            },
        };
        if first.len() + joined.len() + data.len() > deps.options.reply_bytes_max {
            return Err(unreadable("the provider's answer is larger than this gateway takes"));
        }
        if !memory.grow(data.len()) {
            return Err(out_of_memory());
        }
        // Most answers come in one piece, which then needs no copy.
        if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&data);
        }
    }
    let mut body = if joined.is_empty() { first } else { joined.freeze() };
    if body.starts_with(BYTE_ORDER_MARK) {
        // It is no JSON, and what is read here is.
        body.advance(BYTE_ORDER_MARK.len());
    }
    Ok((body, memory))
}

/// An answer for which there is no memory now.
pub(in crate::phase) fn out_of_memory() -> Failed {
    Fault::ours(FaultClass::Overloaded, "this gateway is out of memory for answers").into()
}

/// A stream is read until it says something.
pub(super) async fn stream(
    deps: &Deps,
    response: Response<AnswerBody>,
    passage: &Passage,
    format: Format,
    first_event_by: Instant,
    deadline: Instant,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let is_announced = is_stream(response.headers(), format);
    let mut incoming = response.into_body();
    let mut begun = Bytes::new();
    let has_frames = format == Format::BedrockConverse;
    if !(is_announced && has_frames) {
        begun = timeout_at(first_event_by, beginning(&mut incoming)).await.map_err(|_| too_late("begin its answer"))?;
        // An error, or an answer, may come under the name of a stream.
        let is_stream = if is_announced { !is_object(&begun) } else { !has_frames && is_event(&begun) };
        if !is_stream {
            return no_stream(deps, status, begun, incoming, passage, first_event_by, credential).await;
        }
    }
    let mut reader = passage.reader(credential);
    let mut held = VecDeque::new();
    let mut held_bytes = 0;
    let mut read_by = first_event_by;
    loop {
        let data = match std::mem::take(&mut begun) {
            begun if !begun.is_empty() => Some(Ok(begun)),
            _ => timeout_at(read_by, incoming.next()).await.map_err(|_| too_late("begin its answer"))?,
        };
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
        let is_paused = reader.is_paused();
        let facts = reader.facts();
        if is_paused || facts.has_content || facts.is_finished || held_bytes > HELD_BYTES_MAX {
            return Ok(Answer::Stream { held, reader, incoming: Some(incoming) });
        }
        if has_ended {
            let fault = facts.fault.as_deref().cloned().unwrap_or_else(|| Fault::new(FaultClass::Truncated, ""));
            return Err(Failed::answered(status, fault));
        }
    }
}

/// Whether an answer is passed on without being read: speech always is, and so are the streams of other such surfaces.
pub(super) fn is_raw(ask: &Ask, inbound: &Inbound, headers: &HeaderMap) -> bool {
    let is_opaque = matches!(ask.surface.format(), Format::Opaque | Format::OpenAiImages);
    // In a form that is sent on, what asks for a stream may come after all that was looked at.
    let may_stream = ask.peek.is_stream || inbound.upload.is_some();
    is_opaque && (ask.surface == Surface::Speech || may_stream && is_stream(headers, Format::Opaque))
}

/// The first bytes are the border here. Nothing has reached the client before them.
pub(super) async fn raw(response: Response<AnswerBody>, first_by: Instant) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    let mut incoming = response.into_body();
    match timeout_at(first_by, incoming.next()).await.map_err(|_| too_late("begin its answer"))? {
        Some(Ok(first)) => Ok(Answer::Raw { content_type, first, incoming }),
        Some(Err(_)) | None => {
            let fault = Fault::new(FaultClass::Unreadable, "the provider's answer is empty");
            Err(Failed::answered(status, fault))
        }
    }
}

fn is_stream(headers: &HeaderMap, format: Format) -> bool {
    let kind = if format == Format::BedrockConverse { EVENT_FRAMES } else { "text/event-stream" };
    headers.get(CONTENT_TYPE).is_some_and(|found| found.as_bytes().to_ascii_lowercase().starts_with(kind.as_bytes()))
}

/// The first bytes of an answer, up to those that are no blank space, or all there are.
async fn beginning(incoming: &mut AnswerBody) -> Bytes {
    let mut blank = BytesMut::new();
    while let Some(Ok(data)) = incoming.next().await {
        let is_blank = data.iter().all(u8::is_ascii_whitespace);
        if !is_blank && blank.is_empty() {
            return data;
        }
        blank.extend_from_slice(&data);
        if !is_blank || blank.len() > HELD_BYTES_MAX {
            break;
        }
    }
    blank.freeze()
}

/// Whether these are the first bytes of a server-sent event, whatever the provider calls them: a comment, or one of the four
/// fields. No JSON that is an answer begins so, and no page.
fn is_event(begun: &[u8]) -> bool {
    matches!(first(begun), Some(b':' | b'd' | b'e' | b'i' | b'r'))
}

/// Whether these are the first bytes of a JSON object, which no event begins with.
fn is_object(begun: &[u8]) -> bool {
    first(begun) == Some(b'{')
}

fn first(begun: &[u8]) -> Option<u8> {
    begun.strip_prefix(BYTE_ORDER_MARK).unwrap_or(begun).trim_ascii_start().first().copied()
}

/// A success that is no stream: an error in an answer's place, or a host that does not stream.
async fn no_stream(
    deps: &Deps,
    status: u16,
    begun: Bytes,
    incoming: AnswerBody,
    passage: &Passage,
    read_by: Instant,
    credential: Option<&str>,
) -> Result<Answer, Failed> {
    let read = timeout_at(read_by, all(deps, status, begun, incoming)).await;
    let (body, _memory) = read.map_err(|_| too_late("complete its answer"))??;
    let fault = match here(body.len(), || passage.replay(&body, credential)) {
        Ok(Some((reader, told))) => return Ok(Answer::Stream { held: VecDeque::from([told]), reader, incoming: None }),
        Ok(None) => Fault::new(FaultClass::Unreadable, "the provider answered whole although a stream was asked for"),
        Err(fault) => fault,
    };
    Err(Failed::answered(status, fault))
}
