//! Whom a request is written for: the facts about a model and its host that decide how things are said to it.

use crate::neutral::opaque::Origin;
use crate::neutral::request::Effort;
use crate::neutral::server_tool::ServerToolKind;
use wardgate_core::format::Format;

/// A candidate, as far as writing a request for it goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The model's name in the provider's spelling.
    pub model: &'t str,
    /// Who will read the request: [`crate::neutral::opaque::mark`] of provider, provider key and model. Reasoning of another
    /// origin is left out.
    pub mark: u64,
    /// Whether to refuse rather than to lose anything.
    pub is_strict: bool,
    /// Whether to leave out even reasoning that was made here: it was refused.
    pub is_bare: bool,
    /// What the model and its host can do.
    pub traits: Traits<'t>,
}

impl<'t> Target<'t> {
    /// A model about which nothing else is known.
    #[must_use]
    pub fn new(model: &'t str) -> Self {
        Self { model, mark: crate::neutral::opaque::ANYONE, is_strict: false, is_bare: false, traits: Traits::default() }
    }

    pub(crate) const fn origin(&self, format: Format) -> Origin {
        Origin { format, mark: self.mark }
    }

    /// Whether it is sent what was made there.
    pub(crate) fn reads(&self, format: Format, origin: Origin) -> bool {
        !self.is_bare && origin.is_readable_by(self.origin(format))
    }
}

/// How a Claude model is told to think. Others ignore this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThinkingWay {
    /// `enabled` with a budget; off unless asked for.
    #[default]
    Budget,
    /// `adaptive` with an effort; can be turned off.
    Adaptive,
    /// `adaptive` with an effort; can be kept to thinking between tools.
    BetweenTools,
    /// `adaptive` with an effort; cannot be turned off.
    AlwaysOn,
}

/// What a host runs for a model by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerTools {
    /// It searches the web.
    pub web_search: bool,
    /// It runs code.
    pub code_execution: bool,
    /// It reads URLs.
    pub url_fetch: bool,
}

impl ServerTools {
    /// All of them.
    pub const ALL: Self = Self { web_search: true, code_execution: true, url_fetch: true };

    /// Whether a tool is among them.
    #[must_use]
    pub const fn has(self, kind: ServerToolKind) -> bool {
        match kind {
            ServerToolKind::WebSearch => self.web_search,
            ServerToolKind::CodeExecution => self.code_execution,
            ServerToolKind::UrlFetch => self.url_fetch,
        }
    }
}

/// How a host of Chat Completions is told to search the web.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChatSearch {
    /// By `web_search_options` (OpenAI).
    #[default]
    Options,
    /// It always searches, and takes options of its own (Perplexity).
    Always,
    /// By a plugin (OpenRouter).
    Plugin,
}

/// How a host of Chat Completions is told how much to think.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChatThinking {
    /// By `reasoning_effort` (OpenAI and most others).
    #[default]
    Effort,
    /// By `thinking` with a type, and by `reasoning_effort` where the model has efforts (DeepSeek, Z.ai, Moonshot AI).
    Type,
    /// By `enable_thinking` and `thinking_budget` (Alibaba Cloud).
    Switch,
    /// By `reasoning_effort` where the model has efforts, else by `chat_template_kwargs` (hosts of open models).
    Template,
}

/// What a model and its host can do. The default is a model of today at its maker's.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'t> {
    /// The model's limit on output. Messages needs one in each request.
    pub output_tokens_max: Option<u64>,
    /// How it is told to think (Messages, Converse).
    pub thinking: ThinkingWay,
    /// The efforts that it has; empty when that is not known.
    pub efforts: &'t [Effort],
    /// Whether a tool can be forced.
    pub can_force_tools: bool,
    /// Whether it is known to call tools, and its host to take them.
    pub calls_tools: bool,
    /// Whether it thinks where nobody asks it to.
    pub thinks_unasked: bool,
    /// Whether it takes temperature, `top_p` and `top_k`.
    pub takes_sampling: bool,
    /// Whether it takes stop sequences.
    pub takes_stops: bool,
    /// Whether it gives several answers at once (Chat Completions, Gemini).
    pub gives_several: bool,
    /// Whether it tells how probable tokens are.
    pub takes_logprobs: bool,
    /// Whether it can be held to a JSON schema.
    pub has_json_schema: bool,
    /// Whether instructions may stand in the middle of a conversation (Messages).
    pub takes_late_instructions: bool,
    /// Whether a conversation may end with the assistant's words.
    pub takes_prefill: bool,
    /// How a prompt is marked for its cache in OpenAI's formats.
    pub cache_marks: CacheMarks,
    /// Whether the cap is called `max_completion_tokens` (Chat Completions of OpenAI and Azure) and developers have a role.
    pub is_openai: bool,
    /// Whether reasoning must come back with each call as `reasoning_content` (DeepSeek, Moonshot AI).
    pub needs_reasoning_back: bool,
    /// Whether it is Mistral's: ids of calls have nine letters and digits, and schemas of tools have fewer words.
    pub is_mistral: bool,
    /// Whether its host cannot hold an answer to a schema while there are tools.
    pub has_schema_or_tools: bool,
    /// Whether its host cannot hold an answer to a schema while it streams.
    pub has_schema_or_stream: bool,
    /// Whether it is told to think by level rather than by budget, and takes ids of calls and pictures in results (Gemini 3
    /// and later).
    pub is_gemini_3: bool,
    /// Whether its host is Vertex, which knows some fields that the Gemini API does not, and the other way round.
    pub is_vertex: bool,
    /// What its host runs by itself.
    pub server_tools: ServerTools,
    /// How it is told to think (Chat Completions).
    pub chat_thinking: ChatThinking,
    /// How it is told to search (Chat Completions).
    pub chat_search: ChatSearch,
}

impl Default for Traits<'_> {
    fn default() -> Self {
        Self {
            output_tokens_max: None,
            thinking: ThinkingWay::Budget,
            efforts: &[],
            can_force_tools: true,
            calls_tools: true,
            thinks_unasked: false,
            takes_sampling: true,
            takes_stops: true,
            gives_several: true,
            takes_logprobs: true,
            has_json_schema: true,
            takes_late_instructions: false,
            takes_prefill: true,
            cache_marks: CacheMarks::None,
            is_openai: false,
            needs_reasoning_back: false,
            is_mistral: false,
            has_schema_or_tools: false,
            has_schema_or_stream: false,
            is_gemini_3: true,
            is_vertex: false,
            server_tools: ServerTools::ALL,
            chat_thinking: ChatThinking::Effort,
            chat_search: ChatSearch::Options,
        }
    }
}

/// How a prompt is marked for a cache in OpenAI's formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMarks {
    /// Not at all: what is cached is found by itself.
    None,
    /// In Anthropic's words, which some hosts take in Chat Completions.
    Control,
    /// In OpenAI's own, which its newer models know.
    Breakpoint,
}

impl Traits<'_> {
    /// The nearest effort that the model has; of two equally near ones the lower.
    #[must_use]
    pub fn nearest_effort(&self, wanted: Effort) -> Effort {
        let distance = |effort: &Effort| (*effort as i32 - wanted as i32).abs();
        self.efforts.iter().copied().min_by_key(|effort| (distance(effort), *effort)).unwrap_or(wanted)
    }
}
