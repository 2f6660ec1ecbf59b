//! Phase 10: the answer on its way to the client.
//!
//! What the provider sends is passed on event by event as it comes, and read as it passes. When the provider breaks off, falls
//! silent or says that it failed, the client is told in its own format; a stream that broke never looks like one that ended.
//! When the client goes, this is dropped, and with it the call to the provider.

use crate::body::ReplyBody;
use crate::deps::Deps;
use crate::generation::generation_id;
use crate::headers::{self, Values};
use crate::meter::{Ending, Meter};
use crate::passage::Reader;
use crate::phase::exchange::{Answer, Exchange};
use crate::phase::raw::Raw;
use crate::phase::resume::Resumption;
use crate::rate_headers;
use crate::respond;
use crate::telling::{self, Telling};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::usage::Completion;
use wardgate_policy::Plan;
use wardgate_upstream::AnswerBody;
use wardgate_wire::enrich::Enricher;

/// How long a provider may keep its connection open behind the end marker.
const LINGER: Duration = Duration::from_secs(1);

/// What a cost and the names of a provider and a model take together, mostly.
const VALUES_BYTES: usize = 96;

/// Makes the response out of an answered attempt.
pub(crate) fn relay(
    deps: &Arc<Deps>,
    exchange: Exchange,
    plan: &Plan,
    format: Format,
    telling: Telling,
    mut meter: Meter,
) -> Response<ReplyBody> {
    let request_id = meter.log().request_id();
    let attempts = meter.log().attempts;
    let trace = meter.log_mut().trace.take();
    meter.log_mut().answer(StatusCode::OK);
    meter.log_mut().lose(&exchange.changes.warnings);
    let mut headers = HeaderMap::with_capacity(12);
    let mut values = Values::with_capacity(VALUES_BYTES);
    rate_headers::add(&mut headers, format, meter.standings(), &*deps.clock);
    let body = match exchange.answer {
        Answer::Whole { body, content_bytes, content_type, facts, memory: _memory, .. } => {
            headers.insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("application/json")));
            let target = &exchange.candidate.target;
            let body = telling.whole(format, body, &facts, content_bytes, target, &meter);
            let cost = meter.close(&Ending {
                completion: Completion::Succeeded,
                usage: facts.usage,
                content_bytes,
                is_cut: false,
                stop_reason: facts.stop_reason.as_deref(),
            });
            if let Some(cost) = cost {
                values.insert(&mut headers, headers::COST, &cost.to_string());
            }
            ReplyBody::whole(body)
        }
        Answer::Stream { held, reader, incoming } => {
            let content_type = if reader.is_json_array() { "application/json" } else { "text/event-stream" };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            // Or nginx in front of us would collect the stream before it passes it on.
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            let enricher = telling.stream(format, &exchange.candidate.target, &meter);
            ReplyBody::Relayed(Box::new(Relay::new(deps, held, reader, incoming, exchange.resumption, enricher, meter)))
        }
        Answer::Raw { content_type, first, incoming } => {
            headers.insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            ReplyBody::Raw(Box::new(Raw::new(deps, first, incoming, meter)))
        }
    };
    if telling == Telling::Everything {
        headers::insert_text(&mut headers, headers::GENERATION_ID, &generation_id(request_id));
    }
    let attempts = if attempts == 1 { HeaderValue::from_static("1") } else { HeaderValue::from(attempts) };
    headers.insert(headers::ATTEMPTS, attempts);
    values.insert(&mut headers, headers::PROVIDER, exchange.candidate.target.provider.name.as_str());
    values.insert(&mut headers, headers::MODEL, &exchange.candidate.target.model);
    exchange.changes.tell(&mut headers);
    if let Some(trace) = trace {
        headers::insert_text(&mut headers, headers::EXPLAIN, &trace);
    }
    let skipped: Vec<&str> = plan.skipped().collect();
    if !skipped.is_empty() {
        headers::insert_text(&mut headers, headers::SKIPPED_MODELS, &skipped.join(", "));
    }
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    respond::add_request_id(&mut response, format, &request_id.to_text());
    response
}

