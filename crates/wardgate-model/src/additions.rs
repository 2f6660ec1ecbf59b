//! What an operator adds to the catalog: models, prices, providers, and where these work.
//!
//! A file of additions names what differs from the built-in catalog and nothing else. It is read as a whole or not at all, and
//! everything that is wrong in it is told with its path.

mod fields;
mod pricing;
mod provider;

use crate::ability::Ability;
use crate::catalog::Catalog;
use crate::model::Model;
use crate::nearest::nearest;
use crate::provider::Provider;
pub use fields::Problem;
use fields::{Fields, Path};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use wardgate_core::name::ProviderName;

/// The most models that a file may name.
pub const MODELS_MAX: usize = 20_000;

/// The most providers that a file may name.
const PROVIDERS_MAX: usize = 200;

const MODEL_FIELDS: [&str; 12] = [
    "provider",
    "id",
    "name",
    "author",
    "slug",
    "mode",
    "contextWindow",
    "maxOutputTokens",
    "status",
    "can",
    "cannot",
    "pricing",
];

impl Catalog {
    /// Lays additions over this catalog. An entry for a model that is there changes what it names and keeps the rest.
    ///
    /// # Errors
    /// With everything that is wrong, by its path; the catalog is then of no use.
    pub fn add(&mut self, additions: &Value) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if !additions.is_null() {
            let top = Fields::of(additions, Path::default(), &["providers", "models"], &mut problems);
            let providers = top.items("providers", &mut problems);
            if providers.len() > PROVIDERS_MAX {
                problems.push(top.path.field("providers").problem(format!("has more than {PROVIDERS_MAX} providers")));
            }
            let mut named = HashSet::new();
            for (value, path) in providers.into_iter().take(PROVIDERS_MAX) {
                let Some(provider) = provider::read(self, value, &path, &mut problems) else { continue };
                if named.insert(provider.name.clone()) {
                    self.add_provider(provider);
                } else {
                    problems.push(path.field("id").problem(format!("{} stands here twice", provider.name)));
                }
            }
            let models = top.items("models", &mut problems);
            if models.len() > MODELS_MAX {
                problems.push(top.path.field("models").problem(format!("has more than {MODELS_MAX} models")));
            }
            let mut seen = HashSet::new();
            for (value, path) in models.into_iter().take(MODELS_MAX) {
                let Some(model) = model(self, value, &path, &mut problems) else { continue };
                if seen.insert((model.provider.clone(), model.id.to_lowercase())) {
                    self.put_model(model);
                } else {
                    problems.push(path.field("id").problem(format!("{}:{} stands here twice", model.provider, model.id)));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// The provider of this name.
fn named<'c>(catalog: &'c Catalog, name: &str, path: &Path, problems: &mut Vec<Problem>) -> Option<&'c Arc<Provider>> {
    let found = catalog.provider(name);
    if found.is_none() {
        let near = nearest(name, catalog.providers().map(|provider| provider.name.as_str()));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        problems.push(path.problem(format!("there is no provider {name:?} in the catalog{hint}")));
    }
    found
}

/// A model as the catalog has it, with what the entry says of it; or a new one.
fn model(catalog: &Catalog, value: &Value, path: &Path, problems: &mut Vec<Problem>) -> Option<Model> {
    let fields = Fields::of(value, path.clone(), &MODEL_FIELDS, problems);
    let (provider, id) = (fields.needed_text("provider", problems), fields.needed_text("id", problems));
    let provider = &named(catalog, provider?, &path.field("provider"), problems)?.name;
    let mut model = match catalog.model_at(provider.as_str(), id?) {
        Some(known) => Model::clone(known),
        None => new(provider, id?, &fields, problems),
    };
    for (name, own) in [("slug", &model.slug), ("author", &model.author)] {
        if fields.text(name, problems).is_some_and(|text| text != own) {
            fields.wrong(name, "may not differ from the catalog's: others know the model by it", problems);
        }
    }
    if let Some(name) = fields.text("name", problems) {
        name.clone_into(&mut model.display_name);
    }
    if let Some(mode) = fields.text("mode", problems) {
        model.is_chat = mode == "chat";
    }
    if let Some(status) = fields.one_of("status", &["active", "retired"], problems) {
        model.is_offered = status == "active";
    }
    model.context_window = fields.count("contextWindow", problems).or(model.context_window);
    model.output_tokens_max = fields.count("maxOutputTokens", problems).or(model.output_tokens_max);
    let (can, cannot) = (abilities(&fields, "can", problems), abilities(&fields, "cannot", problems));
    for ability in &can {
        model.abilities.can.insert(*ability);
        if cannot.contains(ability) {
            problems.push(path.field("cannot").problem(format!("{} stands in can, too", ability.name())));
        }
    }
    model.abilities.cannot = model.abilities.cannot.without(can.into_iter().collect());
    let cannot = cannot.into_iter().collect();
    model.abilities.can = model.abilities.can.without(cannot);
    for ability in cannot.iter() {
        model.abilities.cannot.insert(ability);
    }
    if let Some(value) = fields.get("pricing") {
        // What it cost before is not the operator's price, which holds from now on.
        model.former_prices = Vec::new();
        model.prices = pricing::read(value, &path.field("pricing"), problems);
    }
    Some(model)
}

fn new(provider: &ProviderName, id: &str, fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Model {
    let slug = fields.text("slug", problems);
    let author = fields.text("author", problems).or_else(|| slug.and_then(|slug| Some(slug.split_once('/')?.0)));
    let author = author.unwrap_or(provider.as_str()).to_owned();
    let slug = slug.map_or_else(|| if id.contains('/') { id.to_owned() } else { format!("{author}/{id}") }, str::to_owned);
    Model {
        provider: provider.clone(),
        id: id.into(),
        slug,
        display_name: id.to_owned(),
        author,
        context_window: None,
        output_tokens_max: None,
        formats: Vec::new(),
        is_chat: true,
        is_offered: true,
        abilities: crate::Abilities::default(),
        constraints: crate::Constraints::default(),
        prices: None,
        former_prices: Vec::new(),
    }
}

fn abilities(fields: &Fields<'_>, name: &str, problems: &mut Vec<Problem>) -> Vec<Ability> {
    let items = fields.items(name, problems);
    let known = || Ability::ALL.map(Ability::name).join(", ");
    items
        .into_iter()
        .filter_map(|(value, path)| {
            let found = Ability::ALL.into_iter().find(|ability| value.as_str() == Some(ability.name()));
            if found.is_none() {
                problems.push(path.problem(format!("must be one of {}", known())));
            }
            found
        })
        .collect()
}

#[cfg(test)]
mod tests;
