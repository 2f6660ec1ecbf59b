//! Phase 9: one candidate, from its credential to its first content.
//!
//! The first content is the border. Until then events are held here and a fault leads to the next candidate; from then on the
//! answer belongs to the client. The type [`Exchange`] says that the border was crossed.

mod call;
pub(super) mod read;
mod their_id;

use crate::deps::Deps;
use crate::meter::Meter;
use crate::passage::Reader;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::fit::{Changes, Fitted};
use crate::phase::ingress::Inbound;
use crate::phase::resume::{self, Resumption};
use bytes::Bytes;
use http::Response;
use http::header::HeaderValue;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::secret::Secret;
use wardgate_limits::memory::Reservation;
use wardgate_policy::Candidate;
use wardgate_upstream::{AnswerBody, AuthError, Call, SendError, SendErrorKind, auth};
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
    /// How to go on with an answer that the provider interrupts.
    pub(crate) resumption: Option<Arc<Resumption>>,
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
    /// What it calls the request, for its support.
    pub(crate) their_id: Option<String>,
}

impl Failed {
    /// With what a provider answered with this status.
    pub(super) fn answered(status: u16, fault: Fault) -> Self {
        Self { status, ..fault.into() }
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self { fault, status: 0, retry_after: None, their_id: None }
    }
}

/// What Bedrock calls its streams.
const EVENT_FRAMES: &str = "application/vnd.amazon.eventstream";

/// An attempt among those of its request.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    /// When it began.
    pub(crate) started: Instant,
    /// When the request must be over.
    pub(crate) deadline: Instant,
    /// The same goes to the same one as with the first attempt.
    pub(crate) is_first_again: bool,
}

/// Tries one candidate.
pub(crate) async fn exchange(
    deps: &Deps,
    inbound: &Inbound,
    caller: &Caller,
    ask: &Ask,
    fitted: Fitted<'_>,
    turn: Turn,
    meter: &mut Meter,
) -> Result<Exchange, Failed> {
    let Fitted { candidate, body, mut changes, passage } = fitted;
    let timeout = caller.tenant.timeouts.map_or(deps.options.per_request_timeout, |own| own.per_request);
    let Turn { started, deadline, is_first_again } = turn;
    let first_event_by = deadline.min(started + timeout);
    let credential = unseal(caller, candidate)?;
    let sent = passage.may_pause().then(|| body.clone());
    let mut call = call::call(deps, inbound, ask, candidate, credential, body)?;
    let scheme = candidate.endpoint.auth;
    let resumption = sent.map(|sent| Resumption::of(deps, &call, sent, scheme, credential, timeout));
    let resumption = resumption.transpose()?.map(Arc::new);
    if is_first_again {
        call::add_idempotency_key(&inbound.headers, candidate, &mut call);
    }
    if let Some(credential) = credential {
        let authorized = deps.upstream.authorize(&mut call, candidate.endpoint.auth, credential, &*deps.clock);
        timeout_at(first_event_by, authorized)
            .await
            .map_err(|_| too_late("get its access token"))?
            .map_err(|error| unusable(&error))?;
    }
    let credential = credential.map(auth::told);
    let credential = credential.as_deref();
    let (response, first_event_by) = send(deps, inbound, call, first_event_by, timeout, deadline).await?;
    let response = response.map_err(|error| unsent(&error, candidate))?;
    meter.head(response.status().as_u16());
    if !response.status().is_success() {
        return Err(read::refused(deps, response, first_event_by, credential).await);
    }
    if let Some(failed) = read::compressed(&response) {
        return Err(failed);
    }
    let answer = if read::is_raw(ask, inbound, response.headers()) {
        read::raw(response, first_event_by).await?
    } else if ask.peek.is_stream && !ask.surface.format().is_unread() {
        read::stream(deps, response, &passage, candidate.endpoint.format, first_event_by, deadline, credential).await?
    } else {
        match &resumption {
            None => {
                let reading = pin!(read::whole(deps, response, &passage, credential));
                timeout_at(first_event_by, reading).await.map_err(|_| too_late("complete its answer"))??
            }
            Some(resumption) => {
                let reading = Box::pin(resume::whole(deps, response, &passage, resumption, first_event_by, credential, meter));
                timeout_at(deadline, reading).await.map_err(|_| too_late("complete its answer"))??
            }
        }
    };
    meter.first_token();
    if let Some(lost) = answer.lost() {
        changes.warnings.extend(lost);
    }
    Ok(Exchange { candidate: candidate.clone(), changes, answer, resumption })
}

/// Sends the call. As long as the client's form is on its way the provider has nothing to answer, and is not late. Returns with
/// the time by which it has to say something.
async fn send(
    deps: &Deps,
    inbound: &Inbound,
    call: Call,
    mut by: Instant,
    timeout: Duration,
    deadline: Instant,
) -> Result<(Result<Response<AnswerBody>, SendError>, Instant), Failed> {
    let Some(upload) = &inbound.upload else {
        let sending = pin!(deps.upstream.send(call));
        let sent = timeout_at(by, sending).await.map_err(|_| too_late("answer"))?;
        return Ok((sent, by));
    };
    let mut sending = Box::pin(deps.upstream.send(call));
    loop {
        if let Ok(sent) = timeout_at(by, &mut sending).await {
            return Ok((sent, by));
        }
        let later = upload.moved_at().map_or(by, |moved_at| deadline.min(moved_at + timeout));
        if later <= by {
            return Err(too_late("answer"));
        }
        by = later;
    }
}

pub(super) fn too_late(what: &str) -> Failed {
    Fault::new(FaultClass::Timeout, format!("the provider did not {what} in time")).into()
}

fn unseal<'c>(caller: &'c Caller, candidate: &Candidate) -> Result<Option<&'c Secret>, Failed> {
    caller.tenant.unseal(candidate.credential).map_err(|error| {
        tracing::error!(%error, credential = ?candidate.credential, "a provider key does not open");
        Fault::ours(FaultClass::CredentialRefused, "the gateway cannot open the provider key it holds").into()
    })
}

/// A credential that is not of the form that its provider needs, or that nobody gives a token for.
pub(super) fn unusable(error: &AuthError) -> Failed {
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
