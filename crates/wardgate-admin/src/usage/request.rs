//! `GET /usage/requests/{requestId}`: the attempts of one request, in their order.

use super::UsageEventBody;
use crate::context::Context;
use crate::error::ApiError;
use crate::path::PathId;
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::api_key::Role;
use wardgate_core::id::RequestId;
use wardgate_core::usage::{Completion, UsageEvent};

const PATH: &str = "/usage/requests";

/// One request of a client.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RequestUsage")]
struct RequestBody {
    uri: String,
    #[schemars(with = "schema::Id<RequestId>")]
    request_id: RequestId,
    attempts: Vec<AttemptBody>,
}

/// One attempt at a provider.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RequestAttempt")]
struct AttemptBody {
    event: UsageEventBody,
    /// Whether the client's answer, or the beginning of one, came from it.
    served: bool,
    /// How it ended.
    completion: &'static str,
    /// From the request's arrival to the attempt's end, in milliseconds. Null: not known.
    request_duration_ms: Option<u64>,
    /// From the attempt's start to its end.
    upstream_duration_ms: Option<u64>,
    /// From the attempt's start to the first content. Null: there was none, or it was not a stream.
    time_to_first_token_ms: Option<u64>,
}

pub(super) fn route() -> Route {
    Route::get(format!("{PATH}/{{requestId}}"), Access::Account(Role::Viewer), handle)
        .path_id::<RequestId>()
        .named("getRequestUsage", "Usage", "Shows the attempts of one request, in their order.")
        .answers::<RequestBody>(200)
}

async fn handle(context: Context, PathId(id): PathId<RequestId>) -> Result<Json<RequestBody>, ApiError> {
    let events = context.tenant()?.request_usage(id).await?;
    if events.is_empty() {
        return Err(ApiError::not_found("request"));
    }
    let attempts = events.into_iter().map(|event| attempt(id, event)).collect();
    Ok(Json(RequestBody { uri: context.app.item_uri(PATH, id), request_id: id, attempts }))
}

fn attempt(id: RequestId, event: UsageEvent) -> AttemptBody {
    let is_answered = matches!(event.completion, Completion::Succeeded | Completion::StreamFailed | Completion::ClientClosed);
    AttemptBody {
        served: event.is_final && is_answered && event.first_token_us.is_some() || event.completion == Completion::Succeeded,
        completion: event.completion.name(),
        // A request's id says when it came.
        request_duration_ms: u64::try_from(event.event_time.since(id.made_at()).as_millis()).ok(),
        upstream_duration_ms: Some(event.duration_us / 1_000),
        time_to_first_token_ms: event.first_token_us.filter(|_| event.is_streaming).map(|micros| micros / 1_000),
        event: event.into(),
    }
}
