//! What only the account's own things can tell: whether what a draft names is there.

use super::Draft;
use crate::configuration::access::Scope;
use crate::configuration::entry::{BadEntry, ModelEntry, ids_at, provider_named};
use crate::configuration::inventory::Inventory;
use crate::configuration::json::{Place, Problems, clip};
use crate::configuration::problem::ProblemKind;
use crate::configuration::router::{DraftKey, Rule, RuleStep};
use crate::configuration::strategies::Strategies;
use std::collections::HashSet;
use std::sync::Arc;
use wardgate_core::name::ProviderName;
use wardgate_model::nearest::nearest;
use wardgate_model::{Origin, Overlay, Provider, ResolveError, resolve};

impl Draft {
    pub(super) fn check_access(&mut self, inventory: Inventory<'_>) {
        let Some(access) = &self.access else { return };
        let place = Place::root("access");
        let stored = self.stored.access.as_ref();
        let problems = &mut self.problems;
        let stored_scope = stored.and_then(|stored| stored.providers.as_ref());
        check_entries(access.providers.as_ref(), stored_scope, place.field("providers"), |entry, place| {
            check_provider(entry, inventory.overlay, place, problems);
        });
        let stored_scope = stored.and_then(|stored| stored.models.as_ref());
        check_entries(access.models.as_ref(), stored_scope, place.field("models"), |entry, place| {
            check_model(entry, inventory, place, problems);
        });
    }

    /// Also gives the provider of each rule.
    pub(super) fn check_router(&mut self, inventory: Inventory<'_>) -> Vec<Option<ProviderName>> {
        let Some(router) = self.router.as_ref().filter(|_| self.is_router_new) else { return Vec::new() };
        let problems = &mut self.problems;
        let place = Place::root("router");
        let place = place.field("rules");
        let mut seen = HashSet::new();
        let rules = router.rules.iter().enumerate();
        let providers: Vec<Option<ProviderName>> = rules
            .map(|(index, rule)| {
                let place = place.index(index);
                let (provider, model) = rule_is_for(rule, inventory.overlay, place, problems)?;
                let id = model.map(|model| ids_at(provider, model, inventory.overlay).swap_remove(0));
                if !seen.insert((provider.name.clone(), id)) {
                    let text = "is for what an earlier rule is for; put its steps there";
                    problems.add(place, ProblemKind::Duplicate, text);
                }
                check_steps(rule, provider, place, problems);
                Some(provider.name.clone())
            })
            .collect();
        for (place, key) in router.keys() {
            if let (DraftKey::Known(id), Some(provider)) = (key, &providers[place.rule]) {
                let (kind, text) = match inventory.provider_key(*id) {
                    None => (
                        ProblemKind::UnknownKey,
                        "is no provider key of this account; GET /provider-keys lists them".to_owned(),
                    ),
                    Some(key) if key.provider_name != *provider => {
                        let text = format!(
                            "is a key of {}, and the rule is for {provider}; name a key of {provider}",
                            key.provider_name
                        );
                        (ProblemKind::ForeignKey, text)
                    }
                    Some(_) => continue,
                };
                problems.add_at(place.to_string(), kind, text);
            }
        }
        providers
    }
}

impl Draft {
    /// A model that was stored before may have gone from the catalog since.
    pub(super) fn check_fallback_models(&mut self, inventory: Inventory<'_>) {
        let models_of = |strategies: &Strategies| strategies.model_selection.as_ref().and_then(|of| of.fallback_models.clone());
        let stored = models_of(&self.stored.strategies).unwrap_or_default();
        let place = Place::root("model_selection");
        let place = place.field("fallback_models");
        for (index, model) in models_of(&self.strategies).into_iter().flatten().enumerate() {
            if stored.contains(&model) || inventory.virtual_model(&model).is_some() {
                continue;
            }
            if let Err(error) = resolve(&model, inventory.overlay) {
                let (kind, text) = unknown(&error);
                self.problems.add(place.index(index), kind, text);
            }
        }
    }
}

/// Checks the entries of a dimension that did not stand in it before.
fn check_entries(scope: Option<&Scope>, stored: Option<&Scope>, place: Place<'_>, mut check: impl FnMut(&str, Place<'_>)) {
    for ((name, list), stored) in ["allow", "deny"].into_iter().zip(lists(scope)).zip(lists(stored)) {
        let place = place.field(name);
        let stored: HashSet<&String> = stored.into_iter().flatten().collect();
        for (index, entry) in list.into_iter().flatten().enumerate().filter(|(_, entry)| !stored.contains(entry)) {
            check(entry, place.index(index));
        }
    }
}

