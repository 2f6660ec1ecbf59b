//! How Chat Completions counts: `prompt_tokens` includes what caches held, `completion_tokens` includes reasoning.

use crate::json::count::count;
use serde::Deserialize;
use wardgate_core::usage::{Units, Usage};

/// The `usage` object, with the places that several vendors put the same number in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ChatUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek.
    #[serde(default, deserialize_with = "count")]
    prompt_cache_hit_tokens: Option<u64>,
    /// Moonshot AI.
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
    /// Perplexity.
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
    num_search_queries: Option<u32>,
    search_context_size: Option<serde::de::IgnoredAny>,
    /// OpenRouter.
    server_tool_use: Option<ServerTools>,
}

#[derive(Debug, Default, Deserialize)]
struct ServerTools {
    web_search_requests: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "count")]
    audio_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    image_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_write_tokens: Option<u64>,
    /// Alibaba Cloud.
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct CompletionDetails {
    #[serde(default, deserialize_with = "count")]
    audio_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    image_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

impl ChatUsage {
    pub(crate) fn to_usage(&self) -> Usage {
        let details = self.prompt_tokens_details.as_ref();
        let cached = details.and_then(|details| details.cached_tokens).or(self.prompt_cache_hit_tokens).or(self.cached_tokens);
        let written =
            details.and_then(|details| details.cache_write_tokens.or(details.cache_creation_input_tokens)).unwrap_or(0);
        let cached = cached.unwrap_or(0);
        let prompt = self.prompt_tokens.unwrap_or(0);
        let reasoning = self.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
        let reasoning = reasoning.or(self.reasoning_tokens).unwrap_or(0);
        Usage {
            input_uncached: prompt.saturating_sub(cached).saturating_sub(written),
            cache_read: cached,
            cache_write_other: written,
            output: self.output(prompt, reasoning),
            reasoning,
            units: self.units(),
            ..Usage::default()
        }
    }

    fn units(&self) -> Units {
        let (input, output) = (self.prompt_tokens_details.as_ref(), self.completion_tokens_details.as_ref());
        Units {
            input_audio: input.and_then(|details| details.audio_tokens).unwrap_or(0),
            input_image: input.and_then(|details| details.image_tokens).unwrap_or(0),
            output_audio: output.and_then(|details| details.audio_tokens).unwrap_or(0),
            output_image: output.and_then(|details| details.image_tokens).unwrap_or(0),
            web_searches: self.web_searches(),
            ..Units::default()
        }
    }

    /// Perplexity charges for each request as for one search, and tells by the size of the context that it did.
    fn web_searches(&self) -> u32 {
        let told = self.server_tool_use.as_ref().and_then(|tools| tools.web_search_requests).or(self.num_search_queries);
        told.unwrap_or_else(|| u32::from(self.search_context_size.is_some()))
    }

    /// xAI leaves reasoning out of `completion_tokens`; then the total gives it away, or the reasoning being larger.
    fn output(&self, prompt: u64, reasoning: u64) -> u64 {
        let completion = self.completion_tokens.unwrap_or(0);
        let outside = reasoning > 0
            && self.total_tokens.is_some_and(|total| total == prompt.saturating_add(completion).saturating_add(reasoning));
        if outside || reasoning > completion { completion.saturating_add(reasoning) } else { completion }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Usage) {
        let usage: ChatUsage = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(usage.to_usage(), expected, "{json}");
    }

    #[test]
    fn classes_do_not_overlap() {
        check(
            r#"{"prompt_tokens":100,"completion_tokens":9,"total_tokens":109,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}}"#,
            Usage { input_uncached: 10, cache_read: 60, cache_write_other: 30, output: 9, ..Usage::default() },
        );
        check(
            r#"{"prompt_tokens":100,"completion_tokens":9,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#,
            Usage { input_uncached: 36, cache_read: 64, output: 9, ..Usage::default() },
        );
    }

    #[test]
    fn reasoning_outside_the_completion_is_added_once() {
        check(
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#,
            Usage { input_uncached: 10, output: 25, reasoning: 20, ..Usage::default() },
        );
        check(
            r#"{"prompt_tokens":10,"completion_tokens":25,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#,
            Usage { input_uncached: 10, output: 25, reasoning: 20, ..Usage::default() },
        );
    }

    #[test]
    fn nonsense_does_not_underflow() {
        check(
            r#"{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":60}}"#,
            Usage { cache_read: 60, ..Usage::default() },
        );
    }
}
