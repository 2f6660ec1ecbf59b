//! The record of one request, told once: when it is dropped, however the request ended.

use crate::deps::Deps;
use http::{Method, Request, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ManagedKeyId, RequestId};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::{ModelName, ProviderName};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage};
use wardgate_telemetry::RequestRecord;
use wardgate_wire::neutral::loss::Warnings;

/// The status that is logged when the client left before it got one.
const CLIENT_CLOSED: u16 = 499;

/// From how many bytes on no more is logged of what was lost.
const LOST_BYTES_MAX: usize = 2 * 1024;

/// What is known of a request so far.
pub(crate) struct RequestLog {
    deps: Arc<Deps>,
    started: Instant,
    request_id: RequestId,
    method: Method,
    path: String,
    status: u16,
    error_code: Option<&'static str>,
    /// The surface, once the path is known to be one.
    pub(crate) surface: Option<Surface>,
    /// Whose key it came with.
    pub(crate) account_id: Option<AccountId>,
    /// The key.
    pub(crate) access_key_id: Option<AccessKeyId>,
    /// The model as the client wrote it.
    pub(crate) asked_model: Option<String>,
    /// Whether a stream was asked for.
    pub(crate) is_stream: bool,
    /// Who was asked last.
    pub(crate) provider: Option<ProviderName>,
    /// For what.
    pub(crate) model: Option<ModelName>,
    /// The virtual model that was asked for.
    pub(crate) virtual_model: Option<ModelName>,
    /// The operator's key with which the last attempt was made.
    pub(crate) managed_key_id: Option<ManagedKeyId>,
    /// Attempts made.
    pub(crate) attempts: u32,
    /// The failed ones: whom, for what, and what was wrong.
    pub(crate) failed: Vec<String>,
    /// How many candidates the plan had.
    pub(crate) candidates: usize,
    /// How many each filter left out of it, in words.
    pub(crate) left_out: Option<String>,
    /// Whether the client wants to be told how its request was routed.
    pub(crate) is_traced: bool,
    /// What it is told of that.
    pub(crate) trace: Option<String>,
    /// What was lost between the formats: codes and paths as in the header.
    pub(crate) lost: Option<String>,
    /// How the last attempt ended.
    pub(crate) completion: Option<Completion>,
    /// What it used.
    pub(crate) usage: Option<Usage>,
    /// What that cost.
    pub(crate) cost: Option<NanoUsd>,
    /// Time spent waiting for the client's body and for providers.
    pub(crate) waited: Duration,
    answered_after: Option<Duration>,
}

impl RequestLog {
    pub(crate) fn begin<B>(deps: &Arc<Deps>, request: &Request<B>) -> Self {
        deps.recorder.metrics().in_flight.inc();
        Self {
            started: Instant::now(),
            request_id: RequestId::new(deps.clock.now(), &*deps.random),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            status: CLIENT_CLOSED,
            error_code: None,
            surface: None,
            account_id: None,
            access_key_id: None,
            asked_model: None,
            is_stream: false,
            provider: None,
            model: None,
            virtual_model: None,
            managed_key_id: None,
            attempts: 0,
            failed: Vec::new(),
            candidates: 0,
            left_out: None,
            is_traced: false,
            trace: None,
            lost: None,
            completion: None,
            usage: None,
            cost: None,
            waited: Duration::ZERO,
            answered_after: None,
            deps: Arc::clone(deps),
        }
    }

    pub(crate) const fn request_id(&self) -> RequestId {
        self.request_id
    }

    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    /// The time of day at a moment of this request. Reading a clock is not free, and one reading tells both.
    pub(crate) fn time_at(&self, moment: Instant) -> Timestamp {
        self.request_id.made_at().plus(moment.saturating_duration_since(self.started))
    }

    pub(crate) fn deps(&self) -> &Arc<Deps> {
        &self.deps
    }

    /// The client is about to get this status.
    pub(crate) fn answer(&mut self, status: StatusCode) {
        self.status = status.as_u16();
        self.answered_after = Some(self.started.elapsed());
    }

    /// Something was lost between the formats. What is known already is not told again.
    pub(crate) fn lose(&mut self, warnings: &Warnings) {
        let Some(more) = warnings.to_header() else { return };
        let lost = self.lost.get_or_insert_default();
        for warning in more.split(", ") {
            if lost.len() < LOST_BYTES_MAX && !lost.split(", ").any(|known| known == warning) {
                lost.push_str(if lost.is_empty() { "" } else { ", " });
                lost.push_str(warning);
            }
        }
    }

    /// The client is about to get an error. `is_refusal`: the gateway made it.
    pub(crate) fn fail(&mut self, status: StatusCode, code: &'static str, is_refusal: bool) {
        self.answer(status);
        self.error_code = Some(code);
        if is_refusal {
            self.deps.recorder.refusal(code);
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let (deps, duration) = (&self.deps, self.started.elapsed());
        deps.recorder.metrics().in_flight.dec();
        deps.recorder.request(&RequestRecord {
            time: self.request_id.made_at().plus(duration),
            request_id: self.request_id,
            account_id: self.account_id,
            access_key_id: self.access_key_id,
            method: self.method.as_str(),
            path: &self.path,
            surface: self.surface,
            status: self.status,
            error_code: self.error_code,
            asked_model: self.asked_model.as_deref(),
            provider: self.provider.as_ref().map(ProviderName::as_str),
            model: self.model.as_deref(),
            virtual_model: self.virtual_model.as_deref(),
            managed_key_id: self.managed_key_id,
            attempts: self.attempts,
            failed: &self.failed,
            candidates: self.candidates,
            left_out: self.left_out.as_deref(),
            lost: self.lost.as_deref(),
            is_stream: self.is_stream,
            completion: self.completion,
            usage: self.usage,
            cost: self.cost,
            duration,
            first_token: self.answered_after.filter(|_| self.attempts > 0 && self.error_code.is_none()),
            overhead: self.answered_after.map(|after| after.saturating_sub(self.waited)),
        });
    }
}
