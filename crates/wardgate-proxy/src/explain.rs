//! `POST /v1/route/explain`: how a request would be routed, and why. Nothing is sent to a provider.
//!
//! The body is the request as it would be sent, and `surface` beside it says where; without it, to `/v1/chat/completions`. The
//! management API asks the same of [`Explainer`], for a key that it names.

use crate::body::ReplyBody;
use crate::cache::KnownKey;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::health::Watched;
use crate::phase::ask::{self, Ask};
use crate::phase::collect;
use crate::phase::configure::{Caller, configure};
use crate::phase::ingress::Inbound;
use crate::phase::select::{self, Planned};
use crate::phase::wishes::Manner;
use crate::request_log::RequestLog;
use crate::respond;
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::format::Surface;
use wardgate_policy::explanation::Considered;
use wardgate_policy::{Dropped, Explanation, Refusal};
use wardgate_wire::peek::PeekError;

/// Answers a client that asks for itself.
pub(crate) async fn tell(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    log: &mut RequestLog,
) -> Result<Response<ReplyBody>, Failure> {
    let (body, memory) = collect::whole(deps, caller, inbound, log).await?;
    let surface = surface_of(&body)?;
    let ask = ask::of(body, surface, memory)?;
    let mut response = Response::new(ReplyBody::whole(shown(&explained(deps, caller, &ask, Manner::of(inbound))?).to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Explains for others than the data plane's own clients.
pub struct Explainer(Arc<Deps>);

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExplainError {
    /// The HTTP status that a client of the data plane would get.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// The text for people.
    pub message: String,
}

impl Explainer {
    /// With the data plane's collaborators.
    #[must_use]
    pub const fn new(deps: Arc<Deps>) -> Self {
        Self(deps)
    }

    /// How a request of this key would be routed. The key's own state is not looked at: a key may be explained before it is
    /// enabled.
    ///
    /// # Errors
    /// When the request cannot be read, or the account or the key's configuration cannot be had.
    pub async fn explain(&self, key: AccessKey, surface: Surface, body: Bytes) -> Result<Explanation, ExplainError> {
        self.try_explain(key, surface, body).await.map_err(|failure| {
            let Refusal { status, code, message } = respond::refusal(&failure);
            ExplainError { status, code, message }
        })
    }

    async fn try_explain(&self, key: AccessKey, surface: Surface, body: Bytes) -> Result<Explanation, Failure> {
        let caller = configure(&self.0, Arc::new(KnownKey::new(key))).await?;
        let mut memory = self.0.memory.open();
        if !memory.grow(body.len()) {
            return Err(Failure::Busy("memory for request bodies"));
        }
        explained(&self.0, &caller, &ask::of(body, surface, memory)?, Manner::default())
    }
}

/// Plans a request, and tells all of it.
fn explained(deps: &Deps, caller: &Caller, ask: &Ask, manner: Manner<'_>) -> Result<Explanation, Failure> {
    let now = deps.clock.now();
    let watched = Watched::new(deps, caller.tenant.account_id, now);
    Ok(explanation(ask.surface, &select::plan(deps, caller, ask, manner, true, now)?, &watched))
}

/// Tells a plan, or that there is none.
pub(crate) fn explanation(surface: Surface, planned: &Planned, watched: &Watched<'_>) -> Explanation {
    match planned {
        Ok(plan) => Explanation::of(surface, plan, Some(watched)),
        Err(dropped) => {
            let refusal = respond::refusal(&Failure::NothingToTry(dropped.clone()));
            Explanation::of_refusal(surface, dropped.clone(), refusal)
        }
    }
}

/// Where the request would be sent.
fn surface_of(body: &[u8]) -> Result<Surface, Failure> {
    #[derive(Deserialize)]
    struct Wanted {
        #[serde(default)]
        surface: Option<String>,
    }
    let name = match serde_json::from_slice::<Wanted>(body) {
        Ok(Wanted { surface: Some(name) }) => name,
        // Whatever else is wrong is told by whoever reads all of it.
        Ok(Wanted { surface: None }) | Err(_) => return Ok(Surface::ChatCompletions),
    };
    Surface::from_name(&name)
        .filter(|surface| surface.format() != wardgate_core::format::Format::Gemini)
        .ok_or_else(|| Failure::BodyWrong(PeekError::SurfaceUnknown(name.chars().take(80).collect())))
}

/// The explanation as clients of the data plane read it. Which of the account's keys is meant is not theirs to know.
fn shown(explanation: &Explanation) -> Value {
    let Explanation { surface, candidates, ordered_by, dropped, refusal } = explanation;
    json!({
        "object": "route.explanation",
        "surface": surface.name(),
        "summary": explanation.summary(),
        "ordered_by": ordered_by,
        "candidates": candidates.iter().map(shown_candidate).collect::<Vec<_>>(),
        "dropped": dropped.iter().map(shown_dropped).collect::<Vec<_>>(),
        "refusal": refusal.as_ref().map(|Refusal { status, code, message }| {
            json!({ "status": status, "code": code, "message": message })
        }),
    })
}

fn shown_candidate(candidate: &Considered) -> Value {
    let Considered { asked, virtual_model, provider, model, credential, rates, standing } = candidate;
    json!({
        "asked": asked,
        "virtual_model": virtual_model.as_deref(),
        "provider": provider.as_str(),
        "model": &**model,
        "credential": credential.kind(),
        "price": rates.map(|rates| json!({
            "input": rates.input.to_usd_per_million(),
            "output": rates.output.to_usd_per_million(),
        })),
        "health": {
            "class": standing.class.name(),
            "out_for_ms": standing.out_for.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            "failure_share": standing.failure_share,
            "first_token_ms": standing.first_token_seconds.map(|measure| (measure.mean * 1_000.0).round()),
            "tokens_per_second": standing.tokens_per_second.map(|measure| measure.mean),
        },
    })
}

fn shown_dropped(dropped: &Dropped) -> Value {
    let Dropped { model, virtual_model, target, why, .. } = dropped;
    json!({
        "asked": model,
        "virtual_model": virtual_model.as_deref(),
        "provider": target.as_ref().map(|(provider, _)| provider.as_str()),
        "model": target.as_ref().map(|(_, model)| &**model),
        "filter": why.filter().name(),
        "why": why.to_string(),
    })
}
