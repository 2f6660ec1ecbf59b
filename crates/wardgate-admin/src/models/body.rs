//! A model as the listing shows it.

use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::format::Surface;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_model::price::{Prices, Rates};
use wardgate_model::{Ability, DeclaredModel, Model, Provider};

/// The listing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Models")]
pub(super) struct ModelsBody {
    object: &'static str,
    data: Vec<ModelBody>,
}

/// A model.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Model")]
pub(super) struct ModelBody {
    /// What clients write.
    id: String,
    slug: String,
    name: String,
    object: &'static str,
    /// `ngrok` for a model of the catalog, `organization_owned` for one of a custom provider.
    owned_by: &'static str,
    /// In Unix seconds; 0 when it is not known.
    created: u64,
    architecture: Architecture,
    /// Who serves it.
    providers: Vec<ModelProvider>,
}

/// What goes in and comes out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelArchitecture")]
struct Architecture {
    modality: &'static str,
    input_modalities: Vec<&'static str>,
    output_modalities: Vec<&'static str>,
}

/// A model at one provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelProvider")]
struct ModelProvider {
    /// `provider:model`.
    model_id: String,
    id: String,
    display_name: String,
    /// In tokens; 0 when it is not known.
    context_length: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    supports_implicit_caching: bool,
    /// What it is known to take and do: `images`, `files`, `audio`, `video`, `tools`, `json_schema`, `reasoning`.
    supported_features: Vec<&'static str>,
    status: &'static str,
    pricing: Pricing,
    supported_api_formats: Vec<ApiFormat>,
}

/// What it costs. Without rates, the price is not known.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelPricing")]
struct Pricing {
    currency: &'static str,
    rates: Vec<Rate>,
}

/// The price of one kind of token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelRate")]
struct Rate {
    #[serde(rename = "type")]
    kind: &'static str,
    unit: &'static str,
    /// In dollars.
    price: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Conditions>,
}

/// When a rate holds.
#[derive(Serialize, JsonSchema, Clone)]
#[schemars(rename = "ModelRateConditions")]
struct Conditions {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
    /// For inputs of at least this many tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_input_tokens: Option<u64>,
}

/// A surface on which a model is served.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelApiFormat")]
struct ApiFormat {
    format: &'static str,
    name: &'static str,
    path: String,
    parameters: Vec<String>,
}

impl ModelsBody {
    pub(super) fn new(data: Vec<ModelBody>) -> Self {
        Self { object: "list", data }
    }
}

impl ModelBody {
    /// A model of the catalog, with who serves it; none if nobody does.
    pub(super) fn catalogued(served: &[(&Model, &Provider)]) -> Option<Self> {
        let (model, _) = served.first()?;
        let output = if model.is_chat { "text" } else { "other" };
        Some(Self {
            id: model.slug.clone(),
            slug: model.slug.rsplit('/').next().unwrap_or_default().to_owned(),
            name: model.display_name.clone(),
            object: "model",
            owned_by: "ngrok",
            created: 0,
            architecture: Architecture {
                modality: if model.is_chat { "text->text" } else { "text->other" },
                input_modalities: vec!["text"],
                output_modalities: vec![output],
            },
            providers: served.iter().map(|(model, provider)| ModelProvider::catalogued(model, provider)).collect(),
        })
    }

    /// A model that a custom provider declares.
    pub(super) fn declared(provider: &Provider, model: &DeclaredModel) -> Self {
        let id = format!("{}:{}", provider.name, model.id);
        Self {
            id: id.clone(),
            slug: model.id.to_string(),
            name: format!("{} {}", provider.display_name, model.id),
            object: "model",
            owned_by: "organization_owned",
            created: 0,
            architecture: Architecture {
                modality: "text->text",
                input_modalities: vec!["text"],
                output_modalities: vec!["text"],
            },
            providers: vec![ModelProvider {
                model_id: id,
                id: provider.name.to_string(),
                display_name: provider.display_name.clone(),
                context_length: 0,
                max_completion_tokens: None,
                supports_implicit_caching: false,
                supported_features: Vec::new(),
                status: "active",
                pricing: Pricing { currency: "USD", rates: Vec::new() },
                supported_api_formats: formats(provider),
            }],
        }
    }
}

impl ModelProvider {
    fn catalogued(model: &Model, provider: &Provider) -> Self {
        let prices = model.prices.as_ref();
        Self {
            model_id: format!("{}:{}", model.provider, model.id),
            id: provider.name.to_string(),
            display_name: provider.display_name.clone(),
            context_length: model.context_window.unwrap_or(0),
            max_completion_tokens: model.output_tokens_max,
            supported_features: model.abilities.can.iter().map(Ability::name).collect(),
            supports_implicit_caching: prices.is_some_and(|prices| prices.base.cache_read.is_some()),
            status: "active",
            pricing: Pricing { currency: "USD", rates: prices.map(rates).unwrap_or_default() },
            supported_api_formats: if model.is_chat { formats(provider) } else { Vec::new() },
        }
    }
}

fn formats(provider: &Provider) -> Vec<ApiFormat> {
    let format = |surface: Surface| ApiFormat {
        format: surface.format().family().name(),
        name: surface.name(),
        path: format!("{}{}", surface.upstream_version(), surface.upstream_path()),
        parameters: Vec::new(),
    };
    let mut surfaces: Vec<Surface> = Vec::new();
    for endpoint in &provider.endpoints {
        // One surface may be served in several formats.
        if !surfaces.contains(&endpoint.surface) {
            surfaces.push(endpoint.surface);
        }
    }
    surfaces.into_iter().map(format).collect()
}

fn rates(prices: &Prices) -> Vec<Rate> {
    let mut rates = rates_of(&prices.base, None);
    for (above, tier) in &prices.tiers {
        rates.extend(rates_of(tier, Some(above + 1)));
    }
    rates
}

fn rates_of(of: &Rates, min_input_tokens: Option<u64>) -> Vec<Rate> {
    let rate = |kind, price: Option<PicoUsdPerToken>, ttl| {
        let conditions = Conditions { ttl, min_input_tokens };
        let is_bound = ttl.is_some() || min_input_tokens.is_some();
        Some(Rate { kind, unit: "token", price: dollars(price?), conditions: is_bound.then_some(conditions) })
    };
    let rates = [
        rate("prompt", Some(of.input), None),
        rate("completion", Some(of.output), None),
        rate("input_cache_read", of.cache_read, None),
        rate("input_cache_write", of.cache_write, None),
        rate("input_cache_write", of.cache_write_1h, Some("1h")),
        rate("internal_reasoning", of.reasoning, None),
    ];
    rates.into_iter().flatten().collect()
}

/// Dollars for one token, exactly.
fn dollars(price: PicoUsdPerToken) -> String {
    let pico = price.times(1);
    let text = format!("{}.{:012}", pico / 1_000_000_000_000, pico % 1_000_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_of_a_token_are_exact() {
        for (per_million, per_token) in [("3", "0.000003"), ("0.0375", "0.0000000375"), ("0", "0"), ("1000000", "1")] {
            let price = PicoUsdPerToken::from_usd_per_million(per_million).unwrap();
            assert_eq!(dollars(price), per_token);
        }
    }
}
