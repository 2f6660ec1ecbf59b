//! The grammar of the `model` field: `provider:model`, or a bare model id.
//!
//! A colon separates only when what stands before the first one names a provider that the account knows. So an Ollama tag
//! (`llama3.2:1b`), an OpenRouter variant (`…:free`) and a provider prefix never fight over the same character.

/// A model string, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelString<'s> {
    /// `provider:model`, where the provider is known.
    Qualified {
        /// What stands before the first colon.
        provider: &'s str,
        /// All that follows it.
        model: &'s str,
    },
    /// Anything else: to be looked up whole.
    Bare(&'s str),
}

/// Takes a model string apart. `None` when it or one side of the colon is no name: empty, with white space around it, or with a
/// control character in it. A provider that trims what it gets would else serve a model that no check has seen.
#[must_use]
pub fn parse(text: &str, is_provider: impl Fn(&str) -> bool) -> Option<ModelString<'_>> {
    match text.split_once(':') {
        Some((provider, _)) if !is_name(provider) => None,
        Some((provider, model)) if is_provider(provider) => {
            is_name(model).then_some(ModelString::Qualified { provider, model })
        }
        _ => is_name(text).then_some(ModelString::Bare(text)),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim().len() == text.len() && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ModelString::{Bare, Qualified};

    #[test]
    fn splits_at_the_first_colon_only_after_a_known_provider() {
        let check = |text, expected| {
            assert_eq!(parse(text, |name| ["openai", "ollama", "openrouter"].contains(&name)), expected, "{text}");
        };
        check("gpt-4o", Some(Bare("gpt-4o")));
        check("openai:gpt-4o", Some(Qualified { provider: "openai", model: "gpt-4o" }));
        check("OpenAI:gpt-4o", Some(Bare("OpenAI:gpt-4o")));
        check("ollama:llama3.2:1b", Some(Qualified { provider: "ollama", model: "llama3.2:1b" }));
        check("llama3.2:1b", Some(Bare("llama3.2:1b")));
        check(
            "openrouter:google/gemma-2-9b-it:free",
            Some(Qualified { provider: "openrouter", model: "google/gemma-2-9b-it:free" }),
        );
        check("openai/gpt-oss-120b", Some(Bare("openai/gpt-oss-120b")));
        check("", None);
        check("openai:", None);
        check(":gpt-4o", None);
        check("gpt-4o ", None);
        check("openai: gpt-4o", None);
        check("openai :gpt-4o", None);
        check("openai:gpt\0-4o", None);
    }
}
