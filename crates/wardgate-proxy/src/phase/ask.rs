//! Phase 4: the body, and what of it routing needs.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::configure::Caller;
use crate::phase::ingress::{Call, Inbound};
use crate::phase::strategies::Moment;
use crate::request_log::RequestLog;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::borrow::Cow;
use std::sync::OnceLock;
use tokio::time::Instant;
use wardgate_core::format::Surface;
use wardgate_core::tier::TierName;
use wardgate_limits::estimate;
use wardgate_limits::memory::Reservation;
use wardgate_wire::envelope;
use wardgate_wire::multipart;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::neutral::request::Request;
use wardgate_wire::peek::{self, Peek};
use wardgate_wire::transcode;

/// A request that was read.
pub(crate) struct Ask {
    /// The surface it came in on.
    pub(crate) surface: Surface,
    /// The body as the client sent it.
    pub(crate) body: Bytes,
    /// What was found in it.
    pub(crate) peek: Peek,
    /// The stream is asked for as one JSON array (Gemini).
    pub(crate) is_json_array: bool,
    /// Reasoning of models of other formats may stand in the body.
    pub(crate) has_envelopes: bool,
    /// The body's type, where it is a form.
    pub(crate) form: Option<HeaderValue>,
    /// What strategies are told, once there are some.
    pub(crate) moment: OnceLock<Moment>,
    /// The memory that the body takes.
    pub(crate) _memory: Reservation,
    /// The body in the neutral form, once a candidate needs it.
    neutral: OnceLock<Box<Neutral>>,
}

struct Neutral {
    request: Result<Request, Untranslatable>,
    _memory: Reservation,
}

/// There is no memory for this request in other words.
pub(crate) struct NoMemory;

/// What a request in the neutral form and one written from it take together, in sizes of the body.
const TRANSLATION_BODIES: usize = 2;

impl Ask {
    /// The request in the neutral form, which is read from the body when it is first asked for.
    pub(crate) fn neutral(&self, deps: &Deps) -> Result<&Result<Request, Untranslatable>, NoMemory> {
        if let Some(neutral) = self.neutral.get() {
            return Ok(&neutral.request);
        }
        let mut memory = deps.memory.open();
        if !memory.grow(self.body.len().saturating_mul(TRANSLATION_BODIES)) {
            return Err(NoMemory);
        }
        let read = || {
            let mut request = transcode::decode_request(self.surface.format(), &self.body);
            if let Ok(request) = &mut request {
                // Where the path asks for a stream, the body says nothing of it.
                request.is_stream = self.peek.is_stream;
            }
            Box::new(Neutral { request, _memory: memory })
        };
        Ok(&self.neutral.get_or_init(read).request)
    }

    /// Whether working on all of it keeps a thread from others for long.
    pub(crate) fn is_large(&self) -> bool {
        self.body.len() > LARGE_BYTES
    }

    /// Who the client's own user is, where it says so.
    pub(crate) fn end_user(&self) -> Option<Cow<'_, str>> {
        let value = std::str::from_utf8(&self.body[self.peek.end_user_span.clone()?]).ok()?;
        match self.form {
            Some(_) => Some(Cow::Borrowed(value)).filter(|name| !name.is_empty()),
            None => peek::end_user(value, self.surface),
        }
    }

    /// About how many tokens of input it has. A form is mostly a file, of which nobody can say.
    pub(crate) fn input_tokens(&self) -> u64 {
        if self.form.is_some() { 0 } else { estimate::tokens(self.body.len() as u64) }
    }
}

/// From how many bytes on a body is read aside. Reading so much takes about a millisecond.
const LARGE_BYTES: usize = 1024 * 1024;

/// Reads the body.
pub(crate) async fn read(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    call: &Call,
    log: &mut RequestLog,
) -> Result<Ask, Failure> {
    let (body, memory) = collect_body(deps, caller, inbound, log).await?;
    let form = inbound.headers.get(CONTENT_TYPE).filter(|_| call.surface.takes_forms()).cloned();
    let ask = match form.as_ref().and_then(|form| multipart::boundary(form.to_str().ok()?)) {
        Some(boundary) => {
            let peek = multipart::peek(&body, boundary).map_err(Failure::BodyWrong)?;
            let surface = call.surface;
            let neutral = OnceLock::new();
            Ask {
                surface,
                body,
                peek,
                is_json_array: false,
                has_envelopes: false,
                form,
                moment: OnceLock::new(),
                _memory: memory,
                neutral,
            }
        }
        None if body.len() > LARGE_BYTES => {
            // So long a reading would keep a thread from all others that wait for it.
            let (call, query) = (call.clone(), inbound.uri.query().map(str::to_owned));
            let reading = tokio::task::spawn_blocking(move || of_call(body, &call, query.as_deref(), memory));
            reading.await.map_err(|_| Failure::BodyBroken)??
        }
        None => of_call(body, call, inbound.uri.query(), memory)?,
    };
    log.is_stream = ask.peek.is_stream;
    log.asked_model = ask.peek.models.first().cloned();
    Ok(ask)
}

