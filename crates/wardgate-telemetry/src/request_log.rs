//! One JSON line per request, with its facts and nothing that was said in it.

use crate::json_line::JsonLine;
use crate::record::RequestRecord;
use std::time::Duration;

/// How much of a text from a client is logged, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// Writes the line, without its end. Facts that are not known are left out.
pub(crate) fn write(to: &mut Vec<u8>, request: &RequestRecord<'_>) {
    let mut line = JsonLine::begin(to);
    line.shown("timestamp", request.time);
    line.word("level", if request.status >= 500 { "WARN" } else { "INFO" });
    line.word("message", "request");
    line.word("request_id", &request.request_id.to_text());
    if let Some(id) = request.account_id {
        line.word("account_id", &id.to_text());
    }
    if let Some(id) = request.access_key_id {
        line.word("access_key_id", &id.to_text());
    }
    line.text("method", request.method);
    line.text("path", clip(request.path));
    line.number("status", request.status);
    for (name, text) in [
        ("error_code", request.error_code),
        ("asked_model", request.asked_model),
        ("provider", request.provider),
        ("model", request.model),
        ("virtual_model", request.virtual_model),
    ] {
        if let Some(text) = text {
            line.text(name, clip(text));
        }
    }
    if let Some(id) = request.managed_key_id {
        line.word("managed_key_id", &id.to_text());
    }
    line.number("attempts", request.attempts);
    if !request.failed.is_empty() {
        line.texts("failed", request.failed);
    }
    line.number("candidates", request.candidates);
    if let Some(left_out) = request.left_out {
        line.text("left_out", left_out);
    }
    line.truth("stream", request.is_stream);
    if let Some(completion) = request.completion {
        line.word("completion", completion.name());
    }
    if let Some(usage) = request.usage {
        line.number("input_tokens", usage.input());
        line.number("output_tokens", usage.output);
    }
    if let Some(cost) = request.cost {
        line.number("cost_nano_usd", cost.nano_usd());
    }
    line.number("duration_us", micros(request.duration));
    if let Some(first_token) = request.first_token {
        line.number("first_token_us", micros(first_token));
    }
    if let Some(overhead) = request.overhead {
        line.number("overhead_us", micros(overhead));
    }
    line.end();
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}
