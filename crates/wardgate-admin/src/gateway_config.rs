//! `/gateway-config`: what an account sets for all its requests. There is always one; it is only read and changed.

use crate::body::{Change, Integer, JsonObject, Kept, Nullable, Problems, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::etag;
use crate::resource::answer;
use crate::route::{Access, Route};
use crate::schema;
use crate::values::{
    self,
    duration::{self, GoDuration},
};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;
use wardgate_core::api_key::Role;
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::id::AccountId;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::stamp::{Stamp, Version};
use wardgate_store::StoreError;

const PATH: &str = "/gateway-config";
const TAG: &str = "Gateway config";

/// Shorter is a mistake of units, and longer than any client waits.
const TIMEOUT: GoDuration = GoDuration { min: Duration::from_secs(1), max: Duration::from_secs(3_600) };

/// More tokens than any model takes.
const TOKENS: Integer = Integer { min: 1, max: 1_000_000_000 };

const METADATA: Text = Text::max(4_096).too_long("ERR_NGROK_27005");

/// How often a change is made anew because someone else made one in between.
const TRIES_MAX: usize = 5;

body! {
    /// What changes the settings of an account.
    GatewayConfigUpdate {
        /// The time until the first content, all attempts and waits together; from 1s to 1h.
        total_timeout: Option<Duration> = Kept(TIMEOUT),
        /// The time until the first content of one attempt; from 1s to 1h.
        per_request_timeout: Option<Duration> = Kept(TIMEOUT),
        /// The most input tokens of a request, as estimated. Null: no cap.
        max_input_tokens: Change<u64> = Nullable(TOKENS),
        /// The most output tokens that a request may ask for. Null: no cap.
        max_output_tokens: Change<u64> = Nullable(TOKENS),
        /// What a million tokens of a model cost, in dollars, whose price nobody knows. Null: where a budget or credits must
        /// hold, such a model is refused.
        unknown_price: Change<PicoUsdPerToken> = Nullable(values::price()),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
    }
    example {"totalTimeout": "2m", "maxOutputTokens": 8192}
}

/// The settings as the API shows them.
#[derive(Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GatewayConfig")]
struct GatewayConfigBody {
    #[schemars(with = "schema::Id<AccountId>")]
    account_id: AccountId,
    uri: String,
    #[schemars(with = "schema::GoDuration")]
    total_timeout: String,
    #[schemars(with = "schema::GoDuration")]
    per_request_timeout: String,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    unknown_price: Option<String>,
    metadata: Option<String>,
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Access::Account(Role::Viewer), get)
            .named("getGatewayConfig", TAG, "Shows the settings of an account.")
            .answers::<GatewayConfigBody>(200)
            .versioned(),
        Route::patch(PATH, Access::Account(Role::Editor), update)
            .named("updateGatewayConfig", TAG, "Changes the settings of an account: what is left out stays, null clears.")
            .body::<GatewayConfigUpdate>()
            .answers::<GatewayConfigBody>(200)
            .versioned(),
    ]
}

async fn get(context: Context) -> Result<Response, ApiError> {
    let config = read(&context).await?;
    let version = version(&config);
    if context.preconditions.has(version) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag::value(version))]).into_response());
    }
    Ok(answer(StatusCode::OK, version, &show(&context, &config)))
}

async fn update(context: Context, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let wanted = body.read::<GatewayConfigUpdate>(&mut problems);
    let wanted = problems.settle(wanted)?;
    for _ in 0..TRIES_MAX {
        let mut config = read(&context).await?;
        context.preconditions.check(version(&config))?;
        let before = show(&context, &config);
        config.total_timeout = wanted.total_timeout.unwrap_or(config.total_timeout);
        config.per_request_timeout = wanted.per_request_timeout.unwrap_or(config.per_request_timeout);
        wanted.max_input_tokens.apply_to(&mut config.input_tokens_max);
        wanted.max_output_tokens.apply_to(&mut config.output_tokens_max);
        wanted.unknown_price.apply_to(&mut config.unknown_price);
        wanted.metadata.apply_to(&mut config.metadata);
        let after = show(&context, &config);
        if before == after {
            return Ok(answer(StatusCode::OK, version(&config), &after));
        }
        let next = |stamp: &Stamp| stamp.next(context.now(), &context.caller.actor);
        config.stamp = Some(config.stamp.as_ref().map_or_else(|| context.first_stamp(), next));
        let owner = context.caller.account_id;
        let audit = context.audit(owner, "gateway_config.update", config.account_id, Some(&before), Some(&after));
        match context.tenant()?.put_gateway_config(&config, &audit).await {
            Ok(()) => return Ok(answer(StatusCode::OK, version(&config), &after)),
            Err(StoreError::Changed { .. }) if context.preconditions.names_a_version() => return Err(etag::changed()),
            Err(StoreError::Changed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Changed { what: "the settings".to_owned() }.into())
}

async fn read(context: &Context) -> Result<GatewayConfig, ApiError> {
    context.tenant()?.gateway_config().await?.ok_or_else(|| ApiError::not_found("account"))
}

/// Settings that were never written are of the version before the first.
fn version(config: &GatewayConfig) -> Version {
    config.stamp.as_ref().map_or(Version::FIRST.previous(), |stamp| stamp.version)
}

fn show(context: &Context, config: &GatewayConfig) -> GatewayConfigBody {
    GatewayConfigBody {
        account_id: config.account_id,
        uri: context.app.uri(PATH),
        total_timeout: duration::write(config.total_timeout),
        per_request_timeout: duration::write(config.per_request_timeout),
        max_input_tokens: config.input_tokens_max,
        max_output_tokens: config.output_tokens_max,
        unknown_price: config.unknown_price.map(PicoUsdPerToken::to_usd_per_million),
        metadata: config.metadata.clone(),
    }
}
