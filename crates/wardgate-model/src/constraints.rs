//! What a model demands of a request that others do not, for requests that are written for it anew.
//!
//! The facts are in `data/constraints.json`, by provider and id. A model that is not there is taken to demand nothing.

use serde::Deserialize;

/// What a model demands, and what it does not take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constraints {
    /// How it is told to think; none when that is not known.
    pub thinking: Option<Thinking>,
    /// The names of the efforts that it has; empty when that is not known.
    pub efforts: Vec<Box<str>>,
    /// Whether it takes temperature, `top_p` and `top_k`.
    pub takes_sampling: bool,
    /// Whether it takes stop sequences.
    pub takes_stops: bool,
    /// Whether it can be made to call a tool.
    pub forces_tools: bool,
    /// Whether a conversation may end with the assistant's words.
    pub takes_prefill: bool,
    /// Whether instructions may stand in the middle of a conversation.
    pub takes_late_instructions: bool,
}

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// By a number of tokens.
    Budget,
    /// By itself, or by a number of tokens.
    AdaptiveOrBudget,
    /// By itself, with an effort; can be turned off.
    Adaptive,
    /// By itself, with an effort; can be kept to thinking between tools.
    AdaptiveBetweenTools,
    /// By itself, with an effort; cannot be turned off.
    AdaptiveAlwaysOn,
    /// By a level (Gemini).
    Level,
}

impl Default for Constraints {
    fn default() -> Self {
        Self {
            thinking: None,
            efforts: Vec::new(),
            takes_sampling: true,
            takes_stops: true,
            forces_tools: true,
            takes_prefill: true,
            takes_late_instructions: false,
        }
    }
}
