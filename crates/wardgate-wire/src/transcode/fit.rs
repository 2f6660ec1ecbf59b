//! What writing a request for a target comes back to again and again: where a field stood, what is lost, what may be told.

use super::Encoded;
use super::aliases::{Aliases, Grammar};
use super::stops::Stops;
use super::target::Target;
use crate::neutral::content::{Content, Part};
use crate::neutral::logprobs::ALTERNATIVES_MAX;
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::Opaque;
use crate::neutral::request::{Effort, Number, OutputForm, Request};
use crate::neutral::server_tool::{ServerTool, ServerToolKind};
use crate::neutral::tool::{Tool, ToolChoice};
use std::cell::RefCell;
use wardgate_core::format::Format;

/// A field of a request that a format may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Temperature,
    TopP,
    TopK,
    MinP,
    Seed,
    FrequencyPenalty,
    PresencePenalty,
    RepetitionPenalty,
    Stop,
    LogitBias,
    Logprobs,
    TopLogprobs,
    Answers,
    ParallelTools,
    ToolChoice,
    Tools,
    Store,
    Tier,
    Output,
    Effort,
    OutputTokensMax,
}

impl Field {
    /// Its name in a client's format.
    pub(crate) const fn name(self, format: Format) -> &'static str {
        let is_gemini = matches!(format, Format::Gemini);
        match self {
            Self::Temperature if is_gemini => "generationConfig.temperature",
            Self::Temperature => "temperature",
            Self::TopP if is_gemini => "generationConfig.topP",
            Self::TopP => "top_p",
            Self::TopK if is_gemini => "generationConfig.topK",
            Self::TopK => "top_k",
            Self::MinP => "min_p",
            Self::Seed if is_gemini => "generationConfig.seed",
            Self::Seed => "seed",
            Self::FrequencyPenalty if is_gemini => "generationConfig.frequencyPenalty",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty if is_gemini => "generationConfig.presencePenalty",
            Self::PresencePenalty => "presence_penalty",
            Self::RepetitionPenalty => "repetition_penalty",
            Self::Stop => match format {
                Format::Gemini => "generationConfig.stopSequences",
                Format::AnthropicMessages => "stop_sequences",
                _ => "stop",
            },
            Self::LogitBias => "logit_bias",
            Self::Logprobs if is_gemini => "generationConfig.responseLogprobs",
            Self::Logprobs => match format {
                Format::OpenAiResponses => "top_logprobs",
                _ => "logprobs",
            },
            Self::TopLogprobs if is_gemini => "generationConfig.logprobs",
            Self::TopLogprobs => match format {
                Format::OpenAiCompletions => "logprobs",
                _ => "top_logprobs",
            },
            Self::Answers if is_gemini => "generationConfig.candidateCount",
            Self::Answers => "n",
            Self::ParallelTools => match format {
                Format::AnthropicMessages => "tool_choice.disable_parallel_tool_use",
                _ => "parallel_tool_calls",
            },
            Self::ToolChoice if is_gemini => "toolConfig.functionCallingConfig",
            Self::ToolChoice => "tool_choice",
            Self::Tools => "tools",
            Self::Store => "store",
            Self::Tier if is_gemini => "serviceTier",
            Self::Tier => "service_tier",
            Self::Output => match format {
                Format::Gemini => "generationConfig.responseMimeType",
                Format::AnthropicMessages => "output_config.format",
                Format::OpenAiResponses => "text.format",
                _ => "response_format",
            },
            Self::Effort => match format {
                Format::Gemini => "generationConfig.thinkingConfig",
                Format::AnthropicMessages => "thinking",
                Format::OpenAiResponses => "reasoning.effort",
                _ => "reasoning_effort",
            },
            Self::OutputTokensMax => match format {
                Format::Gemini => "generationConfig.maxOutputTokens",
                Format::OpenAiResponses => "max_output_tokens",
                _ => "max_tokens",
            },
        }
    }
}

/// The writing of one request for one target.
pub(crate) struct Fit<'r> {
    pub(crate) request: &'r Request,
    pub(crate) target: &'r Target<'r>,
    pub(crate) format: Format,
    pub(crate) aliases: Aliases,
    /// Filled from closures that write, so a cell.
    warnings: RefCell<Warnings>,
    /// What the gateway itself is to stop at.
    stops: RefCell<Stops>,
}