/// A stream being passed on.
pub(crate) struct Relay {
    deps: Arc<Deps>,
    held: VecDeque<Bytes>,
    reader: Reader,
    /// What tells the client more than the provider does; most clients want nothing of the kind.
    enricher: Option<Box<Enricher>>,
    /// The provider's side; none once it is over.
    incoming: Option<AnswerBody>,
    /// How to ask for the rest of an answer that the provider interrupts.
    resumption: Option<Arc<Resumption>>,
    /// The rest, being asked for.
    resuming: Option<Resuming>,
    /// The meter; none once it is closed.
    meter: Option<Meter>,
    request_id: wardgate_core::id::RequestId,
    heard_at: Instant,
    spoke_at: Instant,
    timer: Pin<Box<Sleep>>,
    /// Wakes this stream when the process has no more time for it. Made when it is first waited for.
    expiry: Option<Pin<Box<OwnedNotified>>>,
}

/// What was heard of the provider.
enum Heard<B> {
    /// More of the answer.
    Bytes(B),
    /// The rest of it, which was asked for.
    Rest(Result<AnswerBody, Fault>),
}

/// The rest of an answer, being asked for.
type Resuming = Pin<Box<dyn Future<Output = Result<AnswerBody, Fault>> + Send>>;

impl Relay {
    fn new(
        deps: &Arc<Deps>,
        held: VecDeque<Bytes>,
        reader: Reader,
        incoming: Option<AnswerBody>,
        resumption: Option<Arc<Resumption>>,
        enricher: Option<Box<Enricher>>,
        meter: Meter,
    ) -> Self {
        deps.recorder.metrics().open_streams.inc();
        let now = Instant::now();
        let mut relay = Self {
            deps: Arc::clone(deps),
            held,
            reader,
            enricher,
            incoming,
            resumption,
            resuming: None,
            request_id: meter.log().request_id(),
            meter: Some(meter),
            heard_at: now,
            spoke_at: now,
            timer: Box::pin(sleep_until(now + deps.options.keep_alive_after)),
            expiry: None,
        };
        for bytes in std::mem::take(&mut relay.held) {
            let told = relay.told(bytes);
            relay.held.push_back(told);
        }
        // The whole stream may have been held already.
        relay.resume_if_paused();
        relay.close_if_finished();
        relay
    }

