//! How Responses counts: `input_tokens` includes what caches held, `output_tokens` includes reasoning.

use crate::json::Json;
use crate::json::count::count;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::usage::{Units, Usage};

/// The `usage` object.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResponsesUsage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    input_tokens_details: Option<InputDetails>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct InputDetails {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_write_tokens: Option<u64>,
    cache_write_tokens_details: Option<Written>,
}

#[derive(Debug, Default, Deserialize)]
struct Written {
    #[serde(default, deserialize_with = "count")]
    ttl_12h_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

/// What the provider's own tools used, beside the tokens.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ToolUsage {
    web_search: Option<WebSearchUsage>,
}

#[derive(Debug, Default, Deserialize)]
struct WebSearchUsage {
    num_requests: Option<u32>,
}

/// The searches of a response: as it says, else counted in its output. Opening a page that was found is none.
pub(crate) fn searches(told: Option<&ToolUsage>, output: Option<&RawValue>) -> u32 {
    #[derive(Deserialize)]
    struct Item<'b> {
        #[serde(borrow, rename = "type")]
        kind: Option<crate::json::Text<'b>>,
        #[serde(borrow)]
        action: Option<Action<'b>>,
    }
    #[derive(Deserialize)]
    struct Action<'b> {
        #[serde(borrow, rename = "type")]
        kind: Option<crate::json::Text<'b>>,
    }
    if let Some(count) = told.and_then(|told| told.web_search.as_ref()?.num_requests) {
        return count;
    }
    let Some(output) = output.filter(|output| output.get().contains("\"web_search_call\"")) else { return 0 };
    let items: Vec<Item<'_>> = serde_json::from_str(output.get()).unwrap_or_default();
    let is_search = |item: &&Item<'_>| {
        let action = item.action.as_ref().and_then(|action| action.kind.as_ref());
        item.kind.as_ref().is_some_and(|kind| kind.0 == "web_search_call") && action.is_none_or(|kind| kind.0 == "search")
    };
    u32::try_from(items.iter().filter(is_search).count()).unwrap_or(u32::MAX)
}

impl ResponsesUsage {
    /// The usage with so many searches.
    pub(crate) fn with_searches(&self, web_searches: u32) -> Usage {
        Usage { units: Units { web_searches, ..Units::default() }, ..self.to_usage() }
    }

    pub(crate) fn to_usage(&self) -> Usage {
        let details = self.input_tokens_details.as_ref();
        let cached = details.and_then(|details| details.cached_tokens).unwrap_or(0);
        let written = details.and_then(|details| details.cache_write_tokens).unwrap_or(0);
        let long =
            details.and_then(|details| details.cache_write_tokens_details.as_ref()?.ttl_12h_tokens).unwrap_or(0).min(written);
        let reasoning = self.output_tokens_details.as_ref().and_then(|details| details.reasoning_tokens).unwrap_or(0);
        let output = self.output_tokens.unwrap_or(0);
        Usage {
            input_uncached: self.input_tokens.unwrap_or(0).saturating_sub(cached).saturating_sub(written),
            cache_read: cached,
            cache_write_1h: long,
            cache_write_other: written.saturating_sub(long),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_do_not_overlap() {
        let json = r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30,"cache_write_tokens_details":{"ttl_30m_tokens":20,"ttl_12h_tokens":10}},"output_tokens":-1,"output_tokens_details":{"reasoning_tokens":5}}"#;
        let usage = serde_json::from_str::<ResponsesUsage>(json).unwrap_or_default().to_usage();
        let expected = Usage {
            input_uncached: 10,
            cache_read: 60,
            cache_write_1h: 10,
            cache_write_other: 20,
            output: 5,
            reasoning: 5,
            ..Usage::default()
        };
        assert_eq!(usage, expected);
    }
}
