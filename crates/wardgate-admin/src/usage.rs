//! The ledger as the API shows it.

pub(crate) mod cursor;
pub(crate) mod list;
mod overview;
mod request;

use crate::route::Route;
use crate::schema;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::id::{AccessKeyId, ProviderKeyId, RequestId, TeamId, UsageEventId};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, UsageEvent, UsageSource};

pub(crate) fn routes() -> Vec<Route> {
    vec![list::route(), overview::route(), request::route()]
}

pub(crate) const PATH: &str = "/usage";

/// One attempt at a provider. Numbers that were estimated stand in fields of their own, and those that the provider reports
/// are then zero. The parts of a cost are absent: only its sum is kept.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UsageEvent")]
pub(crate) struct UsageEventBody {
    #[schemars(with = "schema::Id<UsageEventId>")]
    id: UsageEventId,
    #[schemars(with = "schema::Time")]
    event_time: Timestamp,
    #[schemars(with = "schema::Id<RequestId>")]
    request_id: RequestId,
    #[schemars(with = "schema::Id<AccessKeyId>")]
    access_key_id: AccessKeyId,
    #[schemars(with = "schema::Id<TeamId>")]
    team_id: TeamId,
    provider: String,
    provider_display_name: String,
    model: String,
    model_display_name: String,
    /// The name that stood for a list of models, where the client asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_model: Option<String>,
    attempt_number: u32,
    is_final_attempt: bool,
    status_code: u16,
    timed_out: bool,
    is_error: bool,
    is_streaming: bool,
    stop_reason: String,
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    reasoning_tokens: u64,
    cache_write_tokens: u64,
    #[serde(rename = "cacheWrite5mTokens")]
    cache_write_5m_tokens: u64,
    #[serde(rename = "cacheWrite1hTokens")]
    cache_write_1h_tokens: u64,
    input_tokens_estimate: u64,
    output_tokens_estimate: u64,
    usage_estimated: bool,
    /// Dollars; zero where the price is not known, which `costUnknown` says.
    total_cost: String,
    cost_unknown: bool,
    /// Whose credential it was: `user` for one of the account's own or none, `ngrok` for a managed one.
    key_source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Id<ProviderKeyId>>")]
    provider_key_id: Option<ProviderKeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_key_display_name: Option<String>,
    completion: &'static str,
    duration_ms: u64,
    time_to_first_token_ms: Option<u64>,
}

impl From<UsageEvent> for UsageEventBody {
    fn from(event: UsageEvent) -> Self {
        let timed_out = event.completion == Completion::TimedOut;
        let failed = matches!(event.completion, Completion::Failed | Completion::StreamFailed);
        let estimated = event.usage_source == UsageSource::Estimated;
        let usage = event.usage;
        let (reported, estimate) = if estimated { (Default::default(), usage) } else { (usage, Default::default()) };
        Self {
            id: event.id,
            event_time: event.event_time,
            request_id: event.request_id,
            access_key_id: event.access_key_id,
            provider: event.provider.to_string(),
            provider_display_name: event.provider.to_string(),
            model: event.model.to_string(),
            model_display_name: event.model.to_string(),
            attempt_number: event.attempt_number,
            is_final_attempt: event.is_final,
            status_code: event.status_code,
            timed_out,
            is_error: timed_out || failed || event.status_code >= 400,
            is_streaming: event.is_streaming,
            stop_reason: event.stop_reason.unwrap_or_default(),
            input_tokens: reported.input(),
            output_tokens: reported.output,
            cache_read_tokens: reported.cache_read,
            reasoning_tokens: reported.reasoning,
            cache_write_tokens: reported.cache_write(),
            cache_write_5m_tokens: reported.cache_write_5m,
            cache_write_1h_tokens: reported.cache_write_1h,
            input_tokens_estimate: estimate.input(),
            output_tokens_estimate: estimate.output,
            usage_estimated: estimated,
            total_cost: event.cost.unwrap_or_default().to_usd_5(),
            cost_unknown: event.cost.is_none(),
            key_source: if event.managed_key_id.is_some() { "ngrok" } else { "user" },
            team_id: event.team_id,
            virtual_model: event.virtual_model.map(|name| name.to_string()),
            provider_key_id: event.provider_key_id,
            // What the operator's credentials look like is the operator's business.
            provider_key_display_name: event.provider_key_redacted.filter(|_| event.managed_key_id.is_none()),
            completion: event.completion.name(),
            duration_ms: event.duration_us / 1_000,
            time_to_first_token_ms: event.first_token_us.map(|micros| micros / 1_000),
        }
    }
}