    /// The next bytes for the client; `None` at the end.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(bytes) = self.held.pop_front() {
            return Poll::Ready(Some(bytes));
        }
        loop {
            let heard = match (&mut self.incoming, &mut self.resuming) {
                (Some(incoming), _) => incoming.poll_next(cx).map(Heard::Bytes),
                (None, Some(resuming)) => resuming.as_mut().poll(cx).map(Heard::Rest),
                (None, None) => return Poll::Ready(None),
            };
            let passed = match heard {
                Poll::Ready(Heard::Bytes(Some(Ok(data)))) => {
                    self.heard_at = Instant::now();
                    self.reader.push(data)
                }
                Poll::Ready(Heard::Bytes(Some(Err(_)) | None)) => {
                    self.incoming = None;
                    self.reader.finish()
                }
                Poll::Ready(Heard::Rest(rest)) => {
                    self.begin_rest(rest);
                    Bytes::new()
                }
                Poll::Pending => match self.poll_silence(cx) {
                    Poll::Ready(bytes) => bytes,
                    Poll::Pending => return Poll::Pending,
                },
            };
            self.resume_if_paused();
            let passed = self.told(passed);
            let passed = self.with_ending(passed);
            if !passed.is_empty() {
                self.spoke_at = self.heard_at.max(self.spoke_at);
                return Poll::Ready(Some(passed));
            }
        }
    }

    /// Asks for the rest of an answer that the provider interrupted. Its calls are one attempt.
    fn resume_if_paused(&mut self) {
        let Some(resumption) = &self.resumption else { return };
        let Some(paused) = self.reader.take_paused() else { return };
        if let Some(meter) = &mut self.meter {
            meter.part(paused.usage, paused.content_bytes);
        }
        self.incoming = None;
        self.heard_at = Instant::now();
        self.resuming = Some(Box::pin(Arc::clone(resumption).stream(Arc::clone(&self.deps), paused.content)));
    }

    /// The rest begins, or there is none to be had, which breaks the answer.
    fn begin_rest(&mut self, rest: Result<AnswerBody, Fault>) {
        self.resuming = None;
        self.heard_at = Instant::now();
        match rest {
            Ok(incoming) => {
                self.reader.resume();
                self.incoming = Some(incoming);
            }
            Err(fault) => self.reader.interrupt(fault),
        }
    }

    /// Events with what is told beside them.
    fn told(&mut self, run: Bytes) -> Bytes {
        telling::told(self.enricher.as_deref_mut(), run, self.reader.facts(), self.meter.as_ref())
    }

    /// Closes the meter when the stream is over, and adds the error event if it is over before its end.
    fn with_ending(&mut self, passed: Bytes) -> Bytes {
        let Some(fault) = &self.reader.facts().fault else {
            self.close_if_finished();
            return passed;
        };
        (self.incoming, self.resuming) = (None, None);
        if self.meter.is_none() {
            // The end marker had passed; what broke behind it is nobody's loss.
            return passed;
        }
        let fault = fault.clone();
        let event = self.reader.error_event(&fault, self.request_id);
        self.close(Completion::StreamFailed);
        Bytes::from([passed.as_ref(), &event].concat())
    }

    /// The event of a whole stream is written before its last byte leaves.
    fn close_if_finished(&mut self) {
        let facts = self.reader.facts();
        if facts.is_cut {
            // What the provider still makes is for nobody, and would be paid for.
            self.incoming = None;
        }
        let is_silent = self.incoming.is_none() && self.resuming.is_none();
        let is_over = facts.is_finished || (is_silent && facts.fault.is_none());
        if is_over && facts.fault.is_none() {
            self.close(Completion::Succeeded);
        }
    }

    fn close(&mut self, completion: Completion) {
        if let Some(mut meter) = self.meter.take() {
            if let Some(warnings) = self.reader.warnings() {
                meter.log_mut().lose(warnings);
            }
            let facts = self.reader.facts();
            let usage = facts.usage;
            meter.close(&Ending {
                completion,
                usage,
                content_bytes: facts.content_bytes,
                is_cut: facts.is_cut,
                stop_reason: facts.stop_reason.as_deref(),
            });
        }
    }

    /// Nothing comes from the provider: is it time to say so, or to give up? Ready with bytes for the client, which may be none
    /// when there is only something to look at again.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if self.deps.drain.is_expired() {
            return Poll::Ready(self.give_up(Fault::ours(
                FaultClass::Overloaded,
                "the gateway is stopping and cannot wait for this stream to end",
            )));
        }
        if self.expiry.is_none() {
            // Registered once: the task that polls an answer stays the same until its end.
            let mut expiry = Box::pin(self.deps.drain.expiry());
            let _ = expiry.as_mut().poll(cx);
            self.expiry = Some(expiry);
            if self.deps.drain.is_expired() {
                return Poll::Ready(Bytes::new());
            }
        }
        let silence_max = if self.reader.facts().is_finished { LINGER } else { self.deps.options.idle_event_timeout };
        let give_up_at = self.heard_at + silence_max;
        // The timer may stand at the time of a sign of life, which can be long after that.
        if self.timer.deadline() > give_up_at {
            self.timer.as_mut().reset(give_up_at);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if now >= give_up_at {
                if self.reader.facts().is_finished {
                    self.incoming = None;
                    return Poll::Ready(Bytes::new());
                }
                return Poll::Ready(
                    self.give_up(Fault::new(FaultClass::Timeout, "the provider fell silent in the middle of its answer")),
                );
            }
            let speak_at = self.spoke_at + self.deps.options.keep_alive_after;
            let is_speaking_time = now >= speak_at && !self.reader.facts().is_finished;
            if is_speaking_time {
                self.spoke_at = now;
            }
            let next = give_up_at.min(self.spoke_at + self.deps.options.keep_alive_after).max(now + Duration::from_millis(1));
            self.timer.as_mut().reset(next);
            if is_speaking_time {
                return Poll::Ready(Bytes::from_static(self.reader.keep_alive()));
            }
        }
        Poll::Pending
    }

    fn give_up(&mut self, fault: Fault) -> Bytes {
        self.reader.interrupt(fault);
        Bytes::new()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.deps.recorder.metrics().open_streams.dec();
        self.close(Completion::ClientClosed);
    }
}
