//! How Responses counts: `input_tokens` includes what caches held, `output_tokens` includes reasoning.

use crate::json::Json;
use serde::Deserialize;
use wardgate_core::usage::Usage;

/// The `usage` object.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResponsesUsage {
    input_tokens: Option<u64>,
    input_tokens_details: Option<InputDetails>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

impl ResponsesUsage {
    pub(crate) fn to_usage(&self) -> Usage {
        let details = self.input_tokens_details.as_ref();
        let cached = details.and_then(|details| details.cached_tokens).unwrap_or(0);
        let written = details.and_then(|details| details.cache_write_tokens).unwrap_or(0);
        let reasoning = self.output_tokens_details.as_ref().and_then(|details| details.reasoning_tokens).unwrap_or(0);
        let output = self.output_tokens.unwrap_or(0);
        Usage {
            input_uncached: self.input_tokens.unwrap_or(0).saturating_sub(cached).saturating_sub(written),
            cache_read: cached,
            cache_write_other: written,
            output: if reasoning > output { output.saturating_add(reasoning) } else { output },
            reasoning,
            ..Usage::default()
        }
    }
}

pub(crate) fn write(json: &mut Json<'_>, usage: &Usage) {
    json.put_number("input_tokens", usage.input());
    json.put_object("input_tokens_details", |json| {
        json.put_number("cached_tokens", usage.cache_read);
        if usage.cache_write() > 0 {
            json.put_number("cache_write_tokens", usage.cache_write());
        }
    });
    json.put_number("output_tokens", usage.output);
    json.put_object("output_tokens_details", |json| json.put_number("reasoning_tokens", usage.reasoning));
    json.put_number("total_tokens", usage.total());
}
