//! `GET /usage/overview`: sums by day, and by provider, access key, team or model.

use super::list::{END_TIME, START_TIME};
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{Param, Parameters};
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use wardgate_core::api_key::Role;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::StoreError;
use wardgate_store::usage::{GroupBy, OverviewBucket, OverviewQuery};

const PATH: &str = "/usage/overview";

const GROUPS: [(&str, GroupBy); 4] =
    [("provider", GroupBy::Provider), ("accessKey", GroupBy::AccessKey), ("team", GroupBy::Team), ("model", GroupBy::Model)];

static GROUP_BY: Param = Param::optional(
    "groupBy",
    "What is summed up, beside the day.",
    || json!({"type": "string", "enum": GROUPS.map(|(name, _)| name), "default": "provider"}),
);

/// Sums of usage.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UsageOverview")]
struct OverviewBody {
    uri: String,
    /// By day and then group, both ascending.
    buckets: Vec<BucketBody>,
    totals: Sums,
}

/// The sums of one day and group.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UsageBucket")]
struct BucketBody {
    /// The start of the day, in UTC.
    #[schemars(with = "schema::Time")]
    bucket_start: Timestamp,
    /// The id of the provider, access key or team, or `provider:model`.
    group_key: String,
    #[serde(flatten)]
    sums: Sums,
}

/// Sums: cost and tokens of all attempts, requests and errors by their final attempts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UsageSums")]
struct Sums {
    /// In dollars, of all attempts whose cost is known.
    #[schemars(with = "schema::Dollars")]
    cost: String,
    requests: u64,
    errors: u64,
    input_tokens: u64,
    output_tokens: u64,
}

pub(super) fn route() -> Route {
    Route::get(PATH, Access::Account(Role::Viewer), handle)
        .named("getUsageOverview", "Usage", "Sums usage up by day, and by provider, access key, team or model.")
        .parameters([&START_TIME, &END_TIME, &GROUP_BY])
        .answers::<OverviewBody>(200)
}

async fn handle(context: Context, mut parameters: Parameters) -> Result<Json<OverviewBody>, ApiError> {
    let start = parameters.time(&START_TIME)?;
    let query = OverviewQuery {
        start: start.unwrap_or_else(|| context.now()),
        end: parameters.time(&END_TIME)?.unwrap_or_else(|| context.now()),
        group_by: parameters.word(&GROUP_BY, &GROUPS)?.unwrap_or(GroupBy::Provider),
    };
    parameters.finish()?;
    let buckets = context.tenant()?.usage_overview(&query).await.map_err(|error| match error {
        StoreError::Full { max, .. } => {
            let msg = format!("The overview would have more than {max} buckets. Ask for a shorter time.");
            ApiError::new(StatusCode::BAD_REQUEST, "too_many_buckets", msg)
        }
        error => error.into(),
    })?;
    let sum = |of: fn(&OverviewBucket) -> u64| buckets.iter().map(of).sum();
    let totals = Sums {
        cost: buckets.iter().map(|bucket| bucket.cost).sum::<NanoUsd>().to_usd_5(),
        requests: sum(|bucket| bucket.requests),
        errors: sum(|bucket| bucket.errors),
        input_tokens: sum(|bucket| bucket.input_tokens),
        output_tokens: sum(|bucket| bucket.output_tokens),
    };
    let buckets = buckets.into_iter().map(BucketBody::from).collect();
    Ok(Json(OverviewBody { uri: context.app.uri(PATH), buckets, totals }))
}

impl From<OverviewBucket> for BucketBody {
    fn from(bucket: OverviewBucket) -> Self {
        let sums = Sums {
            cost: bucket.cost.to_usd_5(),
            requests: bucket.requests,
            errors: bucket.errors,
            input_tokens: bucket.input_tokens,
            output_tokens: bucket.output_tokens,
        };
        Self { bucket_start: bucket.day, group_key: bucket.group, sums }
    }
}