impl<'r> Fit<'r> {
    /// `wraps_custom`: the format has no custom tools.
    pub(crate) fn new(
        request: &'r Request,
        target: &'r Target<'r>,
        format: Format,
        grammar: Grammar,
        wraps_custom: bool,
    ) -> Self {
        let aliases = Aliases::of(request, grammar, wraps_custom);
        Self { request, target, format, aliases, warnings: RefCell::new(request.warnings.clone()), stops: RefCell::default() }
    }

    pub(crate) fn warn(&self, code: &'static str, path: impl Into<String>) {
        self.warnings.borrow_mut().add(code, path);
    }

    pub(crate) fn path(&self, field: Field) -> &'static str {
        field.name(self.request.format)
    }

    pub(crate) fn warn_field(&self, code: &'static str, field: Field) {
        self.warn(code, self.path(field));
    }

    /// Notes that a field is left out, if it was given.
    pub(crate) fn drop(&self, is_given: bool, field: Field) {
        if is_given {
            self.warn_field("unsupported_parameter", field);
        }
    }

    /// The same of a number that says nothing where it is this one.
    pub(crate) fn drop_unless(&self, number: Option<&Number>, neutral: f64, field: Field) {
        self.drop(number.is_some_and(|number| (number.value() - neutral).abs() > f64::EPSILON), field);
    }

    /// Of how many alternatives to each token the probabilities are asked for. None where they are not, or where the model does
    /// not tell any.
    pub(crate) fn logprobs(&self) -> Option<u64> {
        if !self.target.traits.takes_logprobs {
            self.drop_logprobs();
            return None;
        }
        let alternatives = self.request.sampling.logprobs?;
        if alternatives > ALTERNATIVES_MAX {
            self.warn_field("parameter_lowered", Field::TopLogprobs);
        }
        Some(alternatives.min(ALTERNATIVES_MAX))
    }

    /// Notes that probabilities will not be told: the format has none.
    pub(crate) fn drop_logprobs(&self) {
        if self.request.sampling.logprobs.is_some() {
            self.warn_field("logprobs_unavailable", Field::Logprobs);
        }
    }

    /// Leaves out what neither of Claude's two formats has a place for.
    pub(crate) fn drop_what_claude_lacks(&self) {
        let sampling = &self.request.sampling;
        self.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
        self.drop(sampling.seed.is_some(), Field::Seed);
        self.drop_unless(sampling.frequency_penalty.as_ref(), 0.0, Field::FrequencyPenalty);
        self.drop_unless(sampling.presence_penalty.as_ref(), 0.0, Field::PresencePenalty);
        self.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
        self.drop(sampling.logit_bias.is_some(), Field::LogitBias);
        self.drop_logprobs();
        self.drop(self.request.is_stored == Some(true), Field::Store);
    }

    /// A sampling parameter for a model that may take none. One is what they all use anyway.
    pub(crate) fn sampling(&self, number: Option<&'r Number>, field: Field, max: f64) -> Option<&'r str> {
        let number = number?;
        if !self.target.traits.takes_sampling {
            self.drop(field == Field::TopK || (number.value() - 1.0).abs() > f64::EPSILON, field);
            return None;
        }
        if number.value() > max {
            self.warn_field("parameter_lowered", field);
            return Some(if max > 1.5 { "2" } else { "1" });
        }
        Some(number.literal())
    }

    /// The stop sequences to send: at most so many, and of those that the format takes. The gateway watches for the others.
    pub(crate) fn stops(&self, count_max: usize, takes: impl Fn(&str) -> bool) -> Vec<&'r str> {
        let count_max = if self.target.traits.takes_stops { count_max } else { 0 };
        let mut sent = Vec::new();
        for stop in &self.request.sampling.stop {
            if sent.len() < count_max && takes(stop) {
                sent.push(stop.as_str());
            } else if !self.stops.borrow_mut().add(stop) {
                self.warn_field("stop_sequences_cut", Field::Stop);
            }
        }
        sent
    }

    pub(crate) fn refuse_field(&self, code: &'static str, field: Field, why: impl Into<String>) -> Untranslatable {
        Untranslatable::new(code, self.path(field), why)
    }

    /// What may be sent of an opaque piece: its data if this target made it, else nothing, and a warning.
    pub(crate) fn readable<'o>(&self, opaque: &'o Opaque, path: &str) -> Option<&'o str> {
        if self.target.reads(self.format, opaque.origin) {
            return Some(&opaque.data);
        }
        self.warn("reasoning_dropped", path);
        None
    }

    /// The effort that was asked for, as near as the model has it.
    pub(crate) fn effort(&self) -> Option<Effort> {
        let wanted = self.request.thinking.effort_or_budget()?;
        let nearest = self.target.traits.nearest_effort(wanted);
        if nearest != wanted {
            self.warn_field("effort_clamped", Field::Effort);
        }
        Some(nearest)
    }

    /// The tool choice, made weaker where the model cannot be forced.
    pub(crate) fn tool_choice(&self) -> Option<&'r ToolChoice> {
        let choice = self.request.tool_choice.as_ref()?;
        let is_forced = match choice {
            ToolChoice::Required | ToolChoice::Named(_) => true,
            ToolChoice::Allowed { is_required, .. } => *is_required,
            ToolChoice::Auto | ToolChoice::None => false,
        };
        if is_forced && !self.target.traits.can_force_tools {
            self.warn_field("tool_choice_not_forced", Field::ToolChoice);
            return Some(&ToolChoice::Auto);
        }
        Some(choice)
    }

    /// Whether a tool is a custom one and the provider has such.
    pub(crate) fn is_custom_there(&self, name: &str) -> bool {
        let is_custom = |tool: &Tool| matches!(tool, Tool::Custom { name: custom, .. } if custom == name);
        self.target.traits.is_openai && self.request.tools.iter().any(is_custom)
    }

    /// Whether a tool is among those that may be chosen from.
    pub(crate) fn offers(&self, name: &str) -> bool {
        match &self.request.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
            _ => true,
        }
    }

    /// Only the tools that may be chosen from, where the format has no such list.
    pub(crate) fn allowed_tools(&self) -> Vec<&'r Tool> {
        let tools = self.request.tools.iter();
        match &self.request.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) => {
                self.warn_field("tools_filtered", Field::ToolChoice);
                tools.filter(|tool| names.iter().any(|name| name == tool.name())).collect()
            }
            _ => tools.collect(),
        }
    }

    /// Refuses a schema for the answer where the host cannot keep to it beside what else is asked.
    pub(crate) fn check_schema(&self) -> Result<(), Untranslatable> {
        let (request, traits) = (self.request, &self.target.traits);
        if !matches!(request.output, OutputForm::JsonSchema { .. }) {
            return Ok(());
        }
        let beside = match () {
            () if traits.has_schema_or_tools && !request.tools.is_empty() => "there are tools",
            () if traits.has_schema_or_stream && request.is_stream => "it streams",
            () => return Ok(()),
        };
        let why = format!("this provider cannot hold an answer to a schema while {beside}");
        Err(self.refuse_field("combination_not_supported", Field::Output, why))
    }

    /// The tools that the provider is to run, less those that are not to be chosen from.
    pub(crate) fn server_tools(&self) -> Vec<&'r ServerTool> {
        let tools = self.request.server_tools.iter();
        match &self.request.tool_choice {
            // In Chat Completions a search is no tool that could be chosen.
            Some(ToolChoice::Allowed { names, .. }) if self.request.format != Format::OpenAiChat => {
                tools.filter(|tool| names.iter().any(|name| name == tool.kind.name())).collect()
            }
            _ => tools.collect(),
        }
    }

    /// Whether a name means a tool that the provider is to run, and none of the client's.
    pub(crate) fn is_server_tool(&self, name: &str) -> bool {
        self.request.server_tools.iter().any(|tool| tool.kind.name() == name)
            && !self.request.tools.iter().any(|tool| tool.name() == name)
    }

    /// Refuses what the provider is asked to run and does not: without it the answer would be another. `knows`: the format has a
    /// word for it.
    pub(crate) fn check_server_tools(&self, knows: impl Fn(ServerToolKind) -> bool) -> Result<(), Untranslatable> {
        let has = |tool: &&ServerTool| knows(tool.kind) && self.target.traits.server_tools.has(tool.kind);
        match self.request.server_tools.iter().find(|tool| !has(tool)) {
            None => Ok(()),
            Some(tool) => Err(no_server_tool(tool.kind, tool.path.as_str())),
        }
    }

    /// Notes what of a tool's options cannot be said: how often it may be used, and where the user is.
    pub(crate) fn drop_of_tool(&self, tool: &ServerTool, takes_uses: bool, takes_location: bool) {
        if tool.uses_max.is_some() && !takes_uses {
            self.warn("unsupported_parameter", format!("{}.max_uses", tool.path));
        }
        if tool.location.is_some() && !takes_location {
            self.warn("unsupported_parameter", format!("{}.user_location", tool.path));
        }
    }

    /// Notes domains that cannot be said. The answer may then rest on what was ruled out.
    pub(crate) fn drop_domains(&self, tool: &ServerTool, is_allowed: bool, is_blocked: bool) {
        let format = self.request.format;
        let place = if format == Format::OpenAiResponses { ".filters" } else { "" };
        let names = match format {
            Format::Gemini => ["includeDomains", "excludeDomains"],
            _ => ["allowed_domains", "blocked_domains"],
        };
        let lists = [(is_allowed, &tool.domains.allowed), (is_blocked, &tool.domains.blocked)];
        for ((is_lost, list), name) in lists.into_iter().zip(names) {
            if is_lost && !list.is_empty() {
                self.warn("search_domains_dropped", format!("{}{place}.{name}", tool.path));
            }
        }
    }

    /// An error about a tool that only another format's providers run.
    pub(crate) fn foreign_tool(&self, index: usize, kind: &str) -> Untranslatable {
        let why =
            format!("the built-in tool {kind:?} does not exist at this provider: leave it out, or choose another provider");
        Untranslatable::new("server_tool_not_available", format!("tools[{index}]"), why)
    }

    pub(crate) fn foreign_content(&self, kind: &str, path: &str) -> Untranslatable {
        let why =
            format!("content of the type {kind:?} cannot be sent to this provider: leave it out, or choose another provider");
        Untranslatable::new("unsupported_content", path, why)
    }

    pub(crate) fn unsupported_modality(&self, what: &str, path: &str) -> Untranslatable {
        let why = format!("{what} cannot be sent to this provider");
        Untranslatable::new("unsupported_modality", path, why)
    }

    /// The request as written, with all that was lost.
    pub(crate) fn done(self, body: Vec<u8>) -> Encoded {
        Encoded {
            body,
            warnings: self.warnings.into_inner(),
            aliases: self.aliases,
            stops: self.stops.into_inner(),
            is_json_call: false,
        }
    }
}

