//! One JSON line per request, with its facts and nothing that was said in it.

use crate::json_line::{JsonLine, name};
use crate::record::RequestRecord;
use std::time::Duration;

/// How much of a text from a client is logged, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// Writes the line, without its end. Facts that are not known are left out.
pub(crate) fn write(to: &mut Vec<u8>, request: &RequestRecord<'_>) {
    let mut line = JsonLine::begin(to);
    line.shown(name!("timestamp"), request.time);
    line.word(name!("level"), if request.status >= 500 { "WARN" } else { "INFO" });
    line.word(name!("message"), "request");
    line.word(name!("request_id"), &request.request_id.to_text());
    if let Some(id) = request.account_id {
        line.word(name!("account_id"), &id.to_text());
    }
    if let Some(id) = request.access_key_id {
        line.word(name!("access_key_id"), &id.to_text());
    }
    line.text(name!("method"), request.method);
    line.text(name!("path"), clip(request.path));
    line.number(name!("status"), request.status);
    for (name, text) in [
        (name!("error_code"), request.error_code),
        (name!("asked_model"), request.asked_model),
        (name!("provider"), request.provider),
        (name!("model"), request.model),
        (name!("virtual_model"), request.virtual_model),
    ] {
        if let Some(text) = text {
            line.text(name, clip(text));
        }
    }
    if let Some(id) = request.managed_key_id {
        line.word(name!("managed_key_id"), &id.to_text());
    }
    line.number(name!("attempts"), request.attempts);
    if !request.failed.is_empty() {
        line.texts(name!("failed"), request.failed);
    }
    line.number(name!("candidates"), request.candidates);
    if let Some(left_out) = request.left_out {
        line.text(name!("left_out"), left_out);
    }
    if let Some(lost) = request.lost {
        line.text(name!("lost"), lost);
    }
    line.truth(name!("stream"), request.is_stream);
    if let Some(completion) = request.completion {
        line.word(name!("completion"), completion.name());
    }
    if let Some(usage) = request.usage {
        line.number(name!("input_tokens"), usage.input());
        line.number(name!("output_tokens"), usage.output);
    }
    if let Some(cost) = request.cost {
        line.number(name!("cost_nano_usd"), cost.nano_usd());
    }
    line.number(name!("duration_us"), micros(request.duration));
    if let Some(first_token) = request.first_token {
        line.number(name!("first_token_us"), micros(first_token));
    }
    if let Some(overhead) = request.overhead {
        line.number(name!("overhead_us"), micros(overhead));
    }
    line.end();
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}
