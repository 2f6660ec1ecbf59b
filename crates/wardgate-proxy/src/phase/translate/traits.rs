//! What is known of a candidate's model and host, in the words of those who write requests for it.

use crate::phase::fit::params;
use wardgate_core::format::Format;
use wardgate_model::{Ability, Constraints, HostTool, Quirk, Thinking};
use wardgate_policy::Candidate;
use wardgate_wire::neutral::request::Effort;
use wardgate_wire::transcode::target::{CacheMarks, ChatSearch, ChatThinking, ServerTools, ThinkingWay, Traits};

/// The efforts that the model knows.
pub(super) fn efforts(constraints: &Constraints) -> Vec<Effort> {
    constraints.efforts.iter().filter_map(|name| Effort::from_name(name)).collect()
}

/// Whether a model of Google's is of the third generation or later.
pub(crate) fn is_gemini_3(model: &str) -> bool {
    let name = model.strip_prefix("google/").unwrap_or(model);
    !["gemini-1", "gemini-2"].iter().any(|early| name.starts_with(early))
}

/// What is known of the model and its host.
pub(super) fn traits<'t>(candidate: &Candidate, efforts: &'t [Effort]) -> Traits<'t> {
    let has_quirk = |quirk| candidate.target.provider.has_quirk(quirk);
    let known = candidate.target.known.as_ref();
    let constraints = known.map(|known| &known.constraints);
    let thinking = constraints.and_then(|constraints| constraints.thinking);
    let host = Traits {
        cache_marks: if has_quirk(Quirk::CacheMarks) { CacheMarks::Control } else { CacheMarks::None },
        is_openai: has_quirk(Quirk::MaxCompletionTokens),
        needs_reasoning_back: has_quirk(Quirk::NeedsReasoningBack),
        takes_stops: takes_stops(candidate),
        gives_several: params(candidate).takes("n"),
        takes_logprobs: params(candidate).takes("logprobs"),
        is_mistral: has_quirk(Quirk::MistralTools),
        has_schema_or_tools: has_quirk(Quirk::SchemaOrTools),
        has_schema_or_stream: has_quirk(Quirk::SchemaOrStream),
        is_gemini_3: is_gemini_3(&candidate.target.model),
        calls_tools: ["tools", "tool_choice"].iter().all(|name| params(candidate).takes(name)),
        is_vertex: has_quirk(Quirk::VertexMessages),
        server_tools: server_tools(candidate),
        chat_thinking: match () {
            () if has_quirk(Quirk::ThinkingType) => ChatThinking::Type,
            () if has_quirk(Quirk::EnableThinking) => ChatThinking::Switch,
            () if has_quirk(Quirk::ThinkingTemplate) => ChatThinking::Template,
            () => ChatThinking::Effort,
        },
        chat_search: match () {
            () if has_quirk(Quirk::AlwaysSearches) => ChatSearch::Always,
            () if has_quirk(Quirk::SearchPlugin) => ChatSearch::Plugin,
            () => ChatSearch::Options,
        },
        ..Traits::default()
    };
    let Some(constraints) = constraints else { return host };
    Traits {
        output_tokens_max: known.and_then(|known| known.output_tokens_max),
        thinking: match thinking {
            None | Some(Thinking::Budget | Thinking::Level) => ThinkingWay::Budget,
            Some(Thinking::Adaptive | Thinking::AdaptiveOrBudget) => ThinkingWay::Adaptive,
            Some(Thinking::AdaptiveBetweenTools) => ThinkingWay::BetweenTools,
            Some(Thinking::AdaptiveAlwaysOn) => ThinkingWay::AlwaysOn,
        },
        efforts,
        can_force_tools: constraints.forces_tools,
        calls_tools: host.calls_tools && known.is_some_and(|known| known.abilities.can.has(Ability::Tools)),
        thinks_unasked: known.is_some_and(|known| known.abilities.can.has(Ability::Reasoning))
            && !matches!(thinking, Some(Thinking::Budget | Thinking::AdaptiveOrBudget)),
        takes_sampling: constraints.takes_sampling,
        takes_stops: host.takes_stops && constraints.takes_stops,
        // The models that take no sampling parameters refuse this one as well.
        takes_logprobs: host.takes_logprobs && constraints.takes_sampling,
        has_json_schema: known.is_none_or(|known| !known.abilities.cannot.has(Ability::JsonSchema)),
        takes_late_instructions: constraints.takes_late_instructions,
        takes_prefill: constraints.takes_prefill,
        // OpenAI takes marks for the models for which it takes money for what is written into a cache.
        cache_marks: match known.and_then(|known| known.prices.as_ref()) {
            Some(prices) if host.is_openai && prices.base.cache_write.is_some() => CacheMarks::Breakpoint,
            _ => host.cache_marks,
        },
        ..host
    }
}

/// Whether the parameter for stop sequences stays in the body: what is taken out would stop nothing.
fn takes_stops(candidate: &Candidate) -> bool {
    let name = match candidate.endpoint.format {
        Format::OpenAiChat => "stop",
        Format::AnthropicMessages | Format::CohereChat => "stop_sequences",
        // They stand among others, and these stay.
        _ => return true,
    };
    params(candidate).takes(name)
}

/// What the host runs for the model.
fn server_tools(candidate: &Candidate) -> ServerTools {
    let runs = |tool| candidate.target.runs(&candidate.endpoint, tool);
    ServerTools {
        web_search: runs(HostTool::WebSearch),
        code_execution: runs(HostTool::CodeExecution),
        url_fetch: runs(HostTool::UrlFetch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use wardgate_core::format::Surface;
    use wardgate_model::{Catalog, Target};
    use wardgate_policy::Credential;

    /// A model of the catalog at its provider, asked in Chat Completions.
    fn candidate(catalog: &Catalog, provider: &str, model: &str) -> Candidate {
        let host = catalog.provider(provider).unwrap_or_else(|| panic!("{provider}"));
        let known = catalog.model_at(provider, model);
        let target = match known {
            Some(known) => Target::of(host, known),
            None => Target { provider: Arc::clone(host), model: model.into(), known: None, unsupported_params: None },
        };
        let endpoint = target.endpoint(Surface::ChatCompletions).unwrap_or_else(|| panic!("{provider}"));
        Candidate {
            model_index: 0,
            endpoint: Arc::clone(endpoint),
            target: Arc::new(target),
            credential: Credential::None,
            virtual_model: None,
            is_fallback: false,
        }
    }

    #[test]
    fn caches_are_marked_where_the_host_takes_marks() {
        let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        for (provider, model, expected) in [
            ("openai", "gpt-5.6-sol", CacheMarks::Breakpoint),
            ("openai", "gpt-4o", CacheMarks::None),
            ("openai", "somebodys-own", CacheMarks::None),
            ("alibaba", "somebodys-own", CacheMarks::Control),
            ("openrouter", "anthropic/claude-x", CacheMarks::Control),
            ("mistral", "somebodys-own", CacheMarks::None),
        ] {
            let candidate = candidate(&catalog, provider, model);
            assert_eq!(traits(&candidate, &[]).cache_marks, expected, "{provider}:{model}");
        }
    }
}
