//! Phase 4: the body, and what of it routing needs.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::aside::{LARGE_BYTES, aside};
use crate::phase::collect;
use crate::phase::configure::Caller;
use crate::phase::ingress::{Call, Inbound};
use crate::phase::strategies::Moment;
use crate::phase::upload::{self, Form};
use crate::request_log::RequestLog;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use std::borrow::Cow;
use std::sync::OnceLock;
use wardgate_core::format::Surface;
use wardgate_core::usage::Units;
use wardgate_limits::estimate;
use wardgate_limits::memory::Reservation;
use wardgate_wire::envelope;
use wardgate_wire::multipart;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::neutral::request::Request;
use wardgate_wire::peek::{self, Peek};
use wardgate_wire::transcode::{self, ranks};
use wardgate_wire::units;

/// A request that was read.
pub(crate) struct Ask {
    /// The surface it came in on.
    pub(crate) surface: Surface,
    /// The body as the client sent it; of a large form what came first (see [`upload`]).
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
    /// What is asked for that is charged by the piece.
    pub(crate) units: Units,
    /// The memory that the body takes.
    pub(crate) memory: Reservation,
    /// What the client wrote in the place of earlier turns, where these were put into the body.
    pub(crate) earlier: Option<Earlier>,
    /// The body in the neutral form, once a candidate needs it.
    neutral: OnceLock<Box<Neutral>>,
}

/// What a request said of its conversation by ids alone (Responses).
pub(crate) struct Earlier {
    /// The answer that it goes on behind.
    pub(crate) previous: Option<String>,
    /// The `input` as the client wrote it.
    pub(crate) input: Option<Bytes>,
}

struct Neutral {
    request: Result<Request, Untranslatable>,
    _memory: Reservation,
}

impl Neutral {
    fn read(surface: Surface, body: &[u8], is_stream: bool, memory: Reservation) -> Box<Self> {
        let mut request = transcode::decode_request(surface.format(), body);
        if let Ok(request) = &mut request {
            // Where the path asks for a stream, the body says nothing of it.
            request.is_stream = is_stream;
        }
        Box::new(Self { request, _memory: memory })
    }
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
        let read = || Neutral::read(self.surface, &self.body, self.peek.is_stream, memory);
        Ok(&self.neutral.get_or_init(read).request)
    }

    /// Whether working on all of it keeps a thread from others for long.
    pub(crate) fn is_large(&self) -> bool {
        self.body.len() > LARGE_BYTES
    }

    /// Reads a large body into the neutral form on a thread of its own, so that [`Self::neutral`] finds it done.
    pub(crate) async fn read_aside(&self, deps: &Deps) {
        if self.neutral.get().is_some() {
            return;
        }
        let mut memory = deps.memory.open();
        // Without memory there is nothing to do here; who asks for the request is told so.
        if memory.grow(self.body.len().saturating_mul(TRANSLATION_BODIES)) {
            let (surface, body, is_stream) = (self.surface, self.body.clone(), self.peek.is_stream);
            if let Some(neutral) = aside(move || Neutral::read(surface, &body, is_stream, memory)).await {
                // Nobody else reads it meanwhile: a request tries one candidate at a time.
                let _ = self.neutral.set(neutral);
            }
        }
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

/// Reads the body.
pub(crate) async fn read(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    call: &Call,
    log: &mut RequestLog,
) -> Result<Ask, Failure> {
    let form = inbound.headers.get(CONTENT_TYPE).filter(|_| call.surface.takes_forms()).cloned();
    if let Some(form) = form
        && let Some(boundary) = form.to_str().ok().and_then(multipart::boundary)
    {
        let (Form { body, peek, memory }, surface) = (upload::begin(deps, caller, inbound, boundary, log).await?, call.surface);
        log.is_stream = peek.is_stream;
        log.asked_model = peek.models.first().cloned();
        return Ok(Ask {
            surface,
            body,
            peek,
            is_json_array: false,
            has_envelopes: false,
            form: Some(form),
            moment: OnceLock::new(),
            units: Units::default(),
            memory,
            earlier: None,
            neutral: OnceLock::new(),
        });
    }
    let (body, memory) = collect::whole(deps, caller, inbound, log).await?;
    let ask = match body.len() {
        LARGE_BYTES.. => {
            // So long a reading would keep a thread from all others that wait for it.
            let (call, query) = (call.clone(), inbound.uri.query().map(str::to_owned));
            aside(move || of_call(body, &call, query.as_deref(), memory)).await.ok_or(Failure::BodyBroken)??
        }
        _ => of_call(body, call, inbound.uri.query(), memory)?,
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
    let surface = match call.surface {
        Surface::Rerank if ranks::is_voyages(&body) => Surface::VoyageRerank,
        surface => surface,
    };
    let peek = match &call.model {
        None => peek::peek(&body, surface),
        Some(model) => peek::peek_gemini(&body, surface, model, call.is_stream),
    };
    let peek = peek.map_err(Failure::BodyWrong)?;
    if peek.is_background && !peek.is_stream {
        // What it comes to would be known to its provider alone.
        let why = "answers cannot be fetched later through this gateway: leave it out, or ask for a stream as well";
        let refused = Untranslatable::new("unsupported_parameter", "background", why);
        return Err(Failure::Untranslatable(Box::new(refused)));
    }
    let is_json_array = call.model.is_some() && peek.is_stream && !asks_for_events(query);
    // Providers of other formats do not look at what is in envelopes.
    let has_envelopes = match surface {
        Surface::Messages | Surface::Responses | Surface::GenerateContent => envelope::are_in(surface.format(), &body),
        Surface::ChatCompletions => envelope::holds_foreign_members(&body),
        _ => false,
    };
    let (moment, neutral, units) = (OnceLock::new(), OnceLock::new(), units::asked(surface, &body));
    Ok(Ask { surface, body, peek, is_json_array, has_envelopes, form: None, moment, units, memory, earlier: None, neutral })
}

/// Whether Google's way of asking for server-sent events stands in a query.
fn asks_for_events(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"))
}
