//! How Messages counts: `input_tokens` leaves out what caches held, `output_tokens` includes thinking, and the counts of a
//! stream are cumulative.

use crate::json::Json;
use crate::json::count::count;
use crate::json::word::word;
use crate::neutral::request::Tier;
use serde::Deserialize;
use serde::de::Deserializer;
use wardgate_core::usage::Usage;

/// The `usage` object. In a stream it comes twice, and the second may leave fields out.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MessagesUsage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
    server_tool_use: Option<ServerTools>,
    #[serde(default, deserialize_with = "tier")]
    service_tier: Option<Tier>,
    #[serde(default, deserialize_with = "speed")]
    speed: Option<Tier>,
}

#[derive(Debug, Default, Deserialize)]
struct ServerTools {
    web_search_requests: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
struct CacheCreation {
    #[serde(default, deserialize_with = "count")]
    ephemeral_5m_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default, deserialize_with = "count")]
    thinking_tokens: Option<u64>,
}

impl MessagesUsage {
    /// In which class of service it was made. None for a word that others have none for.
    pub(crate) fn tier(&self) -> Option<Tier> {
        self.speed.or(self.service_tier)
    }

    /// The counts of this report over those of an earlier one.
    pub(crate) fn over(&self, earlier: Usage) -> Usage {
        let mut usage = earlier;
        let set = |to: &mut u64, from: Option<u64>| {
            if let Some(count) = from {
                *to = count;
            }
        };
        set(&mut usage.input_uncached, self.input_tokens);
        set(&mut usage.cache_read, self.cache_read_input_tokens);
        set(&mut usage.output, self.output_tokens);
        set(&mut usage.reasoning, self.output_tokens_details.as_ref().and_then(|details| details.thinking_tokens));
        if let Some(searches) = self.server_tool_use.as_ref().and_then(|tools| tools.web_search_requests) {
            usage.units.web_searches = searches;
        }
        match &self.cache_creation {
            Some(written) => {
                set(&mut usage.cache_write_5m, written.ephemeral_5m_input_tokens);
                set(&mut usage.cache_write_1h, written.ephemeral_1h_input_tokens);
                // Some hosts send the split empty.
                let rest = self.cache_creation_input_tokens.unwrap_or(0).saturating_sub(usage.cache_write());
                usage.cache_write_5m = usage.cache_write_5m.saturating_add(rest);
            }
            // Without the split it is the kind that everybody has: five minutes.
            None if usage.cache_write_1h == 0 => set(&mut usage.cache_write_5m, self.cache_creation_input_tokens),
            None => {}
        }
        usage
    }
}

fn tier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tier>, D::Error> {
    word(deserializer, |word| match word {
        "standard" => Some(Tier::Standard),
        "priority" => Some(Tier::Priority),
        _ => None,
    })
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tier>, D::Error> {
    word(deserializer, |word| (word == "fast").then_some(Tier::Fast))
}

/// Writes in which class of service it was made, where there is a word for that.
pub(super) fn write_tier(json: &mut Json<'_>, tier: Option<Tier>) {
    match tier {
        Some(Tier::Standard) => json.put("service_tier", "standard"),
        Some(Tier::Priority) => json.put("service_tier", "priority"),
        Some(Tier::Fast) => {
            json.put("service_tier", "standard");
            json.put("speed", "fast");
        }
        Some(Tier::Flex | Tier::Auto) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::usage::Units;

    #[test]
    fn a_later_report_keeps_what_it_does_not_mention() {
        let read = |json: &str| serde_json::from_str::<MessagesUsage>(json).unwrap_or_else(|error| panic!("{error}"));
        let start = read(
            r#"{"server_tool_use":{"web_search_requests":2},"input_tokens":10,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":1}"#,
        );
        let end = read(r#"{"output_tokens":20,"cache_creation_input_tokens":7}"#);
        assert_eq!(
            end.over(start.over(Usage::default())),
            Usage {
                input_uncached: 10,
                cache_write_5m: 3,
                cache_write_1h: 4,
                output: 20,
                units: Units { web_searches: 2, ..Units::default() },
                ..Usage::default()
            }
        );
    }
}
