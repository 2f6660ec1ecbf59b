//! How Gemini counts: the prompt includes what caches held; thoughts are beside the answer, at some hosts inside it.

use crate::json::Json;
use crate::json::count::count;
use crate::json::word::word;
use crate::neutral::request::Tier;
use serde::Deserialize;
use serde::de::Deserializer;
use wardgate_core::usage::{Units, Usage};

/// The `usageMetadata` object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GeminiUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_token_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cached_content_token_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    candidates_token_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    thoughts_token_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    tool_use_prompt_token_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    total_token_count: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<Vec<OfKind>>,
    #[serde(default)]
    candidates_tokens_details: Option<Vec<OfKind>>,
    #[serde(default, deserialize_with = "tier")]
    traffic_type: Option<Tier>,
    #[serde(default, deserialize_with = "tier")]
    service_tier: Option<Tier>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfKind {
    modality: Option<String>,
    #[serde(default, deserialize_with = "count")]
    token_count: Option<u64>,
}

impl GeminiUsage {
    /// In which class of service it was made: Vertex tells of traffic, the Gemini API of a tier. None for a word that others have
    /// none for.
    pub(crate) fn tier(&self) -> Option<Tier> {
        self.traffic_type.or(self.service_tier)
    }

    pub(crate) fn to_usage(&self) -> Usage {
        let cached = self.cached_content_token_count.unwrap_or(0);
        let of_tools = self.tool_use_prompt_token_count.unwrap_or(0);
        let prompt = self.prompt_token_count.unwrap_or(0);
        let thoughts = self.thoughts_token_count.unwrap_or(0);
        let candidates = self.candidates_token_count.unwrap_or(0);
        let is_inside = self.total_token_count == Some(prompt.saturating_add(candidates).saturating_add(of_tools))
            && thoughts <= candidates;
        Usage {
            input_uncached: prompt.saturating_sub(cached).saturating_add(of_tools),
            cache_read: cached,
            output: if is_inside { candidates } else { candidates.saturating_add(thoughts) },
            reasoning: thoughts,
            units: Units {
                input_image: of_kind(self.prompt_tokens_details.as_deref(), "IMAGE"),
                input_audio: of_kind(self.prompt_tokens_details.as_deref(), "AUDIO"),
                output_image: of_kind(self.candidates_tokens_details.as_deref(), "IMAGE"),
                output_audio: of_kind(self.candidates_tokens_details.as_deref(), "AUDIO"),
                ..Units::default()
            },
            ..Usage::default()
        }
    }
}

fn tier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tier>, D::Error> {
    word(deserializer, |word| match word {
        "ON_DEMAND" | "STANDARD" | "standard" => Some(Tier::Standard),
        "ON_DEMAND_FLEX" | "FLEX" | "flex" => Some(Tier::Flex),
        "ON_DEMAND_PRIORITY" | "PRIORITY" | "priority" => Some(Tier::Priority),
        _ => None,
    })
}

fn of_kind(counts: Option<&[OfKind]>, kind: &str) -> u64 {
    let of_kind = counts.unwrap_or_default().iter().filter(|count| count.modality.as_deref() == Some(kind));
    of_kind.filter_map(|count| count.token_count).fold(0, u64::saturating_add)
}

pub(crate) fn write(json: &mut Json<'_>, usage: &Usage, tier: Option<Tier>) {
    json.put_number("promptTokenCount", usage.input());
    json.put_number("candidatesTokenCount", usage.output.saturating_sub(usage.reasoning));
    json.put_number("totalTokenCount", usage.total());
    if usage.cache_read > 0 {
        json.put_number("cachedContentTokenCount", usage.cache_read);
    }
    if usage.reasoning > 0 {
        json.put_number("thoughtsTokenCount", usage.reasoning);
    }
    json.put_some(
        "trafficType",
        tier.and_then(|tier| match tier {
            Tier::Auto => None,
            Tier::Standard => Some("ON_DEMAND"),
            Tier::Flex => Some("ON_DEMAND_FLEX"),
            Tier::Priority | Tier::Fast => Some("ON_DEMAND_PRIORITY"),
        }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_counted_once() {
        let output = |json: &str| serde_json::from_str::<GeminiUsage>(json).unwrap_or_default().to_usage().output;
        assert_eq!(
            output(r#"{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":20,"totalTokenCount":35}"#),
            25
        );
        assert_eq!(
            output(r#"{"promptTokenCount":10,"candidatesTokenCount":25,"thoughtsTokenCount":20,"totalTokenCount":35}"#),
            25
        );
        assert_eq!(output("{}"), 0);
    }
}
