//! The scope, compiled.
//!
//! What is checked is the final provider and model of a candidate, never the text of the client: however a model is written, it
//! comes out as the same pair. `allow` reads narrowly and `deny` widely. An entry without a provider allows the model where the
//! catalog says that it is served, and nothing else that happens to be called the same; it denies that as well. And at a
//! built-in provider, where what follows a colon chooses how a model is served (`:free`, `:nitro`), denying a model denies it
//! with every such ending.

use super::lower;
use crate::configuration;
use crate::configuration::{ModelEntry, ids_at, provider_named};
use foldhash::{HashMap, HashSet};
use wardgate_core::name::ProviderName;
use wardgate_model::{Origin, Overlay, Provider};

/// The dimension of the scope that something is outside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfScope {
    /// The provider.
    Provider,
    /// The model, although the provider is inside.
    Model,
}

#[derive(Debug, Default)]
pub(super) struct Access {
    providers: Dimension<Providers>,
    models: Dimension<Models>,
}

#[derive(Debug, Default)]
struct Dimension<S> {
    /// None: everything.
    allow: Option<S>,
    deny: S,
}

/// A set of providers.
#[derive(Debug, Default)]
struct Providers {
    all: bool,
    names: HashSet<ProviderName>,
}

/// A set of models.
#[derive(Debug, Default)]
struct Models {
    all: bool,
    at: HashMap<ProviderName, ModelsAt>,
    /// In lower case, whatever the provider.
    anywhere: HashSet<String>,
}

/// A set of models of one provider.
#[derive(Debug, Default)]
struct ModelsAt {
    all: bool,
    /// In lower case.
    ids: HashSet<String>,
}

impl Access {
    pub(super) fn compile(access: &configuration::Access, overlay: &Overlay) -> Self {
        let dimension = |scope: &Option<configuration::Scope>| scope.clone().unwrap_or_default();
        let (providers, models) = (dimension(&access.providers), dimension(&access.models));
        Self {
            providers: Dimension {
                allow: providers.allow.map(|entries| Providers::compile(&entries, overlay)),
                deny: Providers::compile(&providers.deny.unwrap_or_default(), overlay),
            },
            models: Dimension {
                allow: models.allow.map(|entries| Models::allowed(&entries, overlay)),
                deny: Models::denied(&models.deny.unwrap_or_default(), overlay),
            },
        }
    }

    pub(super) fn allows(&self, provider: &Provider, model: &str) -> Result<(), OutOfScope> {
        let Dimension { allow, deny } = &self.providers;
        if deny.has(provider) || allow.as_ref().is_some_and(|allow| !allow.has(provider)) {
            return Err(OutOfScope::Provider);
        }
        let Dimension { allow, deny } = &self.models;
        let model = lower(model);
        if deny.has_with_ending(provider, &model) || allow.as_ref().is_some_and(|allow| !allow.has(provider, &model)) {
            return Err(OutOfScope::Model);
        }
        Ok(())
    }
}

impl Providers {
    fn compile(entries: &[String], overlay: &Overlay) -> Self {
        let names = entries.iter().filter_map(|entry| Some(provider_named(entry, overlay)?.name.clone()));
        Self { all: entries.iter().any(|entry| entry == "*"), names: names.collect() }
    }

    fn has(&self, provider: &Provider) -> bool {
        self.all || self.names.contains(&provider.name)
    }
}

impl Models {
    /// What entries allow.
    fn allowed(entries: &[String], overlay: &Overlay) -> Self {
        let mut models = Self::default();
        for entry in entries {
            models.add(entry, overlay);
        }
        models
    }

    /// What entries deny.
    fn denied(entries: &[String], overlay: &Overlay) -> Self {
        let mut models = Self::default();
        for entry in entries {
            if models.add(entry, overlay) {
                continue;
            }
            models.anywhere.insert(entry.to_ascii_lowercase());
            for model in overlay.catalog().models_named(entry) {
                models.add(&model.slug, overlay);
            }
            for provider in overlay.providers() {
                for declared in provider.declared_models.iter().filter(|declared| declared.id.eq_ignore_ascii_case(entry)) {
                    models.at(&provider.name).ids.insert(declared.upstream_id.to_ascii_lowercase());
                }
            }
        }
        models
    }

    /// Adds an entry, and says whether it names its provider.
    fn add(&mut self, entry: &str, overlay: &Overlay) -> bool {
        match ModelEntry::read(entry, overlay) {
            Ok(ModelEntry::All) => self.all = true,
            Ok(ModelEntry::AllOf(provider)) => self.at(&provider.name).all = true,
            Ok(ModelEntry::At(provider, model)) => self.at(&provider.name).ids.extend(ids_at(provider, model, overlay)),
            Ok(ModelEntry::Anywhere(name)) => {
                for model in overlay.catalog().models_named(name) {
                    self.at(&model.provider).ids.insert(model.id.to_ascii_lowercase());
                }
                return false;
            }
            Err(_) => return false,
        }
        true
    }

    fn at(&mut self, provider: &ProviderName) -> &mut ModelsAt {
        self.at.entry(provider.clone()).or_default()
    }

    fn has(&self, provider: &Provider, model: &str) -> bool {
        let at = || self.at.get(&provider.name).is_some_and(|at| at.all || at.ids.contains(model));
        self.all || at() || self.anywhere.contains(model)
    }

    /// The same, and whether it has the model without one of its endings.
    fn has_with_ending(&self, provider: &Provider, model: &str) -> bool {
        let without_ending = || model.match_indices(':').any(|(end, _)| self.has(provider, &model[..end]));
        self.has(provider, model) || provider.origin == Origin::BuiltIn && without_ending()
    }
}
