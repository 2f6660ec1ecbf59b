//! Reading the data files.

use crate::ability::{Abilities, Ability};
use crate::constraints::Constraints;
use crate::model::Model;
use crate::overlay::param_names;
use crate::price::{FormerPrices, Prices, Rates, UnitPrices};
use crate::provider::{AuthScheme, DataPolicy, Datacenter, Endpoint, HostTool, Origin, Provider, Quirk};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use wardgate_core::format::{Format, Surface};
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::name::ProviderName;
use wardgate_core::time::Timestamp;

/// A data file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("catalog data of {what}: {why}")]
pub struct LoadError {
    what: String,
    why: String,
}

fn failed(what: &str, why: impl std::fmt::Display) -> LoadError {
    LoadError { what: what.to_owned(), why: why.to_string() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    id: String,
    name: String,
    environment: String,
    #[serde(rename = "as_of")]
    _as_of: String,
    /// Where this was read.
    #[serde(rename = "source")]
    _source: String,
    key_shape: Option<String>,
    #[serde(default)]
    data_policy: DataPolicy,
    #[serde(default)]
    datacenters: Vec<Datacenter>,
    #[serde(default)]
    quirks: Vec<Quirk>,
    surfaces: Vec<SurfaceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SurfaceEntry {
    surface: String,
    /// Where it is not the surface's own.
    format: Option<String>,
    url: String,
    /// Where streams are asked for, if elsewhere.
    stream_url: Option<String>,
    auth: AuthScheme,
    /// What is taken out of requests, since it is refused or passed over there.
    #[serde(default)]
    unsupported_params: Vec<String>,
    /// What it runs by itself.
    #[serde(default)]
    tools: Vec<HostTool>,
}

pub(crate) fn provider(text: &str) -> Result<Provider, LoadError> {
    let file: ProviderFile = serde_yaml::from_str(text).map_err(|error| failed("a provider", error))?;
    let endpoints = file
        .surfaces
        .into_iter()
        .map(|entry| {
            let surface = Surface::from_name(&entry.surface)
                .ok_or_else(|| failed(&file.id, format!("there is no surface {}", entry.surface)))?;
            let format = match &entry.format {
                Some(name) => Format::from_name(name).ok_or_else(|| failed(&file.id, format!("there is no format {name}")))?,
                None => surface.format(),
            };
            Ok(Arc::new(Endpoint {
                surface,
                format,
                url: entry.url.into(),
                stream_url: entry.stream_url.map(Into::into),
                auth: entry.auth,
                supported_params: None,
                unsupported_params: param_names(&entry.unsupported_params),
                tools: entry.tools,
            }))
        })
        .collect::<Result<_, LoadError>>()?;
    Ok(Provider {
        name: ProviderName::new(&file.id).map_err(|error| failed(&file.id, error))?,
        display_name: file.name,
        origin: Origin::BuiltIn,
        endpoints,
        environment_variable: Some(file.environment),
        key_shape: file.key_shape,
        data_policy: file.data_policy,
        headers: Vec::new(),
        datacenters: file.datacenters,
        quirks: file.quirks,
        declared_models: Vec::new(),
    })
}

#[derive(Deserialize)]
struct ModelsFile {
    provider: String,
    models: Vec<ModelEntry>,
}

#[derive(Deserialize)]
struct ModelEntry {
    id: String,
    name: String,
    author: String,
    slug: String,
    mode: String,
    #[serde(default)]
    formats: Vec<String>,
    context_window: Option<u64>,
    max_output_tokens: Option<u64>,
    status: String,
    #[serde(default)]
    can: Vec<Ability>,
    #[serde(default)]
    cannot: Vec<Ability>,
    pricing: Option<PricingEntry>,
    /// What it cost before `pricing`, in any order.
    #[serde(default)]
    former_pricing: Vec<FormerEntry>,
}

#[derive(Deserialize)]
struct FormerEntry {
    /// The first day (UTC) on which it does not hold any more.
    until: String,
    #[serde(flatten)]
    pricing: PricingEntry,
}

#[derive(Deserialize)]
struct PricingEntry {
    #[serde(flatten)]
    base: RatesEntry,
    #[serde(flatten)]
    units: UnitsEntry,
    #[serde(default)]
    tiers: Vec<TierEntry>,
}

#[derive(Deserialize)]
struct TierEntry {
    above_input_tokens: u64,
    #[serde(flatten)]
    rates: RatesEntry,
}

#[derive(Deserialize)]
struct RatesEntry {
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write: Option<String>,
    cache_write_1h: Option<String>,
    reasoning: Option<String>,
    input_image_tokens: Option<String>,
    input_audio: Option<String>,
    output_image_tokens: Option<String>,
    output_audio: Option<String>,
}

/// In dollars for one, or for a thousand where the name says so.
#[derive(Deserialize)]
struct UnitsEntry {
    per_image: Option<String>,
    per_input_second: Option<String>,
    per_input_character: Option<String>,
    per_query: Option<String>,
    requests_per_1k: Option<String>,
    web_search_per_1k: Option<String>,
}

/// By provider, then by the model's id.
pub(crate) type ConstraintsByModel = HashMap<String, HashMap<String, Constraints>>;

pub(crate) fn constraints(text: &str) -> Result<ConstraintsByModel, LoadError> {
    serde_json::from_str(text).map_err(|error| failed("the models' constraints", error))
}

pub(crate) fn models(text: &str, constraints: &mut ConstraintsByModel) -> Result<Vec<Model>, LoadError> {
    let file: ModelsFile = serde_json::from_str(text).map_err(|error| failed("a model file", error))?;
    let provider = ProviderName::new(&file.provider).map_err(|error| failed(&file.provider, error))?;
    let mut constraints = constraints.remove(&file.provider).unwrap_or_default();
    file.models
        .into_iter()
        .map(|entry| {
            let former_prices = former_prices(&entry.former_pricing).map_err(|why| failed(&entry.id, why))?;
            let prices = entry.pricing.as_ref().map(prices).transpose().map_err(|why| failed(&entry.id, why))?;
            let constraints = constraints.remove(&entry.id).unwrap_or_default();
            Ok(Model {
                provider: provider.clone(),
                id: entry.id.into(),
                slug: entry.slug,
                display_name: entry.name,
                author: entry.author,
                context_window: entry.context_window,
                output_tokens_max: entry.max_output_tokens,
                formats: entry.formats.iter().flat_map(|name| formats_named(name)).copied().collect(),
                is_chat: entry.mode == "chat",
                is_offered: entry.status != "retired",
                abilities: Abilities { can: entry.can.into_iter().collect(), cannot: entry.cannot.into_iter().collect() },
                constraints,
                prices,
                former_prices,
            })
        })
        .collect()
}

fn former_prices(entries: &[FormerEntry]) -> Result<Vec<FormerPrices>, String> {
    let mut former = entries
        .iter()
        .map(|entry| {
            let until = Timestamp::parse(&format!("{}T00:00:00Z", entry.until));
            let until = until.ok_or_else(|| format!("{} is no day", entry.until))?;
            Ok(FormerPrices { until, prices: Some(prices(&entry.pricing)?) })
        })
        .collect::<Result<Vec<_>, String>>()?;
    former.sort_by_key(|former| former.until);
    Ok(former)
}

/// The formats that the catalog's data calls so, and those that count for them. Of some that it names nothing is spoken here.
fn formats_named(name: &str) -> &'static [Format] {
    match name {
        "openai.chat" => &[Format::OpenAiChat],
        "openai.responses" => &[Format::OpenAiResponses, Format::OpenAiTokenCount],
        "openai.embeddings" => &[Format::OpenAiEmbeddings],
        "anthropic.messages" => &[Format::AnthropicMessages, Format::AnthropicTokenCount],
        "gemini.generate_content" => &[Format::Gemini, Format::GeminiTokenCount, Format::VertexTokenCount],
        // One text or several, the model is the same.
        "gemini.embed_content" => &[Format::GeminiBatchEmbedding, Format::GeminiEmbedding],
        "bedrock.converse" => &[Format::BedrockConverse],
        "cohere.v2_chat" => &[Format::CohereChat],
        "cohere.v2_embed" => &[Format::CohereEmbedding],
        "cohere.v2_rerank" => &[Format::CohereRerank, Format::BedrockRerank],
        _ => &[],
    }
}

fn prices(entry: &PricingEntry) -> Result<Prices, String> {
    let mut tiers = entry
        .tiers
        .iter()
        .map(|tier| Ok((tier.above_input_tokens, rates(&tier.rates, Some(&entry.base))?)))
        .collect::<Result<Vec<_>, String>>()?;
    tiers.sort_by_key(|(above, _)| *above);
    Ok(Prices { base: rates(&entry.base, None)?, tiers, units: units(&entry.units)? })
}

fn units(entry: &UnitsEntry) -> Result<UnitPrices, String> {
    let price = |text: &Option<String>, read: fn(&str) -> Option<PicoUsdPerToken>| {
        let price = text.as_deref().map(|text| read(text).ok_or_else(|| format!("{text} is no price"))).transpose();
        price.map(Option::unwrap_or_default)
    };
    Ok(UnitPrices {
        request: price(&entry.requests_per_1k, PicoUsdPerToken::from_usd_per_thousand)?,
        image: price(&entry.per_image, PicoUsdPerToken::from_usd)?,
        audio_second: price(&entry.per_input_second, PicoUsdPerToken::from_usd)?,
        character: price(&entry.per_input_character, PicoUsdPerToken::from_usd)?,
        query: price(&entry.per_query, PicoUsdPerToken::from_usd)?,
        web_search: price(&entry.web_search_per_1k, PicoUsdPerToken::from_usd_per_thousand)?,
    })
}

/// A tier names only the rates that change; the others are those of `base`.
fn rates(entry: &RatesEntry, base: Option<&RatesEntry>) -> Result<Rates, String> {
    let rate = |field: fn(&RatesEntry) -> &Option<String>| {
        let text = field(entry).as_deref().or_else(|| base.and_then(|base| field(base).as_deref()));
        text.map(|text| PicoUsdPerToken::from_usd_per_million(text).ok_or_else(|| format!("{text} is no price"))).transpose()
    };
    let output_image = rate(|entry| &entry.output_image_tokens)?;
    Ok(Rates {
        input: rate(|entry| &entry.input)?.unwrap_or_default(),
        // A model that has no other output makes images only.
        output: rate(|entry| &entry.output)?.or(output_image).unwrap_or_default(),
        cache_read: rate(|entry| &entry.cache_read)?,
        cache_write: rate(|entry| &entry.cache_write)?,
        cache_write_1h: rate(|entry| &entry.cache_write_1h)?,
        reasoning: rate(|entry| &entry.reasoning)?,
        input_image: rate(|entry| &entry.input_image_tokens)?,
        input_audio: rate(|entry| &entry.input_audio)?,
        output_image,
        output_audio: rate(|entry| &entry.output_audio)?,
    })
}
