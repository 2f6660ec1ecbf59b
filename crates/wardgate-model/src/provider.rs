//! What an upstream is: its endpoints, how it is opened, where its description comes from.

use crate::price::Prices;
use std::collections::HashSet;
use std::sync::Arc;
use wardgate_core::format::{Format, Surface};
use wardgate_core::name::{ModelName, ProviderName};
pub use wardgate_core::provider::{AuthScheme, CustomHeader};

/// An upstream that candidates can point to.
#[derive(Debug, Clone)]
pub struct Provider {
    /// What clients write before the colon.
    pub name: ProviderName,
    /// What people read.
    pub display_name: String,
    /// Who described it, and so how far it is trusted.
    pub origin: Origin,
    /// Where each surface is served, and how it is opened.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// The environment variable that usually holds its credential.
    pub environment_variable: Option<String>,
    /// What its credentials look like, where they have a form of their own: `sk-…`.
    pub key_shape: Option<String>,
    /// What it does with what it is sent, as far as is known.
    pub data_policy: DataPolicy,
    /// Headers that every call to it has.
    pub headers: Vec<CustomHeader>,
    /// Where it works on what it is sent, all of it; empty when unknown.
    pub datacenters: Vec<Datacenter>,
    /// Where it deviates from its formats.
    pub quirks: Vec<Quirk>,
    /// The models it declares, for providers that no catalog file describes. Others are passed on as written.
    pub declared_models: Vec<DeclaredModel>,
}

/// What a provider does with what it is sent, when nothing special was agreed with it. What is not known counts as done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPolicy {
    /// Whether it may train on it; none when unknown.
    pub trains: Option<bool>,
    /// Whether it keeps it beyond the answer; none when unknown.
    pub retains: Option<bool>,
}

impl DataPolicy {
    /// Nothing leaves the operator's hands.
    pub const NOTHING_KEPT: Self = Self { trains: Some(false), retains: Some(false) };

    /// Whether it is known to keep nothing.
    #[must_use]
    pub fn keeps_nothing(self) -> bool {
        self.retains == Some(false)
    }

    /// Whether it is known neither to keep anything nor to train on it.
    #[must_use]
    pub fn collects_nothing(self) -> bool {
        self.keeps_nothing() && self.trains == Some(false)
    }
}

/// A place where a provider works.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datacenter {
    /// The country, two letters of ISO 3166; empty when only the region is known.
    #[serde(default)]
    pub country_code: String,
    /// The region: `eu`, `us`.
    pub region: String,
}

/// A model that a provider itself declares.
#[derive(Debug, Clone)]
pub struct DeclaredModel {
    /// What clients write after the colon.
    pub id: ModelName,
    /// What is sent upstream.
    pub upstream_id: ModelName,
    /// The parameters that it does not take; none: it takes what its provider takes.
    pub unsupported_params: Option<ParamNames>,
    /// What it costs, if anything.
    pub prices: Option<Prices>,
}

/// Names of parameters at the top of a request's body.
pub type ParamNames = Arc<HashSet<Box<str>>>;

/// Who described a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A data file of this program.
    BuiltIn,
    /// The operator: the sandbox. Its address is trusted.
    Operator,
    /// A tenant. Its address is checked each time it is dialed.
    Tenant,
}

/// One surface of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is for.
    pub surface: Surface,
    /// What is spoken there: the surface's own format, or another that is translated to.
    pub format: Format,
    /// The whole URL that is posted to. In those of some providers `{model}`, or `{…}` with a part that comes with the
    /// credential, is filled in for each call.
    pub url: Arc<str>,
    /// Where streams are asked for, if elsewhere.
    pub stream_url: Option<Arc<str>>,
    /// How the credential is sent.
    pub auth: AuthScheme,
    /// The only parameters that it takes; none: it takes all.
    pub supported_params: Option<ParamNames>,
    /// Parameters that it does not take.
    pub unsupported_params: Option<ParamNames>,
    /// What it runs by itself for those of its models that have a price for it.
    pub tools: Vec<HostTool>,
}

/// A tool that a host runs by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostTool {
    /// It searches the web.
    WebSearch,
    /// It runs code.
    CodeExecution,
    /// It reads URLs.
    UrlFetch,
}

/// A deviation from a format that a request must be fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// Refuses `stream_options`; its usage comes in the last chunk anyway.
    NoStreamOptions,
    /// Its newer models refuse `max_tokens` in Chat Completions and want `max_completion_tokens`.
    MaxCompletionTokens,
    /// Takes `cache_control` in Chat Completions.
    CacheMarks,
    /// Refuses a turn with tool calls that comes back without its `reasoning_content`.
    NeedsReasoningBack,
    /// Wants ids of calls of nine letters and digits, and refuses some words in the schemas of tools.
    MistralTools,
    /// Cannot hold an answer to a schema while there are tools.
    SchemaOrTools,
    /// Cannot hold an answer to a schema while it streams.
    SchemaOrStream,
    /// Names the model of a Messages request in the path, and wants a version in the body in its place.
    VertexMessages,
    /// Searches the web for each request, asked or not.
    AlwaysSearches,
    /// Searches the web by a plugin of Chat Completions.
    SearchPlugin,
    /// Is told to think by `thinking` with a type in Chat Completions, and how much by effort where the model has efforts.
    ThinkingType,
    /// Is told to think by `enable_thinking` and `thinking_budget` in Chat Completions.
    EnableThinking,
    /// Is told to think by `chat_template_kwargs` in Chat Completions where the model has no efforts.
    ThinkingTemplate,
}

impl Endpoint {
    /// The URL for an answer, whole or as a stream.
    #[must_use]
    pub fn url(&self, is_stream: bool) -> &str {
        self.stream_url.as_ref().filter(|_| is_stream).unwrap_or(&self.url)
    }
}

impl Provider {
    /// Where a surface is served, if it is: in its own format before all others, then in the provider's order.
    #[must_use]
    pub fn endpoint(&self, surface: Surface) -> Option<&Arc<Endpoint>> {
        self.endpoint_where(surface, |_| true)
    }

    /// The same among the endpoints of certain formats.
    pub(crate) fn endpoint_where(&self, surface: Surface, is_spoken: impl Fn(Format) -> bool) -> Option<&Arc<Endpoint>> {
        let format = surface.format();
        let is_native = |endpoint: &&Arc<Endpoint>| endpoint.surface == surface && endpoint.format == format;
        let is_translated = |endpoint: &&Arc<Endpoint>| format.is_answered_by(endpoint.format);
        let spoken = || self.endpoints.iter().filter(|endpoint| is_spoken(endpoint.format));
        spoken().find(is_native).or_else(|| spoken().find(is_translated))
    }

    /// Whether a deviation is known of this provider.
    #[must_use]
    pub fn has_quirk(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// Whether it can be called without a credential. A built-in one cannot.
    #[must_use]
    pub fn works_without_key(&self) -> bool {
        self.origin != Origin::BuiltIn
    }
}