fn lists(scope: Option<&Scope>) -> [Option<&Vec<String>>; 2] {
    scope.map_or([None; 2], |scope| [scope.allow.as_ref(), scope.deny.as_ref()])
}

fn check_provider(entry: &str, overlay: &Overlay, place: Place<'_>, problems: &mut Problems) {
    if problems.is_full() || entry == "*" || provider_named(entry, overlay).is_some() {
        return;
    }
    if entry.contains('*') {
        problems.add(place, ProblemKind::Malformed, "has a star in it; only \"*\" alone has a meaning: every provider");
        return;
    }
    problems.add(place, ProblemKind::UnknownProvider, no_provider(entry, overlay));
}

fn no_provider(text: &str, overlay: &Overlay) -> String {
    let near = nearest(text, overlay.providers().map(|provider| provider.name.as_str()));
    let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    format!("names no provider that this account has: {:?}{hint}", clip(text))
}

fn check_model(entry: &str, inventory: Inventory<'_>, place: Place<'_>, problems: &mut Problems) {
    if problems.is_full() {
        return;
    }
    let Err(bad) = ModelEntry::read(entry, inventory.overlay) else { return };
    let (kind, text) = match bad {
        BadEntry::Pattern => (
            ProblemKind::Malformed,
            "has a star in it; write \"*\" for every model or \"provider:*\" for all of a provider".to_owned(),
        ),
        BadEntry::Unknown(error) => match inventory.virtual_model(entry) {
            Some(model) => {
                let members = model.models.join(", ");
                (ProblemKind::VirtualModel, format!("names a virtual model; list its members instead: {members}"))
            }
            None => unknown(&error),
        },
    };
    problems.add(place, kind, text);
}

fn unknown(error: &ResolveError) -> (ProblemKind, String) {
    let (kind, hint) = match error {
        ResolveError::Malformed { .. } => (ProblemKind::Malformed, ""),
        ResolveError::UnknownProvider { .. } => (ProblemKind::UnknownProvider, ""),
        ResolveError::UnknownModel { .. } | ResolveError::Neither { .. } => {
            (ProblemKind::UnknownModel, "; write \"provider:model\" for what is not in the catalog")
        }
    };
    (kind, format!("names nothing: {error}{hint}"))
}

/// The provider, and the model if it is for one only.
fn rule_is_for<'r>(
    rule: &'r Rule<DraftKey>,
    overlay: &'r Overlay,
    place: Place<'_>,
    problems: &mut Problems,
) -> Option<(&'r Arc<Provider>, Option<&'r str>)> {
    let provider = rule.provider.as_deref().map(|text| {
        let found = provider_named(text, overlay);
        if found.is_none() {
            problems.add(place.field("provider"), ProblemKind::UnknownProvider, no_provider(text, overlay));
        }
        found
    });
    let model = rule.model.as_deref().map(|text| match ModelEntry::read(text, overlay) {
        Ok(ModelEntry::At(provider, model)) => Some((provider, model)),
        _ => {
            let text = "must be one model with its provider: \"provider:author/model\" or \"provider:model\"";
            problems.add(place.field("model"), ProblemKind::Malformed, text);
            None
        }
    });
    match (provider, model) {
        (Some(Some(provider)), Some(Some((of_model, model)))) => {
            if provider.name != of_model.name {
                let text =
                    format!("is a model of {}, and the rule is for {}; leave one of them out", of_model.name, provider.name);
                problems.add(place.field("model"), ProblemKind::Contradiction, text);
            }
            Some((of_model, Some(model)))
        }
        (None, Some(Some((provider, model)))) => Some((provider, Some(model))),
        (Some(Some(provider)), None) => Some((provider, None)),
        _ => None,
    }
}

fn check_steps(rule: &Rule<DraftKey>, provider: &Provider, place: Place<'_>, problems: &mut Problems) {
    let place = place.field("steps");
    for (index, step) in rule.steps.iter().enumerate() {
        if matches!(step, RuleStep::Managed { .. }) && provider.origin == Origin::Tenant {
            let text =
                format!("is of no use: the operator has no keys for an account's own providers, as {} is", provider.name);
            problems.add(place.index(index).field("type"), ProblemKind::Contradiction, text);
        }
    }
}
