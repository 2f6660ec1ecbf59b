//! `POST /explain`: how a request of an access key would be routed, and why. Nothing is sent to a provider.

use crate::body::{JsonObject, OneOf, Optional, Problems, Raw, Required, body};
use crate::context::Context;
use crate::deps::NotExplained;
use crate::error::ApiError;
use crate::route::{Access, Route};
use crate::schema;
use crate::values;
use axum::Json;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use wardgate_core::access_key::AccessKey;
use wardgate_core::api_key::Role;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, ProviderKeyId};
use wardgate_policy::explanation::Considered;
use wardgate_policy::{Dropped, Explanation, Refusal};
use wardgate_store::Collection;

pub(crate) fn routes() -> Vec<Route> {
    let summary = "Tells how a request of an access key would be routed, and why. Nothing is sent to a provider.";
    vec![
        Route::post("/explain", Access::Account(Role::Viewer), handle)
            .named("explainRoute", "Gateway", summary)
            .body::<ExplainRequest>()
            .answers::<ExplanationBody>(200),
    ]
}

/// Where a request can be sent, with the model in its body.
fn surface() -> OneOf<Surface> {
    let surfaces = [Surface::ChatCompletions, Surface::Messages, Surface::Responses, Surface::Completions, Surface::Embeddings];
    OneOf::new(surfaces.map(|surface| (surface.name(), surface)), "unknown_surface")
}

body! {
    /// What is to be explained.
    ExplainRequest {
        /// The access key that the request would come with. It may be disabled.
        access_key_id: AccessKeyId = Required(values::id::<AccessKeyId>("unknown_access_key")),
        /// Where it would be sent; without it, to chat completions.
        surface: Option<Surface> = Optional(surface()),
        /// The request itself, as it would be sent.
        request: Map<String, Value> = Required(Raw),
    }
    example {"accessKeyId": "aigk_0000000000000000000000", "request": {"model": "gpt-4o", "messages": []}}
}

/// How a request would be routed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RouteExplanation")]
struct ExplanationBody {
    /// Where the request would be sent.
    surface: &'static str,
    /// It all in one sentence.
    summary: String,
    /// What would be tried, in order.
    candidates: Vec<CandidateBody>,
    /// What the candidates are ordered by beside the client's own order.
    ordered_by: Vec<String>,
    /// What was left out.
    dropped: Vec<DroppedBody>,
    /// What the client would be told. Null: there is something to try.
    refusal: Option<RefusalBody>,
}

/// One thing that would be tried.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RouteCandidate")]
struct CandidateBody {
    /// The model string that led to it.
    asked: String,
    /// The virtual model that was asked for. Null: none.
    virtual_model: Option<String>,
    provider: String,
    /// The model in the provider's spelling.
    model: String,
    /// With what: `user`, `managed` or `none`.
    credential: &'static str,
    /// The account's own provider key. Null: it is none of these.
    #[schemars(with = "Option<schema::Id<ProviderKeyId>>")]
    provider_key_id: Option<ProviderKeyId>,
    /// Dollars for a million tokens of input. Null: not known.
    input_price: Option<String>,
    /// Dollars for a million tokens of output. Null: not known.
    output_price: Option<String>,
    /// How it has done lately: `well`, `ill` or `out`.
    health: &'static str,
    /// For how many milliseconds it is out yet. Null: it is not.
    out_for_ms: Option<u64>,
}

/// Something that was left out.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RouteDropped")]
struct DroppedBody {
    /// The model string that led to it.
    asked: String,
    /// The virtual model that was asked for. Null: none.
    virtual_model: Option<String>,
    /// Null: the model string names nothing.
    provider: Option<String>,
    /// The model in the provider's spelling. Null: the model string names nothing.
    model: Option<String>,
    /// The filter that left it out.
    filter: &'static str,
    /// Why, for people.
    why: String,
}

/// What a client would be told.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RouteRefusal")]
struct RefusalBody {
    status: u16,
    code: &'static str,
    message: String,
}

async fn handle(context: Context, body: JsonObject) -> Result<Json<ExplanationBody>, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<ExplainRequest>(&mut problems);
    let wanted = problems.settle(read)?;
    let key = Collection::<AccessKey>::get(&*context.tenant()?, wanted.access_key_id).await?;
    let key = key.ok_or_else(|| ApiError::bad_request("unknown_access_key", "There is no access key with this id."))?;
    let surface = wanted.surface.unwrap_or(Surface::ChatCompletions);
    let request = Value::Object(wanted.request).to_string().into_bytes();
    match context.app.deps.explainer.explain(key, surface, request).await {
        Ok(explanation) => Ok(Json(explanation.into())),
        Err(NotExplained { status, code, message }) => {
            Err(ApiError::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), code, message))
        }
    }
}

impl From<Explanation> for ExplanationBody {
    fn from(explanation: Explanation) -> Self {
        Self {
            surface: explanation.surface.name(),
            summary: explanation.summary(),
            candidates: explanation.candidates.into_iter().map(CandidateBody::from).collect(),
            ordered_by: explanation.ordered_by,
            dropped: explanation.dropped.into_iter().map(DroppedBody::from).collect(),
            refusal: explanation.refusal.map(|Refusal { status, code, message }| RefusalBody { status, code, message }),
        }
    }
}

impl From<Considered> for CandidateBody {
    fn from(candidate: Considered) -> Self {
        Self {
            asked: candidate.asked,
            virtual_model: candidate.virtual_model.map(|name| name.to_string()),
            provider: candidate.provider.to_string(),
            model: candidate.model.to_string(),
            credential: candidate.credential.kind(),
            provider_key_id: candidate.credential.user(),
            input_price: candidate.rates.map(|rates| rates.input.to_usd_per_million()),
            output_price: candidate.rates.map(|rates| rates.output.to_usd_per_million()),
            health: candidate.standing.class.name(),
            out_for_ms: candidate.standing.out_for.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

impl From<Dropped> for DroppedBody {
    fn from(dropped: Dropped) -> Self {
        let (provider, model) = dropped.target.unzip();
        Self {
            asked: dropped.model,
            virtual_model: dropped.virtual_model.map(|name| name.to_string()),
            provider: provider.map(|name| name.to_string()),
            model: model.map(|name| name.to_string()),
            filter: dropped.why.filter().name(),
            why: dropped.why.to_string(),
        }
    }
}