/// What routing needs of a body that names its model.
pub(crate) fn of(body: Bytes, surface: Surface, memory: Reservation) -> Result<Ask, Failure> {
    of_call(body, &Call::of(surface), None, memory)
}

fn of_call(body: Bytes, call: &Call, query: Option<&str>, memory: Reservation) -> Result<Ask, Failure> {
    let surface = call.surface;
    let peek = match &call.model {
        None => peek::peek(&body, surface),
        Some(model) => peek::peek_gemini(&body, model, call.is_stream),
    };
    let peek = peek.map_err(Failure::BodyWrong)?;
    let is_json_array = call.model.is_some() && peek.is_stream && !asks_for_events(query);
    // Providers of other formats do not look at what is in envelopes.
    let may_hold_envelopes = matches!(surface, Surface::Messages | Surface::Responses | Surface::GenerateContent);
    let has_envelopes = may_hold_envelopes && envelope::are_in(surface.format(), &body);
    let (moment, neutral) = (OnceLock::new(), OnceLock::new());
    Ok(Ask { surface, body, peek, is_json_array, has_envelopes, form: None, moment, _memory: memory, neutral })
}

/// Whether Google's way of asking for server-sent events stands in a query.
fn asks_for_events(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"))
}

/// Reads the whole body, whatever is in it.
pub(crate) async fn collect_body(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    log: &mut RequestLog,
) -> Result<(Bytes, Reservation), Failure> {
    if let Some(encoding) = inbound.headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        return Err(Failure::BodyEncoded(String::from_utf8_lossy(encoding.as_bytes()).chars().take(40).collect()));
    }
    let announced = inbound.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let mut memory = deps.memory.open();
    let started = Instant::now();
    let bound = Bound::of(deps, caller);
    let body = collect(deps, &bound, &mut inbound.body, announced, &mut memory).await;
    log.waited += started.elapsed();
    Ok((body?, memory))
}

/// Reads a body within its bounds: of size, of all bodies' memory, and of patience.
async fn collect(
    deps: &Deps,
    bound: &Bound<'_>,
    body: &mut Incoming,
    announced: Option<usize>,
    memory: &mut Reservation,
) -> Result<Bytes, Failure> {
    if announced.is_some_and(|announced| announced > bound.bytes_max) {
        return Err(bound.exceeded());
    }
    let mut whole = BytesMut::new();
    let mut pace = Pace::new(deps);
    loop {
        let frame = match tokio::time::timeout_at(pace.window_ends, body.frame()).await {
            Ok(frame) => frame,
            Err(_) if pace.keeps_up(whole.len()) => continue,
            Err(_) => return Err(Failure::BodyTooSlow),
        };
        let Some(frame) = frame else {
            return Ok(whole.freeze());
        };
        let Ok(data) = frame.map_err(|_| Failure::BodyBroken)?.into_data() else {
            continue;
        };
        if whole.len() + data.len() > bound.bytes_max {
            return Err(bound.exceeded());
        }
        // What is announced counts only when it comes: a promise must not crowd others out.
        if !memory.grow(data.len()) {
            return Err(Failure::Busy("memory for request bodies"));
        }
        // Most bodies come in one piece, which then needs no copy.
        if whole.is_empty() && announced == Some(data.len()) {
            return Ok(data);
        }
        if whole.is_empty() {
            whole.reserve(announced.unwrap_or(data.len()));
        }
        whole.extend_from_slice(&data);
    }
}

/// How large a body may be, and who says so.
struct Bound<'b> {
    bytes_max: usize,
    tier: Option<&'b TierName>,
}

impl<'b> Bound<'b> {
    fn of(deps: &Deps, caller: &'b Caller) -> Self {
        let bytes_max = deps.options.body_bytes_max;
        match caller.tenant.allowance.body_bytes_max(caller.key.record.team_id) {
            Some((tightest, tier)) if tightest < bytes_max => Self { bytes_max: tightest, tier: Some(tier) },
            _ => Self { bytes_max, tier: None },
        }
    }

    fn exceeded(&self) -> Failure {
        let bytes_max = self.bytes_max;
        match self.tier {
            Some(tier) => Failure::BodyAboveTier { bytes_max, tier: tier.clone() },
            None => Failure::BodyTooLarge { bytes_max },
        }
    }
}

/// Whether a body arrives fast enough.
struct Pace<'o> {
    options: &'o crate::deps::Options,
    window_ends: Instant,
    bytes_at_start: usize,
}

impl<'o> Pace<'o> {
    fn new(deps: &'o Deps) -> Self {
        Self { options: &deps.options, window_ends: Instant::now() + deps.options.body_progress_window, bytes_at_start: 0 }
    }

    /// Called at the end of a window; begins the next one.
    fn keeps_up(&mut self, bytes: usize) -> bool {
        let progress = bytes - self.bytes_at_start;
        self.bytes_at_start = bytes;
        self.window_ends = Instant::now() + self.options.body_progress_window;
        progress >= self.options.body_progress_bytes_min
    }
}
