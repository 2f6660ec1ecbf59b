//! Every way to write a model, and what it comes to.

use crate::testing::{Setting, virtual_model};
use expect_test::{Expect, expect};
use wardgate_core::format::Surface;

/// With keys for all providers that occur; after `managed ` with a managed key for openai in place of its own.
fn told(text: &str, surface: Surface) -> String {
    let keys =
        ["anthropic", "google", "groq", "openrouter", "hyperbolic", "inference-net", "inceptionlabs", "azure-eastus", "vllm"];
    let keys = keys.map(|provider| (provider, 1));
    let (setting, text) = match text.strip_prefix("managed ") {
        Some(text) => (Setting::new(&keys).managed(&[("openai", 1)]), text),
        None => (Setting::new(&[&keys[..], &[("openai", 1)]].concat()), text),
    };
    let setting = setting.virtual_models(&[virtual_model("chat-default", &["gpt-4o"])]);
    match setting.plan(&[text], surface) {
        Ok(plan) => {
            let target = &plan.candidates[0].target;
            format!("{} / {}", target.provider.name, target.model)
        }
        Err(dropped) => dropped[0].why.to_string(),
    }
}

fn check_on(surface: Surface, texts: &[&str], expected: &Expect) {
    let lines = texts.iter().map(|text| format!("{text:?} => {}\n", told(text, surface)));
    expected.assert_eq(&lines.collect::<String>());
}

