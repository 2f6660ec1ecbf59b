//! What a document names, so that the store keeps it from being deleted.

use super::document::Document;
use super::entry::{ModelEntry, provider_named};
use std::collections::BTreeSet;
use wardgate_core::configuration::References;
use wardgate_core::name::ProviderName;
use wardgate_model::Overlay;

impl Document {
    /// The provider keys and providers that stand in it, what is denied included: a denied provider that went and came back
    /// under its name must not come back allowed.
    #[must_use]
    pub fn references(&self, overlay: &Overlay) -> References {
        let mut provider_keys = BTreeSet::new();
        let mut providers: BTreeSet<ProviderName> = BTreeSet::new();
        if let Some(access) = &self.access {
            let by_provider = access.providers.iter().flat_map(|scope| scope.entries());
            providers.extend(by_provider.filter_map(|entry| Some(provider_named(entry, overlay)?.name.clone())));
            let by_model = access.models.iter().flat_map(|scope| scope.entries());
            providers.extend(by_model.filter_map(|entry| provider_of_model(entry, overlay)));
        }
        if let Some(router) = &self.router {
            provider_keys.extend(router.keys().map(|(_, id)| *id));
            for rule in &router.rules {
                let provider = rule.provider.as_deref().and_then(|provider| provider_named(provider, overlay));
                providers.extend(provider.map(|provider| provider.name.clone()));
                providers.extend(rule.model.as_deref().and_then(|model| provider_of_model(model, overlay)));
            }
        }
        References { provider_keys: provider_keys.into_iter().collect(), providers: providers.into_iter().collect() }
    }
}

fn provider_of_model(entry: &str, overlay: &Overlay) -> Option<ProviderName> {
    match ModelEntry::read(entry, overlay).ok()? {
        ModelEntry::AllOf(provider) | ModelEntry::At(provider, _) => Some(provider.name.clone()),
        ModelEntry::All | ModelEntry::Anywhere(_) => None,
    }
}
