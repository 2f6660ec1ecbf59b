//! From what a client wrote to a provider and a model.

use crate::model::Model;
use crate::model_string::{self, ModelString};
use crate::nearest::nearest;
use crate::overlay::Overlay;
use crate::price::{Prices, Rates};
use crate::provider::{Endpoint, HostTool, Origin, ParamNames, Provider, Quirk};
use std::sync::Arc;
use wardgate_core::format::{Format, Surface};
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::name::ModelName;

/// A provider and a model to ask it for.
#[derive(Debug, Clone)]
pub struct Target {
    /// Whom.
    pub provider: Arc<Provider>,
    /// The model in the provider's own spelling.
    pub model: ModelName,
    /// What the catalog knows of it, if anything.
    pub known: Option<Arc<Model>>,
    /// The parameters that it does not take, where its provider declares it so.
    pub unsupported_params: Option<ParamNames>,
}

impl Target {
    /// A model of the catalog, at the provider that it is listed for.
    #[must_use]
    pub fn of(provider: &Arc<Provider>, model: &Arc<Model>) -> Self {
        let (provider, known) = (Arc::clone(provider), Some(Arc::clone(model)));
        Self { provider, model: Arc::clone(&model.id), known, unsupported_params: None }
    }

    /// Whether another target of the same account is the same model of the same provider.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        // An account's providers are one and the same where their names are.
        Arc::ptr_eq(&self.provider, &other.provider) && self.model == other.model
    }

    /// What its host runs for it at an endpoint. Hosts charge for searches, so a model that searches is one that has a price for
    /// them; of a provider that is not built in nothing more is known.
    #[must_use]
    pub fn runs(&self, endpoint: &Endpoint, tool: HostTool) -> bool {
        let has_price = self.prices().is_some_and(|prices| prices.units.web_search > PicoUsdPerToken::ZERO);
        let is_listed = match self.provider.origin {
            Origin::BuiltIn => {
                // Among OpenAI's models, those made for it alone search in Chat Completions.
                endpoint.tools.contains(&tool)
                    || tool == HostTool::WebSearch
                        && endpoint.format == Format::OpenAiChat
                        && self.provider.has_quirk(Quirk::MaxCompletionTokens)
                        && self.model.contains("-search-")
            }
            Origin::Operator | Origin::Tenant => tool == HostTool::WebSearch,
        };
        has_price && is_listed
    }

    /// An endpoint that runs certain tools for it and answers a surface.
    #[must_use]
    pub fn endpoint_that_runs(&self, surface: Surface, tools: &[HostTool]) -> Option<&Arc<Endpoint>> {
        let formats = self.known.as_ref().map(|known| &known.formats).filter(|formats| !formats.is_empty());
        self.provider.endpoints.iter().find(|endpoint| {
            surface.format().is_answered_by(endpoint.format)
                && endpoint.surface.format() == endpoint.format
                && formats.is_none_or(|formats| formats.contains(&endpoint.format))
                && tools.iter().all(|tool| self.runs(endpoint, *tool))
        })
    }

    /// What it costs, by the catalog or as its tenant declares.
    fn prices(&self) -> Option<&Prices> {
        match &self.known {
            Some(known) => known.prices.as_ref(),
            None => {
                let declared = self.provider.declared_models.iter().find(|declared| declared.upstream_id == self.model);
                declared.and_then(|declared| declared.prices.as_ref())
            }
        }
    }

    /// What an input of this many tokens and its output cost, by the catalog or as its tenant declares; none when that is not known.
    /// Only a provider of the tenant or the operator is free without a price.
    #[must_use]
    pub fn rates(&self, input_tokens: u64) -> Option<Rates> {
        match (self.prices(), self.provider.origin) {
            (Some(prices), _) => Some(*prices.rates_for(input_tokens)),
            (None, Origin::Operator | Origin::Tenant) => Some(Rates::default()),
            (None, Origin::BuiltIn) => None,
        }
    }

    /// Where it is asked on a surface: of the provider's endpoints one whose format the model is known to understand, before any
    /// other. Completions are in no list of formats, so they are left to the provider.
    #[must_use]
    pub fn endpoint(&self, surface: Surface) -> Option<&Arc<Endpoint>> {
        let formats = self.known.as_ref().map(|known| &known.formats).filter(|formats| !formats.is_empty());
        let is_spoken = |format| format == Format::OpenAiCompletions || formats.is_none_or(|formats| formats.contains(&format));
        self.provider.endpoint_where(surface, is_spoken).or_else(|| self.provider.endpoint(surface))
    }
}