/// Bodies whose `model` or `models` is absent or of another type never come here; `wardgate-wire` refuses them.
#[test]
fn every_example() {
    check_on(
        Surface::ChatCompletions,
        &[
            "gpt-4o",
            "GPT-4O",
            "openai:gpt-4o",
            "openai:GPT-4o",
            "OpenAI:gpt-4o",
            "open-ai:gpt-4o",
            "opnai:gpt-4o",
            "foo:bar",
            "claude-opus-4-6",
            "anthropic:claude-sonnet-4-6",
            "openai/gpt-5.5",
            "anthropic/claude-3.5-sonnet",
            "openrouter:anthropic/claude-3.5-sonnet",
            "openrouter:google/gemini-2.0-flash-001",
            "openrouter:google/gemma-2-9b-it:free",
            "meta-llama/llama-3.3-70b-versatile",
            "openai/gpt-oss-120b",
            "groq:openai/gpt-oss-120b",
            "hyperbolic:meta-llama/Llama-3.3-70B-Instruct",
            "inference-net:meta-llama/llama-3.1-8b-instruct/fp-8",
            "inference.net:meta-llama/llama-3.1-8b-instruct/fp-8",
            "inceptionlabs:mercury-coder-small-beta",
            "ollama:llama3.2",
            "ollama:llama3.2:1b",
            "llama3.2",
            "llama3.2:1b",
            "vllm:meta-llama/Llama-3.2-8B-Instruct",
            "azure-eastus:gpt-4o",
            "ollama:not-declared",
            "openai:some-new-model",
            "managed openai:some-new-model",
            "some-new-model",
            "gpt-4a",
            "gpt-4o-2024-08-06",
            "openai:gpt-4o-2024-08-06",
            "text-embedding-3-small",
            "openai:text-embedding-3-small",
            "",
            "openai:",
            ":gpt-4o",
            "ngrok/auto",
            "chat-default",
            "deepseek-chat",
        ],
        &expect![[r#"
            "gpt-4o" => openai / gpt-4o
            "GPT-4O" => openai / gpt-4o
            "openai:gpt-4o" => openai / gpt-4o
            "openai:GPT-4o" => openai / gpt-4o
            "OpenAI:gpt-4o" => there is no provider "OpenAI"; did you mean "openai"?
            "open-ai:gpt-4o" => there is no provider "open-ai"; did you mean "openai"?
            "opnai:gpt-4o" => there is no provider "opnai"; did you mean "openai"?
            "foo:bar" => "foo:bar" is neither a model nor provider:model
            "claude-opus-4-6" => anthropic / claude-opus-4-6
            "anthropic:claude-sonnet-4-6" => anthropic / claude-sonnet-4-6
            "openai/gpt-5.5" => openai / gpt-5.5
            "anthropic/claude-3.5-sonnet" => there is no model "anthropic/claude-3.5-sonnet"; on OpenRouter it would be "openrouter:anthropic/claude-3.5-sonnet"
            "openrouter:anthropic/claude-3.5-sonnet" => openrouter / anthropic/claude-3.5-sonnet
            "openrouter:google/gemini-2.0-flash-001" => openrouter / google/gemini-2.0-flash-001
            "openrouter:google/gemma-2-9b-it:free" => openrouter / google/gemma-2-9b-it:free
            "meta-llama/llama-3.3-70b-versatile" => there is no model "meta-llama/llama-3.3-70b-versatile"; on OpenRouter it would be "openrouter:meta-llama/llama-3.3-70b-versatile"
            "openai/gpt-oss-120b" => groq / openai/gpt-oss-120b
            "groq:openai/gpt-oss-120b" => groq / openai/gpt-oss-120b
            "hyperbolic:meta-llama/Llama-3.3-70B-Instruct" => hyperbolic / meta-llama/Llama-3.3-70B-Instruct
            "inference-net:meta-llama/llama-3.1-8b-instruct/fp-8" => inference-net / meta-llama/llama-3.1-8b-instruct/fp-8
            "inference.net:meta-llama/llama-3.1-8b-instruct/fp-8" => there is no provider "inference.net"; did you mean "inference-net"?
            "inceptionlabs:mercury-coder-small-beta" => inceptionlabs / mercury-coder-small-beta
            "ollama:llama3.2" => ollama / llama3.2
            "ollama:llama3.2:1b" => ollama / llama3.2:1b
            "llama3.2" => there is no model "llama3.2"
            "llama3.2:1b" => "llama3.2:1b" is neither a model nor provider:model
            "vllm:meta-llama/Llama-3.2-8B-Instruct" => vllm / meta-llama/Llama-3.2-8B-Instruct
            "azure-eastus:gpt-4o" => azure-eastus / gpt-4o
            "ollama:not-declared" => ollama / not-declared
            "openai:some-new-model" => openai / some-new-model
            "managed openai:some-new-model" => openai:some-new-model is not in the catalog and so needs a provider key of this account's own
            "some-new-model" => there is no model "some-new-model"
            "gpt-4a" => there is no model "gpt-4a"; did you mean "gpt-4o"?
            "gpt-4o-2024-08-06" => there is no model "gpt-4o-2024-08-06"
            "openai:gpt-4o-2024-08-06" => openai / gpt-4o-2024-08-06
            "text-embedding-3-small" => openai / text-embedding-3-small
            "openai:text-embedding-3-small" => openai / text-embedding-3-small
            "" => the model string "" is not well formed: write a model, or provider:model, without white space around
            "openai:" => the model string "openai:" is not well formed: write a model, or provider:model, without white space around
            ":gpt-4o" => the model string ":gpt-4o" is not well formed: write a model, or provider:model, without white space around
            "ngrok/auto" => there is no model "ngrok/auto"; on OpenRouter it would be "openrouter:ngrok/auto"
            "chat-default" => openai / gpt-4o
            "deepseek-chat" => this account has no provider key for deepseek; add one, or use a model of another provider
        "#]],
    );
    check_on(
        Surface::Messages,
        &["gpt-4o", "gemini-3.6-flash"],
        &expect![[r#"
        "gpt-4o" => openai / gpt-4o
        "gemini-3.6-flash" => google / gemini-3.6-flash
    "#]],
    );
}

#[test]
fn white_space_around_a_name_is_no_way_past_a_check() {
    let texts = [" gpt-4o", "gpt-4o\n", "openai: gpt-4o", "openai:gpt-4o\u{a0}", "openai :gpt-4o", "vllm:a b", "vllm:a\u{0}"];
    check_on(
        Surface::ChatCompletions,
        &texts,
        &expect![[r#"
        " gpt-4o" => the model string " gpt-4o" is not well formed: write a model, or provider:model, without white space around
        "gpt-4o\n" => the model string "gpt-4o\n" is not well formed: write a model, or provider:model, without white space around
        "openai: gpt-4o" => the model string "openai: gpt-4o" is not well formed: write a model, or provider:model, without white space around
        "openai:gpt-4o\u{a0}" => the model string "openai:gpt-4o\u{a0}" is not well formed: write a model, or provider:model, without white space around
        "openai :gpt-4o" => the model string "openai :gpt-4o" is not well formed: write a model, or provider:model, without white space around
        "vllm:a b" => vllm / a b
        "vllm:a\0" => the model string "vllm:a\0" is not well formed: write a model, or provider:model, without white space around
    "#]],
    );
}
