//! What is asked of a model.

use super::content::{Content, Reasoning, Turn};
use super::loss::Warnings;
use super::opaque::Origin;
use super::server_tool::ServerTool;
use super::tool::{Tool, ToolChoice};
use serde_json::value::RawValue;
use wardgate_core::format::Format;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The format it came in.
    pub format: Format,
    /// The model as the client named it; empty where the path names it.
    pub model: String,
    /// The conversation.
    pub turns: Vec<Turn>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// What the provider itself may run for it.
    pub server_tools: Vec<ServerTool>,
    /// Tools that the client keeps in namespaces (Responses), under the names they have here.
    pub namespaced: Vec<Namespaced>,
    /// What it is to do with that.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_tools: Option<bool>,
    /// The form of the answer.
    pub output: OutputForm,
    /// The pictures that the answer may have; none: it is words.
    pub pictures: Option<Pictures>,
    /// How much to think, and how much of it to show.
    pub thinking: Thinking,
    /// How to draw tokens.
    pub sampling: Sampling,
    /// How many answers to give, if more than one.
    pub answers: Option<u64>,
    /// The most tokens of output.
    pub output_tokens_max: Option<u64>,
    /// How long the answer should be: low, medium or high.
    pub verbosity: Option<String>,
    /// Requests with the same key share a prompt cache.
    pub cache_key: Option<String>,
    /// The whole prompt is to be cached, without marks on parts.
    pub is_cached_whole: bool,
    /// Which class of service.
    pub tier: Option<Tier>,
    /// Whether the provider is to keep the answer.
    pub is_stored: Option<bool>,
    /// Who is behind the request, as the client names them.
    pub user: Option<String>,
    /// Pairs for the provider's own records, as the client wrote them.
    pub metadata: Option<Box<RawValue>>,
    /// Whether the answer is wanted as a stream.
    pub is_stream: bool,
    /// Whether usage is wanted in the stream.
    pub wants_usage: bool,
    /// What the reading of the body already lost.
    pub warnings: Warnings,
}

impl Request {
    /// Whether the conversation holds reasoning that a target could read.
    #[must_use]
    pub fn holds_reasoning_for(&self, target: Origin) -> bool {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.map(|part| &part.content).any(|content| match content {
            Content::Reasoning(Reasoning { opaque: Some(opaque), .. }) => opaque.origin.is_readable_by(target),
            _ => false,
        })
    }

    /// An empty request in a format.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            model: String::new(),
            turns: Vec::new(),
            tools: Vec::new(),
            server_tools: Vec::new(),
            namespaced: Vec::new(),
            tool_choice: None,
            parallel_tools: None,
            output: OutputForm::Text,
            pictures: None,
            thinking: Thinking::default(),
            sampling: Sampling::default(),
            answers: None,
            output_tokens_max: None,
            verbosity: None,
            cache_key: None,
            is_cached_whole: false,
            tier: None,
            is_stored: None,
            user: None,
            metadata: None,
            is_stream: false,
            wants_usage: false,
            warnings: Warnings::default(),
        }
    }
}

/// A tool in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespaced {
    /// The name it has in [`Request::tools`] and in calls: namespace, two underscores, name.
    pub flat: String,
    /// The namespace.
    pub namespace: String,
    /// Its name there.
    pub name: String,
}

impl Namespaced {
    /// A tool under its flat name.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { flat: format!("{namespace}__{name}"), namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// The form of an answer.
#[derive(Debug, Clone)]
pub enum OutputForm {
    /// Text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema {
        /// The schema's name.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The schema, byte for byte.
        schema: Box<RawValue>,
        /// Whether the answer must follow it.
        is_strict: Option<bool>,
    },
}

/// The pictures that an answer may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Whether it shall have nothing else.
    pub is_only: bool,
    /// Their shape, as width to height: `16:9`.
    pub aspect_ratio: Option<String>,
    /// Their size: `1K`, `2K`.
    pub size: Option<String>,
}

impl Pictures {
    /// Where a client's format asks for them.
    #[must_use]
    pub const fn field(format: Format) -> &'static str {
        if matches!(format, Format::Gemini) { "generationConfig.responseModalities" } else { "modalities" }
    }
}

