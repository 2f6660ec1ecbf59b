//! The catalog as one account sees it: the built-in one, and its own providers over it.

use crate::base_url;
use crate::catalog::Catalog;
use crate::price::{Prices, Rates};
use crate::provider::{AuthScheme, DataPolicy, DeclaredModel, Endpoint, Origin, ParamNames, Provider};
use foldhash::HashMap;
use std::sync::Arc;
use wardgate_core::format::{Family, Format, Surface};
use wardgate_core::id::CustomProviderId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{CustomProvider, CustomSurface};

/// An account's view of providers and models. Immutable: a change makes a new one.
pub struct Overlay {
    catalog: Arc<Catalog>,
    custom: HashMap<ProviderName, Arc<Provider>>,
    custom_names: HashMap<CustomProviderId, ProviderName>,
}

impl Overlay {
    /// The view of an account with these providers.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, providers: &[CustomProvider]) -> Self {
        let custom = providers.iter().map(|provider| (provider.provider_name.clone(), Arc::new(describe(provider))));
        let custom_names = providers.iter().map(|provider| (provider.id, provider.provider_name.clone()));
        Self { catalog, custom: custom.collect(), custom_names: custom_names.collect() }
    }

    /// The built-in catalog below.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The provider of this name: the built-in one, else the account's own.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.catalog.provider(name).or_else(|| self.custom.get(name))
    }

    /// The account's own provider with this id as a resource, which configurations may name it by.
    #[must_use]
    pub fn provider_with_id(&self, id: CustomProviderId) -> Option<&Arc<Provider>> {
        self.provider(self.custom_names.get(&id)?.as_str())
    }

    /// All providers, the built-in ones first.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.catalog.providers().chain(self.custom.values())
    }
}

/// What a provider is taken to serve that does not say.
pub(crate) const DEFAULT_SURFACES: [Surface; 3] = [Surface::ChatCompletions, Surface::Completions, Surface::Embeddings];

/// A surface under a base URL.
pub(crate) struct Served<'s> {
    pub(crate) surface: Surface,
    pub(crate) format: Format,
    pub(crate) base_url: &'s str,
    pub(crate) auth: AuthScheme,
    pub(crate) supported_params: &'s [String],
}

impl Served<'_> {
    pub(crate) fn endpoint(&self) -> Arc<Endpoint> {
        let Self { surface, format, base_url, auth, supported_params } = *self;
        Arc::new(Endpoint {
            surface,
            format,
            url: base_url::join(base_url, surface, format).into(),
            stream_url: base_url::join_for_streams(base_url, format).map(Into::into),
            auth,
            supported_params: param_names(supported_params),
            unsupported_params: None,
            tools: Vec::new(),
        })
    }
}

fn describe(custom: &CustomProvider) -> Provider {
    let default = DEFAULT_SURFACES.map(CustomSurface::plain);
    let surfaces = if custom.surfaces.is_empty() { &default[..] } else { &custom.surfaces };
    let endpoints = surfaces.iter().map(|declared| {
        let &CustomSurface { surface, format, ref base_url, ref supported_params } = declared;
        let base_url = base_url.as_ref().unwrap_or(&custom.base_url);
        let auth = custom.auth_scheme.unwrap_or_else(|| likely_scheme(format, base_url));
        Served { surface, format, base_url, auth, supported_params }.endpoint()
    });
    let declared_models = custom.models.iter().map(|model| {
        let upstream_id = model.provider_model_id.as_ref().unwrap_or(&model.model_id);
        DeclaredModel {
            id: model.model_id.as_str().into(),
            upstream_id: upstream_id.as_str().into(),
            unsupported_params: param_names(&model.unsupported_params),
            prices: model.prices.map(|prices| Prices {
                base: Rates { input: prices.input, output: prices.output, ..Rates::default() },
                ..Prices::default()
            }),
        }
    });
    Provider {
        name: custom.provider_name.clone(),
        display_name: custom.display_name.clone(),
        origin: Origin::Tenant,
        endpoints: endpoints.collect(),
        environment_variable: None,
        key_shape: None,
        data_policy: DataPolicy::default(),
        headers: custom.headers.clone(),
        datacenters: Vec::new(),
        quirks: Vec::new(),
        declared_models: declared_models.collect(),
    }
}

/// How a key is most likely sent, for a provider that does not say. Azure's hosts have a header of their own, and for hosts
/// of the Messages format both usual ones are sent, since each takes one of them.
pub(crate) fn likely_scheme(format: Format, base_url: &str) -> AuthScheme {
    if base_url::is_azure(base_url) {
        return AuthScheme::ApiKey;
    }
    match format.family() {
        Family::Anthropic => AuthScheme::BearerAndXApiKey,
        Family::Google => AuthScheme::XGoogApiKey,
        // A pair of Amazon's keys signs, and an API key of Bedrock goes as a bearer's.
        Family::Bedrock => AuthScheme::AwsSigv4,
        Family::OpenAi | Family::Cohere => AuthScheme::Bearer,
    }
}

/// An empty list says nothing.
pub(crate) fn param_names(names: &[String]) -> Option<ParamNames> {
    (!names.is_empty()).then(|| Arc::new(names.iter().map(|name| name.as_str().into()).collect()))
}