/// A user's name that is no longer than a provider takes: a longer one is hashed, so that it still tells users apart.
pub(crate) fn short_user(user: &str, bytes_max: usize) -> std::borrow::Cow<'_, str> {
    match user.len() {
        length if length > bytes_max => format!("user-{:016x}", crate::neutral::opaque::fnv(user.bytes())).into(),
        _ => user.into(),
    }
}

/// An error about a tool that the provider does not run.
pub(crate) fn no_server_tool(kind: ServerToolKind, path: &str) -> Untranslatable {
    let what = match kind {
        ServerToolKind::WebSearch => "search the web",
        ServerToolKind::CodeExecution => "run code",
        ServerToolKind::UrlFetch => "read URLs",
    };
    let why = format!("this model does not {what} at this provider: leave the tool out, or choose another model or provider");
    Untranslatable::new("server_tool_not_available", path, why)
}

/// The text of parts, joined; parts that are no text are left to the caller.
pub(crate) fn joined_text<'p>(parts: impl IntoIterator<Item = &'p Part>) -> String {
    let mut joined = String::new();
    for part in parts {
        if let Content::Text { text, .. } | Content::Refusal(text) = &part.content {
            if !joined.is_empty() && !text.is_empty() {
                joined.push('\n');
            }
            joined.push_str(text);
        }
    }
    joined
}