/// How much to think.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thinking {
    /// The effort, in a word.
    pub effort: Option<Effort>,
    /// The effort, in tokens.
    pub budget_tokens: Option<u64>,
    /// Whether to think at all, where the client said no more than that.
    pub is_on: Option<bool>,
    /// What is shown of the thoughts.
    pub shown: Option<Shown>,
}

/// What is shown of thoughts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A summary, or whatever the model shows.
    Summary,
}

/// An effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// No thinking.
    None,
    /// As little as can be.
    Minimal,
    /// Little.
    Low,
    /// A medium amount.
    Medium,
    /// Much.
    High,
    /// Very much.
    XHigh,
    /// As much as can be.
    Max,
}

impl Effort {
    /// Every effort but none, with the tokens that stand for it.
    pub const BUDGETS: [(Self, u64); 6] = [
        (Self::Minimal, 1_024),
        (Self::Low, 2_048),
        (Self::Medium, 8_192),
        (Self::High, 16_384),
        (Self::XHigh, 32_768),
        (Self::Max, 65_536),
    ];

    /// The word that OpenAI and others use for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The effort with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "none" {
            Some(Self::None)
        } else {
            Self::BUDGETS.map(|(effort, _)| effort).into_iter().find(|it| it.name() == name)
        }
    }

    /// The largest effort whose figure a budget reaches.
    #[must_use]
    pub fn from_budget(tokens: u64) -> Self {
        let reached = Self::BUDGETS.into_iter().rev().find(|(_, figure)| *figure <= tokens);
        match reached {
            Some((effort, _)) => effort,
            None if tokens == 0 => Self::None,
            None => Self::Minimal,
        }
    }

    /// The tokens that stand for it.
    #[must_use]
    pub fn budget_tokens(self) -> u64 {
        Self::BUDGETS.into_iter().find(|(effort, _)| *effort == self).map_or(0, |(_, tokens)| tokens)
    }
}

impl Thinking {
    /// The effort, from the budget where only that is known. None when nothing was asked for.
    #[must_use]
    pub fn effort_or_budget(&self) -> Option<Effort> {
        self.effort.or_else(|| self.budget_tokens.map(Effort::from_budget)).or(match self.is_on {
            Some(false) => Some(Effort::None),
            _ => None,
        })
    }
}

/// How to draw tokens. Numbers stay as they were written.
#[derive(Debug, Clone, Default)]
pub struct Sampling {
    /// Temperature.
    pub temperature: Option<Number>,
    /// Nucleus sampling.
    pub top_p: Option<Number>,
    /// How many tokens to draw from.
    pub top_k: Option<Number>,
    /// The least probability in relation to the best.
    pub min_p: Option<Number>,
    /// A seed.
    pub seed: Option<Number>,
    /// A penalty for frequent tokens.
    pub frequency_penalty: Option<Number>,
    /// A penalty for tokens that were there.
    pub presence_penalty: Option<Number>,
    /// A penalty in the manner of open models.
    pub repetition_penalty: Option<Number>,
    /// Where to stop.
    pub stop: Vec<String>,
    /// Token ids with weights, as the client wrote them.
    pub logit_bias: Option<Box<RawValue>>,
    /// How many alternatives to tell the probabilities of.
    pub logprobs: Option<u64>,
}

/// A JSON number as it was written, so that neither large nor long ones change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    /// The number with this literal. None for anything that is no JSON number.
    #[must_use]
    pub fn new(literal: &str) -> Option<Self> {
        let is_number = literal.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        is_number.then(|| Self(literal.into()))
    }

    /// As it was written.
    #[must_use]
    pub fn literal(&self) -> &str {
        &self.0
    }

    /// Its value as a count. None for what is negative or no whole number.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        self.0.parse().ok().or_else(|| self.0.strip_suffix(".0")?.parse().ok())
    }

    /// Its value, as near as a double comes.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

/// A class of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Whatever the provider thinks right.
    Auto,
    /// The usual one.
    Standard,
    /// Cheaper and later.
    Flex,
    /// Dearer and sooner.
    Priority,
    /// Dearer, and faster in what it says.
    Fast,
}
