//! Classes of service as OpenAI names them, in Chat Completions and in Responses.

use crate::json::word::word;
use crate::neutral::request::Tier;
use serde::de::Deserializer;

/// The class that a request asks for.
pub(crate) fn asked(word: &str) -> Tier {
    match word {
        "default" | "standard" => Tier::Standard,
        "flex" => Tier::Flex,
        "priority" => Tier::Priority,
        "fast" => Tier::Fast,
        _ => Tier::Auto,
    }
}

/// The word for it in a request.
pub(crate) const fn asked_word(tier: Tier) -> &'static str {
    match tier {
        Tier::Auto => "auto",
        Tier::Standard => "default",
        Tier::Flex => "flex",
        Tier::Priority => "priority",
        Tier::Fast => "fast",
    }
}

/// The class that an answer says it was given. None for a word that says nothing of that, or that others have none for.
pub(crate) fn served(word: &str) -> Option<Tier> {
    match word {
        "default" | "standard" | "on_demand" => Some(Tier::Standard),
        "flex" => Some(Tier::Flex),
        "priority" => Some(Tier::Priority),
        "fast" => Some(Tier::Fast),
        _ => None,
    }
}

/// The same as a member of an answer.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tier>, D::Error> {
    word(deserializer, served)
}

/// The word for it in an answer. OpenAI itself reports what was fast as priority.
pub(crate) const fn served_word(tier: Tier) -> Option<&'static str> {
    match tier {
        Tier::Auto => None,
        Tier::Standard => Some("default"),
        Tier::Flex => Some("flex"),
        Tier::Priority | Tier::Fast => Some("priority"),
    }
}