/// Why a model string leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nothing or white space where a name must be.
    #[error("the model string {text:?} is not well formed: write a model, or provider:model, without white space around")]
    Malformed {
        /// What was written.
        text: String,
    },
    /// A prefix that looks like a provider but is none this account knows.
    #[error("there is no provider {prefix:?}{}", did_you_mean(nearest.as_deref()))]
    UnknownProvider {
        /// What stands before the colon.
        prefix: String,
        /// A provider that may have been meant.
        nearest: Option<String>,
    },
    /// A bare name that no catalog entry has.
    #[error("there is no model {text:?}{}", hint(text, nearest.as_deref()))]
    UnknownModel {
        /// What was written.
        text: String,
        /// A model that may have been meant.
        nearest: Option<String>,
    },
    /// A colon with neither a provider before it nor a model in the whole.
    #[error("{text:?} is neither a model nor provider:model{}", did_you_mean(nearest.as_deref()))]
    Neither {
        /// What was written.
        text: String,
        /// A model that may have been meant.
        nearest: Option<String>,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

fn hint(text: &str, nearest: Option<&str>) -> String {
    let router = if text.contains('/') { format!("; on OpenRouter it would be \"openrouter:{text}\"") } else { String::new() };
    did_you_mean(nearest) + &router
}

/// Looks a model string up for an account.
///
/// # Errors
/// See [`ResolveError`].
pub fn resolve(text: &str, overlay: &Overlay) -> Result<Arc<Target>, ResolveError> {
    match model_string::parse(text, |name| overlay.provider(name).is_some()) {
        None => Err(ResolveError::Malformed { text: clip(text) }),
        Some(ModelString::Qualified { provider, model }) => match overlay.provider(provider) {
            Some(provider) => Ok(at_provider(provider, model, overlay)),
            None => Err(unknown(text, overlay)),
        },
        Some(ModelString::Bare(name)) => {
            overlay.catalog().targets_named(name).first().cloned().ok_or_else(|| unknown(name, overlay))
        }
    }
}

/// Looks a model string up for an account, and finds the model at every provider that the catalog lists it for, the preferred one
/// first. A string that names its provider means no other.
///
/// # Errors
/// See [`ResolveError`].
pub fn hosts(text: &str, overlay: &Overlay, mut found: impl FnMut(Arc<Target>)) -> Result<(), ResolveError> {
    let first = resolve(text, overlay)?;
    let is_bare = matches!(model_string::parse(text, |name| overlay.provider(name).is_some()), Some(ModelString::Bare(_)));
    let known = first.known.clone().filter(|_| is_bare);
    found(first);
    let Some(known) = known else { return Ok(()) };
    let is_another = |other: &Arc<Model>| {
        let is_alike = other.slug == known.slug || other.slug.eq_ignore_ascii_case(&known.slug);
        is_alike && other.is_offered && !Arc::ptr_eq(other, &known)
    };
    let named = overlay.catalog().targets_named(&known.slug).iter();
    named.filter(|target| target.known.as_ref().is_some_and(is_another)).cloned().for_each(found);
    Ok(())
}

/// A model that its provider is asked for by name. One that is not catalogued is passed on: the provider decides.
fn at_provider(provider: &Arc<Provider>, model: &str, overlay: &Overlay) -> Arc<Target> {
    let declared = provider.declared_models.iter().find(|declared| declared.id.eq_ignore_ascii_case(model));
    let known = overlay.catalog().model_at(provider.name.as_str(), model).cloned();
    let spelled = match (declared, &known) {
        (Some(declared), _) => Arc::clone(&declared.upstream_id),
        (None, Some(known)) => Arc::clone(&known.id),
        (None, None) => model.into(),
    };
    let unsupported_params = declared.and_then(|declared| declared.unsupported_params.clone());
    Arc::new(Target { provider: Arc::clone(provider), model: spelled, known, unsupported_params })
}

fn unknown(text: &str, overlay: &Overlay) -> ResolveError {
    let text = clip(text);
    let catalog = overlay.catalog();
    let models = || catalog.models().iter().flat_map(|model| [&*model.id, model.slug.as_str()]);
    let Some((prefix, rest)) = text.split_once(':') else {
        let nearest = nearest(&text, models()).map(str::to_owned);
        return ResolveError::UnknownModel { text, nearest };
    };
    let providers = overlay.providers().map(|provider| provider.name.as_str());
    let near_provider = nearest(prefix, providers).map(str::to_owned);
    if near_provider.is_some() || !catalog.models_named(rest).is_empty() {
        return ResolveError::UnknownProvider { prefix: prefix.to_owned(), nearest: near_provider };
    }
    let nearest = nearest(&text, models()).map(str::to_owned);
    ResolveError::Neither { text, nearest }
}

/// What is shown of a model string in an error, which may be megabytes of nonsense.
fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use wardgate_core::id::{AccountId, CustomModelId, CustomProviderId};
    use wardgate_core::name::ProviderName;
    use wardgate_core::provider::{CustomModel, CustomProvider};
    use wardgate_core::stamp::Stamp;
    use wardgate_core::time::Timestamp;

    fn custom(name: &str, models: &[(&str, Option<&str>)]) -> CustomProvider {
        CustomProvider {
            id: CustomProviderId::from_bytes([1; 16]),
            account_id: AccountId::from_bytes([1; 16]),
            provider_name: ProviderName::new(name).unwrap_or_else(|error| panic!("{error}")),
            display_name: name.to_owned(),
            base_url: "http://127.0.0.1:1".to_owned(),
            metadata: None,
            auth_scheme: None,
            headers: Vec::new(),
            surfaces: Vec::new(),
            models: models
                .iter()
                .map(|(id, upstream)| CustomModel {
                    id: CustomModelId::from_bytes([1; 16]),
                    model_id: (*id).to_owned(),
                    provider_model_id: upstream.map(str::to_owned),
                    unsupported_params: Vec::new(),
                    prices: None,
                })
                .collect(),
            stamp: Stamp::first(Timestamp::from_unix_millis(0), "nobody"),
        }
    }

    fn overlay() -> Overlay {
        let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        Overlay::new(
            Arc::new(catalog),
            &[custom("ollama", &[("llama3.2", None), ("big", Some("llama3.2:70b"))]), custom("azure-eastus", &[])],
        )
    }

    fn check(text: &str, expected: &Expect) {
        let found = match resolve(text, &overlay()) {
            Ok(target) => format!("{} / {}", target.provider.name, target.model),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn bare_names_are_looked_up_whole() {
        check("gpt-4o", &expect!["openai / gpt-4o"]);
        check("GPT-4O", &expect!["openai / gpt-4o"]);
        check("openai/gpt-5.5", &expect!["openai / gpt-5.5"]);
        check("openai/gpt-oss-120b", &expect!["groq / openai/gpt-oss-120b"]);
        check(
            "meta-llama/llama-3.3-70b-versatile",
            &expect![[
                r#"there is no model "meta-llama/llama-3.3-70b-versatile"; on OpenRouter it would be "openrouter:meta-llama/llama-3.3-70b-versatile""#
            ]],
        );
    }

    #[test]
    fn a_known_provider_gets_what_was_written_after_it() {
        check("openai:GPT-4o", &expect!["openai / gpt-4o"]);
        check("openai:some-new-model", &expect!["openai / some-new-model"]);
        check("openrouter:anthropic/claude-3.5-sonnet", &expect!["openrouter / anthropic/claude-3.5-sonnet"]);
        check("openrouter:google/gemma-2-9b-it:free", &expect!["openrouter / google/gemma-2-9b-it:free"]);
        check("ollama:llama3.2:1b", &expect!["ollama / llama3.2:1b"]);
        check("ollama:big", &expect!["ollama / llama3.2:70b"]);
        check("azure-eastus:gpt-4o", &expect!["azure-eastus / gpt-4o"]);
    }

    #[test]
    fn what_leads_nowhere_says_what_may_have_been_meant() {
        check("gpt-4a", &expect![[r#"there is no model "gpt-4a"; did you mean "gpt-4o"?"#]]);
        check("OpenAI:gpt-4o", &expect![[r#"there is no provider "OpenAI"; did you mean "openai"?"#]]);
        check("opnai:gpt-4o", &expect![[r#"there is no provider "opnai"; did you mean "openai"?"#]]);
        check("foo:bar", &expect![[r#""foo:bar" is neither a model nor provider:model"#]]);
        check("llama3.2:1b", &expect![[r#""llama3.2:1b" is neither a model nor provider:model"#]]);
        check(
            "",
            &expect![[
                r#"the model string "" is not well formed: write a model, or provider:model, without white space around"#
            ]],
        );
        check(
            "openai:",
            &expect![[
                r#"the model string "openai:" is not well formed: write a model, or provider:model, without white space around"#
            ]],
        );
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in ".{0,80}") {
            thread_local! {
                static OVERLAY: Overlay = overlay();
            }
            OVERLAY.with(|overlay| { let _ = resolve(&text, overlay); });
        }
    }
}
