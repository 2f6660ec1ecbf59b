//! Going on with an answer that its provider interrupted: the same call again, with what was said so far behind it.
//!
//! It is one attempt still: whoever began the answer ends it, with the same credential, and what all its calls used is its usage.

use crate::deps::Deps;
use crate::meter::Meter;
use crate::passage::{Passage, Whole};
use crate::phase::aside::here;
use crate::phase::exchange::{Answer, Failed, read, too_late, unusable};
use bytes::Bytes;
use http::header::HeaderMap;
use http::{Method, Response, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::secret::Secret;
use wardgate_limits::memory::Reservation;
use wardgate_model::{AuthScheme, Origin};
use wardgate_upstream::{AnswerBody, Call, SlicedBody, auth};
use wardgate_wire::edit::Slices;
use wardgate_wire::transcode::pause;

/// What it takes to make a call once more.
pub(crate) struct Resumption {
    url: Uri,
    origin: Origin,
    /// Without the credential, which may depend on the body.
    headers: HeaderMap,
    scheme: AuthScheme,
    credential: Option<Secret>,
    /// What was sent.
    sent: Slices,
    /// How long the provider may take to answer.
    timeout: Duration,
    /// The memory of what was sent, for as long as it may be sent again.
    _memory: Reservation,
}

impl Resumption {
    /// Of a call that is about to be made with this body.
    pub(crate) fn of(
        deps: &Deps,
        call: &Call,
        sent: Slices,
        scheme: AuthScheme,
        credential: Option<&Secret>,
        timeout: Duration,
    ) -> Result<Self, Failed> {
        let memory = reserve(deps, length(&sent))?;
        let (url, headers) = (call.url.clone(), call.headers.clone());
        let credential = credential.cloned();
        Ok(Self { url, origin: call.origin, headers, scheme, credential, sent, timeout, _memory: memory })
    }

    /// The rest of a stream, behind this content.
    pub(crate) async fn stream(self: Arc<Self>, deps: Arc<Deps>, content: String) -> Result<AnswerBody, Fault> {
        match self.send(&deps, &content).await {
            Ok(response) => Ok(response.into_body()),
            Err(failed) => Err(failed.fault),
        }
    }

    /// Asks the provider to go on behind this content. Answers with the beginning of the rest.
    pub(crate) async fn send(&self, deps: &Deps, content: &str) -> Result<Response<AnswerBody>, Failed> {
        let by = Instant::now() + self.timeout;
        // What was sent stands there in one piece for a moment, and once more with what follows.
        let sent = length(&self.sent);
        let _memory = reserve(deps, 2 * sent + content.len())?;
        let body = here(sent + content.len(), || pause::request(&self.sent.concat(), content))
            .ok_or_else(|| Fault::ours(FaultClass::Unreadable, "the request that is to be gone on with cannot be read"))?;
        let body = SlicedBody::new(vec![Bytes::from(body)]);
        let (url, headers) = (self.url.clone(), self.headers.clone());
        let mut call = Call { method: Method::POST, url, origin: self.origin, headers, body };
        if let Some(credential) = &self.credential {
            let authorized = deps.upstream.authorize(&mut call, self.scheme, credential, &*deps.clock);
            timeout_at(by, authorized)
                .await
                .map_err(|_| too_late("get its access token"))?
                .map_err(|error| unusable(&error))?;
        }
        let response = timeout_at(by, deps.upstream.send(call)).await.map_err(|_| too_late("go on with its answer"))?;
        let response = response.map_err(|error| Fault::new(FaultClass::Network, error.to_string()))?;
        if !response.status().is_success() {
            let told = self.credential.as_ref().map(auth::told);
            return Err(read::refused(deps, response, by, told.as_deref()).await);
        }
        read::compressed(&response).map_or(Ok(response), Err)
    }
}

fn length(slices: &Slices) -> usize {
    slices.iter().map(Bytes::len).sum()
}

fn reserve(deps: &Deps, bytes: usize) -> Result<Reservation, Failed> {
    let mut memory = deps.memory.open();
    if memory.grow(bytes) { Ok(memory) } else { Err(read::out_of_memory()) }
}

/// Reads a whole answer, and the rest of it as often as the provider interrupts it. All of it is one answer to the client; nothing
/// has reached it before, so a failure in between leads to the next candidate.
pub(crate) async fn whole(
    deps: &Deps,
    response: Response<AnswerBody>,
    passage: &Passage,
    resumption: &Resumption,
    first_by: Instant,
    credential: Option<&str>,
    meter: &mut Meter,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let mut read_by = first_by;
    let mut incoming = response.into_body();
    let mut content = String::new();
    let mut earlier = None;
    let mut rounds = pause::CONTINUED_MAX;
    let (body, memory) = loop {
        let reading = read::all(deps, status, Bytes::new(), incoming);
        let (body, mut memory) = timeout_at(read_by, reading).await.map_err(|_| too_late("complete its answer"))??;
        let paused = here(body.len(), || pause::of(&body, &content));
        let Some(paused) = paused.filter(|_| rounds > 0) else { break (body, memory) };
        rounds -= 1;
        meter.part(paused.usage, paused.content_bytes);
        earlier = Some(paused.usage.unwrap_or_default().plus(earlier.unwrap_or_default()));
        content = paused.content;
        if !memory.grow(content.len()) {
            return Err(read::out_of_memory());
        }
        read_by = Instant::now() + resumption.timeout;
        incoming = resumption.send(deps, &content).await?.into_body();
    };
    let content_bytes = body.len() as u64;
    // What is no answer is read as it is, and found to be none.
    let body = match content.is_empty() {
        true => body,
        false => pause::whole(&body, &content).map_or(body, Bytes::from),
    };
    let Whole { body, facts, warnings } =
        here(body.len(), || passage.whole(body, earlier, credential)).map_err(|fault| Failed::answered(status, fault))?;
    Ok(Answer::Whole { body, content_bytes, content_type: None, facts, warnings, memory })
}
