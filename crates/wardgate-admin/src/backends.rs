//! `GET /health` and `POST /health/reset`: how those who are asked have done lately, and forgetting it.

use crate::body::{JsonObject, Optional, Problems, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::page::Parameters;
use crate::resource::list::envelope;
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;
use wardgate_core::api_key::Role;
use wardgate_core::health::Measure;
use wardgate_core::id::{ManagedKeyId, ProviderKeyId};
use wardgate_health::{Entry, Owner};

const PATH: &str = "/health";
const ENVELOPE: &str = "backends";
const TAG: &str = "Gateway";

pub(crate) fn routes() -> Vec<Route> {
    let list =
        "Lists how models of providers have done lately in this process. Operator keys without an account see everything.";
    let reset = "Forgets how models of providers have done: cool-downs end and circuits close, in this process.";
    vec![
        Route::get(PATH, Access::Anywhere(Role::Viewer), handle_list)
            .named("listBackendHealth", TAG, list)
            .answers_page::<BackendBody>(ENVELOPE),
        Route::post(format!("{PATH}/reset"), Access::Anywhere(Role::Editor), handle_reset)
            .named("resetBackendHealth", TAG, reset)
            .body::<HealthReset>()
            .answers::<ResetBody>(200),
    ]
}

/// How a model of a provider has done lately with one credential.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BackendHealth")]
struct BackendBody {
    provider: String,
    /// The model in the provider's spelling; `*` for all that neither the catalog nor the provider's declaration holds.
    model: String,
    /// The account's own key. Null: the provider works without, or it is the operator's key.
    #[schemars(with = "Option<schema::Id<ProviderKeyId>>")]
    provider_key_id: Option<ProviderKeyId>,
    /// The operator's key. Null: it is the account's own.
    #[schemars(with = "Option<schema::Id<ManagedKeyId>>")]
    managed_key_id: Option<ManagedKeyId>,
    /// `well`, `ill` (it fails too often) or `out` (it is asked when nobody else is left).
    class: &'static str,
    /// For how many milliseconds it is out yet. Null: it is not.
    out_for_ms: Option<u64>,
    /// The share of its latest answers that failed, 0 to 1.
    failure_share: f32,
    /// To the first token, on average. Null: not known.
    first_token_ms: Option<u64>,
    /// Written in a second, on average. Null: not known.
    tokens_per_second: Option<f64>,
}

body! {
    /// What is to be forgotten.
    HealthReset {
        /// Only of this provider; without it, everything.
        provider: Option<String> = Optional(Text::max(255)),
    }
    example {"provider": "openai"}
}

/// What was forgotten.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HealthResetResult")]
struct ResetBody {
    /// How many records that were.
    forgotten: usize,
}

fn since_epoch(context: &Context) -> Duration {
    Duration::from_micros(u64::try_from(context.now().unix_micros()).unwrap_or(0))
}

async fn handle_list(context: Context, parameters: Parameters) -> Result<impl IntoResponse, ApiError> {
    parameters.finish()?;
    let entries = context.app.deps.health.entries(context.caller.account_id, since_epoch(&context));
    let shown: Vec<_> = entries.into_iter().map(BackendBody::from).collect();
    envelope(ENVELOPE, &shown, context.app.uri(PATH), None)
}

async fn handle_reset(context: Context, body: JsonObject) -> Result<Json<ResetBody>, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<HealthReset>(&mut problems);
    let wanted = problems.settle(read)?;
    let forgotten = context.app.deps.health.reset(context.caller.account_id, wanted.provider.as_deref());
    Ok(Json(ResetBody { forgotten }))
}

impl From<Entry> for BackendBody {
    fn from(Entry { key, standing }: Entry) -> Self {
        let (provider_key_id, managed_key_id) = match key.owner {
            Owner::Account(_, id) => (id, None),
            Owner::Operator(id) => (None, Some(id)),
        };
        let mean = |measure: Option<Measure>| measure.map(|measure| measure.mean);
        Self {
            provider: key.provider.to_string(),
            model: key.model.to_string(),
            provider_key_id,
            managed_key_id,
            class: standing.class.name(),
            out_for_ms: standing.out_for.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            failure_share: standing.failure_share,
            first_token_ms: mean(standing.first_token_seconds).map(|seconds| (seconds * 1_000.0).round() as u64),
            tokens_per_second: mean(standing.tokens_per_second),
        }
    }
}
