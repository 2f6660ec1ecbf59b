//! `GET /usage/overview`: sums by day, and by provider, access key, team or model.

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{Param, Parameters, id_schema, time_schema};
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use wardgate_core::api_key::Role;
use wardgate_core::id::AccessKeyId;
use wardgate_core::time::Timestamp;
use wardgate_store::StoreError;
use wardgate_store::usage::{GroupBy, Interval, OverviewBucket, OverviewQuery, Sums};

const PATH: &str = "/usage/overview";

const GROUPS: [(&str, GroupBy); 5] = [
    ("provider", GroupBy::Provider),
    ("accessKey", GroupBy::AccessKey),
    ("team", GroupBy::Team),
    ("model", GroupBy::Model),
    ("none", GroupBy::Nothing),
];

const INTERVALS: [(&str, Interval); 3] = [("hour", Interval::Hour), ("day", Interval::Day), ("all", Interval::Whole)];

static GROUP_BY: Param = Param::optional(
    "groupBy",
    "What is summed up, beside the time.",
    || json!({"type": "string", "enum": GROUPS.map(|(name, _)| name), "default": "provider"}),
);
static INTERVAL: Param = Param::optional(
    "interval",
    "How long the time of a bucket is, in UTC; `all` makes one of all the time.",
    || json!({"type": "string", "enum": INTERVALS.map(|(name, _)| name), "default": "day"}),
);
static FROM_HOUR: Param = Param::required("startTime", "From the start of this hour.", time_schema);
static TO_HOUR: Param = Param::optional("endTime", "To the end of this hour; now, if it is left out.", time_schema);

static ACCESS_KEY_ID: Param = Param::optional("accessKeyId", "Only of this access key.", id_schema::<AccessKeyId>);

/// Sums of usage.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UsageOverview")]
struct OverviewBody {
    uri: String,
    /// The time that is told of, in full hours; its end is exclusive.
    #[schemars(with = "schema::Time")]
    start_time: Timestamp,
    #[schemars(with = "schema::Time")]
    end_time: Timestamp,
    /// By time and then group, both ascending.
    buckets: Vec<BucketBody>,
    totals: SumsBody,
}

/// The sums of one time and group.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UsageBucket")]
struct BucketBody {
    /// The start of the hour, of the day in UTC, or of all the time.
    #[schemars(with = "schema::Time")]
    bucket_start: Timestamp,
    /// The id of the provider, access key or team, or `provider:model`; empty where nothing is grouped by.
    group_key: String,
    #[serde(flatten)]
    sums: SumsBody,
}

/// Sums: cost and tokens of all attempts, requests and errors by their final attempts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UsageSums")]
struct SumsBody {
    /// In dollars, of all attempts whose cost is known.
    #[schemars(with = "schema::Dollars")]
    cost: String,
    requests: u64,
    errors: u64,
    attempts: u64,
    /// Attempts whose cost is not known, and so not in `cost`.
    cost_unknown: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// The parts of the input that were read from and written to caches, and the part of the output that was reasoning.
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    reasoning_tokens: u64,
}

pub(super) fn route() -> Route {
    Route::get(PATH, Access::Account(Role::Viewer), handle)
        .named("getUsageOverview", "Usage", "Sums usage up by day, and by provider, access key, team or model.")
        .parameters([&FROM_HOUR, &TO_HOUR, &GROUP_BY, &INTERVAL, &ACCESS_KEY_ID])
        .answers::<OverviewBody>(200)
}

async fn handle(context: Context, mut parameters: Parameters) -> Result<Json<OverviewBody>, ApiError> {
    let start = parameters.time(&FROM_HOUR)?;
    let query = OverviewQuery {
        start: start.unwrap_or_else(|| context.now()),
        end: parameters.time(&TO_HOUR)?.unwrap_or_else(|| context.now()),
        group_by: parameters.word(&GROUP_BY, &GROUPS)?.unwrap_or(GroupBy::Provider),
        interval: parameters.word(&INTERVAL, &INTERVALS)?.unwrap_or(Interval::Day),
        access_key_id: parameters.parse(&ACCESS_KEY_ID)?,
    };
    parameters.finish()?;
    let buckets = context.tenant()?.usage_overview(&query).await.map_err(|error| match error {
        StoreError::Full { max, .. } => {
            let msg =
                format!("The overview would have more than {max} buckets. Ask for a shorter time, or for longer intervals.");
            ApiError::new(StatusCode::BAD_REQUEST, "too_many_buckets", msg)
        }
        error => error.into(),
    })?;
    let mut totals = Sums::default();
    for bucket in &buckets {
        totals += bucket.sums;
    }
    let time = query.hours();
    Ok(Json(OverviewBody {
        uri: context.app.uri(PATH),
        start_time: time.start,
        end_time: time.end,
        buckets: buckets.into_iter().map(BucketBody::from).collect(),
        totals: totals.into(),
    }))
}

impl From<OverviewBucket> for BucketBody {
    fn from(bucket: OverviewBucket) -> Self {
        Self { bucket_start: bucket.start, group_key: bucket.group, sums: bucket.sums.into() }
    }
}

impl From<Sums> for SumsBody {
    fn from(sums: Sums) -> Self {
        Self {
            cost: sums.cost.to_usd_5(),
            requests: sums.requests,
            errors: sums.errors,
            attempts: sums.attempts,
            cost_unknown: sums.unpriced,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            cache_read_tokens: sums.cache_read_tokens,
            cache_write_tokens: sums.cache_write_tokens,
            reasoning_tokens: sums.reasoning_tokens,
        }
    }
}
