//! One JSON line per request, with its facts and nothing that was said in it.

use crate::record::RequestRecord;
use serde::Serialize;
use std::time::Duration;
use wardgate_core::id::{AccessKeyId, AccountId, ManagedKeyId, RequestId};

#[derive(Serialize)]
struct Line<'r> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    request_id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<AccessKeyId>,
    method: &'r str,
    path: &'r str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_model: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_model: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_key_id: Option<ManagedKeyId>,
    attempts: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    failed: &'r [String],
    candidates: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<&'r str>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_nano_usd: Option<i64>,
    duration_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overhead_us: Option<u64>,
}

/// How much of a text from a client is logged, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// Writes the line, without its end.
pub(crate) fn write(to: &mut Vec<u8>, request: &RequestRecord<'_>) {
    let line = Line {
        timestamp: request.time.to_string(),
        level: if request.status >= 500 { "WARN" } else { "INFO" },
        message: "request",
        request_id: request.request_id,
        account_id: request.account_id,
        access_key_id: request.access_key_id,
        method: request.method,
        path: clip(request.path),
        status: request.status,
        error_code: request.error_code,
        asked_model: request.asked_model.map(clip),
        provider: request.provider,
        model: request.model.map(clip),
        virtual_model: request.virtual_model.map(clip),
        managed_key_id: request.managed_key_id,
        attempts: request.attempts,
        failed: request.failed,
        candidates: request.candidates,
        left_out: request.left_out,
        stream: request.is_stream,
        completion: request.completion.map(wardgate_core::usage::Completion::name),
        input_tokens: request.usage.map(|usage| usage.input()),
        output_tokens: request.usage.map(|usage| usage.output),
        cost_nano_usd: request.cost.map(wardgate_core::money::NanoUsd::nano_usd),
        duration_us: micros(request.duration),
        first_token_us: request.first_token.map(micros),
        overhead_us: request.overhead.map(micros),
    };
    // Serializing strings and numbers to memory cannot fail.
    let _ = serde_json::to_writer(to, &line);
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}
