//! The catalog as one account sees it: the built-in one, and its own providers over it.

use crate::base_url;
use crate::catalog::Catalog;
use crate::provider::{AuthScheme, Endpoint, Origin, Provider};
use std::collections::HashMap;
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::name::{ModelName, ProviderName};
use wardgate_core::provider::{CustomProvider, CustomSurface};

/// An account's view of providers and models. Immutable: a change makes a new one.
pub struct Overlay {
    catalog: Arc<Catalog>,
    custom: HashMap<ProviderName, Custom>,
}

struct Custom {
    provider: Arc<Provider>,
    models: Vec<DeclaredModel>,
}

/// A model that a custom provider declares.
#[derive(Debug, Clone)]
pub struct DeclaredModel {
    /// What clients write after the colon.
    pub id: ModelName,
    /// What is sent upstream.
    pub upstream_id: ModelName,
}

impl Overlay {
    /// The view of an account with these providers.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, providers: &[CustomProvider]) -> Self {
        let custom = providers
            .iter()
            .map(|provider| {
                let models = provider.models.iter().map(|model| {
                    let upstream_id = model.provider_model_id.as_ref().unwrap_or(&model.model_id);
                    DeclaredModel { id: model.model_id.as_str().into(), upstream_id: upstream_id.as_str().into() }
                });
                let custom = Custom { provider: Arc::new(describe(provider)), models: models.collect() };
                (provider.provider_name.clone(), custom)
            })
            .collect();
        Self { catalog, custom }
    }

    /// The built-in catalog below.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The provider of this name: the built-in one, else the account's own.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.catalog.provider(name).or_else(|| self.custom.get(name).map(|custom| &custom.provider))
    }

    /// The account's own providers.
    pub fn custom_providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.custom.values().map(|custom| &custom.provider)
    }

    /// The models that a custom provider declares; none for any other.
    #[must_use]
    pub fn declared_models(&self, provider: &str) -> &[DeclaredModel] {
        self.custom.get(provider).map_or(&[], |custom| custom.models.as_slice())
    }
}

fn describe(custom: &CustomProvider) -> Provider {
    let default = [CustomSurface { surface: Surface::ChatCompletions, base_url: None }];
    let surfaces = if custom.surfaces.is_empty() { &default[..] } else { &custom.surfaces };
    let endpoints = surfaces.iter().map(|declared| {
        let base_url = declared.base_url.as_ref().unwrap_or(&custom.base_url);
        Endpoint {
            surface: declared.surface,
            url: base_url::join(base_url, declared.surface.upstream_path()).into(),
            auth: match declared.surface {
                Surface::ChatCompletions => AuthScheme::Bearer,
                Surface::Messages => AuthScheme::BearerAndXApiKey,
            },
        }
    });
    Provider {
        name: custom.provider_name.clone(),
        display_name: custom.display_name.clone(),
        origin: Origin::Tenant,
        endpoints: endpoints.collect(),
        environment_variable: None,
        quirks: Vec::new(),
    }
}
