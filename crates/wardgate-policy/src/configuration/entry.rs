//! What the texts of a document mean, given the providers and models that there are.

use std::sync::Arc;
use wardgate_model::model_string::{self, ModelString};
use wardgate_model::{Overlay, Provider, ResolveError, resolve};

/// The provider that a document names: by its id, or by that of the custom provider as a resource.
pub(crate) fn provider_named<'o>(text: &str, overlay: &'o Overlay) -> Option<&'o Arc<Provider>> {
    overlay.provider(text).or_else(|| overlay.provider_with_id(text.parse().ok()?))
}

/// What a text of the scope's models, or of a rule's model, stands for.
pub(crate) enum ModelEntry<'e> {
    /// `*`: every model.
    All,
    /// `provider:*`: every model of the provider.
    AllOf(&'e Arc<Provider>),
    /// `provider:model` or `provider:author/model`: one model of the provider, known or not. In which spellings it may come out of a
    /// plan is [`ids_at`].
    At(&'e Arc<Provider>, &'e str),
    /// `author/model`, or an id of the catalog: the model wherever the catalog says that it is served.
    Anywhere(&'e str),
}

/// Why an entry stands for nothing.
#[derive(Debug)]
pub(crate) enum BadEntry {
    /// A star elsewhere than where it means something.
    Pattern,
    /// Nothing of this name.
    Unknown(ResolveError),
}

impl<'e> ModelEntry<'e> {
    pub(crate) fn read(text: &'e str, overlay: &'e Overlay) -> Result<Self, BadEntry> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(ModelString::Qualified { provider, model }) =
            model_string::parse(text, |name| overlay.provider(name).is_some())
            && let Some(provider) = overlay.provider(provider)
        {
            return match model {
                "*" => Ok(Self::AllOf(provider)),
                model if model.contains('*') => Err(BadEntry::Pattern),
                model => Ok(Self::At(provider, model)),
            };
        }
        if text.contains('*') && !text.contains(':') {
            return Err(BadEntry::Pattern);
        }
        match resolve(text, overlay) {
            Ok(_) => Ok(Self::Anywhere(text)),
            Err(error) => Err(BadEntry::Unknown(error)),
        }
    }
}

/// The lower-case ids by which a model that a document names at a provider may come out of a plan: the one that is sent
/// upstream for it, and those of the catalog's entries whose id or `author/model` it is.
pub(crate) fn ids_at(provider: &Provider, model: &str, overlay: &Overlay) -> Vec<String> {
    let declared = provider.declared_models.iter().find(|declared| declared.id.eq_ignore_ascii_case(model));
    let mut ids = vec![declared.map_or(model, |declared| &declared.upstream_id).to_ascii_lowercase()];
    let known = overlay.catalog().models_named(model).iter().filter(|known| known.provider == provider.name);
    for id in known.map(|known| known.id.to_ascii_lowercase()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}
