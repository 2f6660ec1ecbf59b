//! The providers and models that this program knows of by itself.

use crate::data;
use crate::load::{self, LoadError};
use crate::model::Model;
use crate::provider::Provider;
use crate::resolve::Target;
use foldhash::HashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use wardgate_core::name::ProviderName;

/// Built-in providers and catalogued models, immutable once made.
#[derive(Default)]
pub struct Catalog {
    /// In the order in which they are listed.
    providers: BTreeMap<ProviderName, Arc<Provider>>,
    /// The same, to look one up in every request.
    providers_by_name: HashMap<ProviderName, Arc<Provider>>,
    models: Vec<Arc<Model>>,
    /// Lower-case id or slug to the models that have it, the preferred one first.
    by_name: HashMap<String, Vec<Arc<Model>>>,
    /// The same, ready to be asked, so that a request makes nothing of its own for them. Made at the first look, since providers and
    /// models come one after the other.
    targets: OnceLock<HashMap<String, Vec<Arc<Target>>>>,
}

impl Catalog {
    /// The catalog that is built into the binary.
    ///
    /// # Errors
    /// When a data file is malformed, which the tests of this crate exclude.
    pub fn built_in() -> Result<Self, LoadError> {
        let mut catalog = Self::default();
        for text in data::PROVIDERS {
            catalog.add_provider(load::provider(text)?);
        }
        let mut constraints = load::constraints(data::CONSTRAINTS)?;
        for text in data::MODELS {
            for model in load::models(text, &mut constraints)? {
                catalog.add_model(model);
            }
        }
        Ok(catalog)
    }

    /// Adds a provider, in place of one of the same name.
    pub fn add_provider(&mut self, provider: Provider) {
        self.targets.take();
        let provider = Arc::new(provider);
        self.providers_by_name.insert(provider.name.clone(), Arc::clone(&provider));
        self.providers.insert(provider.name.clone(), provider);
    }

    /// Adds a model. Among models of one name the order is by [`preference`], then by order of adding.
    pub fn add_model(&mut self, model: Model) {
        self.targets.take();
        let model = Arc::new(model);
        self.models.push(Arc::clone(&model));
        let (id, slug) = (model.id.to_lowercase(), model.slug.to_lowercase());
        let names = if id == slug { vec![id] } else { vec![id, slug] };
        for name in names {
            let same = self.by_name.entry(name).or_default();
            let at = same.partition_point(|other| preference(other) <= preference(&model));
            same.insert(at, Arc::clone(&model));
        }
    }

    /// Adds a model, or puts it in the place of the one that its provider has by this id.
    pub(crate) fn put_model(&mut self, model: Model) {
        let Some(known) = self.model_at(model.provider.as_str(), &model.id).cloned() else { return self.add_model(model) };
        self.targets.take();
        let model = Arc::new(model);
        for name in [model.id.to_lowercase(), model.slug.to_lowercase()] {
            let same = self.by_name.get_mut(&name).into_iter().flatten();
            same.filter(|other| Arc::ptr_eq(other, &known)).for_each(|other| *other = Arc::clone(&model));
        }
        self.models.iter_mut().filter(|other| Arc::ptr_eq(other, &known)).for_each(|other| *other = Arc::clone(&model));
    }

    /// The provider of this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers_by_name.get(name)
    }

    /// All providers, by name.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.values()
    }

    /// All models.
    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// The models with this id or `author/slug`, whatever the case, the preferred one first.
    #[must_use]
    pub fn models_named(&self, name: &str) -> &[Arc<Model>] {
        named(&self.by_name, name)
    }

    /// The same at their providers, without those whose provider is not there.
    #[must_use]
    pub fn targets_named(&self, name: &str) -> &[Arc<Target>] {
        let target = |model: &Arc<Model>| Some(Arc::new(Target::of(self.provider(model.provider.as_str())?, model)));
        let targets = |models: &Vec<Arc<Model>>| models.iter().filter_map(target).collect();
        let made = || self.by_name.iter().map(|(name, models)| (name.clone(), targets(models))).collect();
        named(self.targets.get_or_init(made), name)
    }

    /// What is known of a model at a provider.
    #[must_use]
    pub fn model_at(&self, provider: &str, id: &str) -> Option<&Arc<Model>> {
        self.models_named(id).iter().find(|model| model.provider.as_str() == provider && model.id.eq_ignore_ascii_case(id))
    }
}

/// What is listed under a name in lower case.
fn named<'l, T>(list: &'l HashMap<String, Vec<T>>, name: &str) -> &'l [T] {
    let is_upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
    let found = if is_upper { list.get(&name.to_lowercase()) } else { list.get(name) };
    found.map_or(&[], Vec::as_slice)
}

/// Who serves a bare name that several providers have: the model's own maker, then Groq, then any other host, then routers
/// that would forward it again.
fn preference(model: &Model) -> u8 {
    match model.provider.as_str() {
        "openrouter" | "huggingface" => 3,
        provider if provider == model.author => 0,
        "groq" => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_data_is_sound() {
        let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        assert!(catalog.providers().count() >= 25);
        for model in catalog.models() {
            assert!(catalog.provider(model.provider.as_str()).is_some(), "{} has no provider", model.id);
            assert!(catalog.model_at(model.provider.as_str(), &model.id).is_some(), "{} is not found again", model.id);
            assert!(model.abilities.can.both(model.abilities.cannot).is_empty(), "{} both can and cannot", model.id);
        }
        for provider in catalog.providers() {
            assert!(
                !provider.endpoints.is_empty()
                    && provider.endpoints.iter().all(|endpoint| endpoint.url.starts_with("https://"))
            );
        }
    }

    #[test]
    fn a_name_that_several_have_goes_to_the_preferred_one() {
        let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
        let first = |name: &str| catalog.models_named(name).first().map(|model| model.provider.to_string());
        assert_eq!(first("gpt-4o").as_deref(), Some("openai"));
        assert_eq!(first("GPT-4O").as_deref(), Some("openai"));
        assert_eq!(first("openai/gpt-oss-120b").as_deref(), Some("groq"));
        assert_eq!(first("openai/gpt-5.5").as_deref(), Some("openai"));
    }
}