/// The JSON schema of a tool without arguments.
pub(crate) const EMPTY_SCHEMA: &str = r#"{"type":"object","properties":{}}"#;

/// The JSON schema of a custom tool that is sent as a function.
pub(crate) const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// Arguments as an object: what is one already stays byte for byte, nothing becomes `{}`, JSON of another kind and text that
/// is no JSON are wrapped. Says whether they had to be.
pub(crate) fn arguments_object(arguments: &str) -> (std::borrow::Cow<'_, str>, bool) {
    let trimmed = arguments.trim();
    if trimmed.is_empty() {
        return ("{}".into(), false);
    }
    match serde_json::from_str::<&serde_json::value::RawValue>(trimmed) {
        Ok(value) if value.get().starts_with('{') => (value.get().into(), false),
        Ok(value) => (format!(r#"{{"value":{}}}"#, value.get()).into(), true),
        Err(_) => {
            let mut out = b"{\"__raw_arguments\":".to_vec();
            crate::json::write::string(&mut out, arguments);
            out.push(b'}');
            (String::from_utf8(out).unwrap_or_default().into(), true)
        }
    }
}

/// Arguments that were wrapped by [`arguments_object`], as they were.
pub(crate) fn arguments_text(object: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        #[serde(rename = "__raw_arguments")]
        raw: String,
    }
    if object.starts_with("{\"__raw_arguments\":")
        && let Ok(wrapped) = serde_json::from_str::<Wrapped>(object)
    {
        return wrapped.raw;
    }
    object.to_owned()
}
