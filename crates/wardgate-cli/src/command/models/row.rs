//! A model at a provider, from the catalog or from a gateway's listing.

use serde_json::{Value, json};
use wardgate_core::money::PicoUsdPerToken;
use wardgate_model::price::Rates;
use wardgate_model::{Ability, Model};

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// `provider:model`.
    pub(super) id: String,
    /// `author/slug`, by which it is the same at every provider.
    slug: String,
    name: String,
    pub(super) provider: String,
    pub(super) author: String,
    pub(super) context_window: Option<u64>,
    output_tokens_max: Option<u64>,
    pub(super) input_price: Option<PicoUsdPerToken>,
    pub(super) output_price: Option<PicoUsdPerToken>,
    cache_read_price: Option<PicoUsdPerToken>,
    pub(super) can: Vec<String>,
}

impl Row {
    /// Of the catalog.
    pub(super) fn of(model: &Model) -> Self {
        let rates = model.prices.as_ref().map(|prices| &prices.base);
        Self {
            id: format!("{}:{}", model.provider, model.id),
            slug: model.slug.clone(),
            name: model.display_name.clone(),
            provider: model.provider.to_string(),
            author: model.author.clone(),
            context_window: model.context_window,
            output_tokens_max: model.output_tokens_max,
            input_price: rates.map(|rates| rates.input),
            output_price: rates.map(|rates| rates.output),
            cache_read_price: rates.and_then(|rates| rates.cache_read),
            can: model.abilities.can.iter().map(|ability: Ability| ability.name().to_owned()).collect(),
        }
    }

    /// Of a listing, at each provider that serves it.
    pub(super) fn of_listed(model: &Value) -> Vec<Self> {
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let slug = text(model, "id");
        // A model of the account's own has no author.
        let author = slug.split_once('/').map_or("", |(author, _)| author).to_owned();
        let served = model.get("providers").and_then(Value::as_array).into_iter().flatten();
        served
            .map(|served| Self {
                id: text(served, "model_id"),
                slug: slug.clone(),
                name: text(model, "name"),
                provider: text(served, "id"),
                author: author.clone(),
                context_window: served.get("context_length").and_then(Value::as_u64).filter(|tokens| *tokens > 0),
                output_tokens_max: served.get("max_completion_tokens").and_then(Value::as_u64),
                input_price: rate(served, "prompt"),
                output_price: rate(served, "completion"),
                cache_read_price: rate(served, "input_cache_read"),
                can: served.get("supported_features").map(texts).unwrap_or_default(),
            })
            .collect()
    }

    /// Whether a text is in one of its names.
    pub(super) fn is_called(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        [&self.id, &self.slug, &self.name].iter().any(|name| name.to_lowercase().contains(&text))
    }

    /// What a usual mixture costs, for comparing.
    pub(super) fn blended(&self) -> Option<u64> {
        Some(Rates { input: self.input_price?, output: self.output_price?, ..Rates::default() }.blended())
    }

    pub(super) fn shown(&self) -> Value {
        let dollars = |price: Option<PicoUsdPerToken>| price.map(PicoUsdPerToken::to_usd_per_million);
        json!({
            "id": self.id,
            "slug": self.slug,
            "name": self.name,
            "provider": self.provider,
            "author": self.author,
            "contextWindow": self.context_window,
            "maxOutputTokens": self.output_tokens_max,
            "inputPrice": dollars(self.input_price),
            "outputPrice": dollars(self.output_price),
            "cacheReadPrice": dollars(self.cache_read_price),
            "can": self.can,
        })
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The price of one kind of token that holds for every request.
fn rate(served: &Value, kind: &str) -> Option<PicoUsdPerToken> {
    let rates = served.get("pricing")?.get("rates")?.as_array()?;
    let rate = rates.iter().find(|rate| rate.get("type").is_some_and(|own| own == kind) && rate.get("conditions").is_none())?;
    per_token(rate.get("price")?.as_str()?)
}

/// Reads dollars for one token.
fn per_token(text: &str) -> Option<PicoUsdPerToken> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > 12 {
        return None;
    }
    let (whole, fraction): (u64, u64) = (whole.parse().ok()?, format!("{fraction:0<12}").parse().ok()?);
    whole.checked_mul(1_000_000_000_000)?.checked_add(fraction).map(PicoUsdPerToken::new)
}
