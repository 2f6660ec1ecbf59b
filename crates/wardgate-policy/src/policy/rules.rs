//! The rules, compiled: for a provider, and before that for one model of it.

use super::lower;
use crate::configuration::{ModelEntry, Router, Rule, RuleStep, ids_at, provider_named};
use foldhash::HashMap;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::name::ProviderName;
use wardgate_model::{Overlay, Provider};

#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Vec<Step>>,
    by_provider: HashMap<ProviderName, RulesOf>,
}

/// The rules of one provider, as places in the list of all.
#[derive(Debug, Default)]
struct RulesOf {
    all: Option<usize>,
    /// By the model in lower case.
    models: HashMap<String, usize>,
}

/// One step of a rule.
#[derive(Debug)]
pub(crate) enum Step {
    /// These keys of the account, in order.
    User(Vec<ProviderKeyId>),
    /// The managed keys that the account was granted.
    Managed,
}

impl Rules {
    /// Of two rules for the same, which no document has that was checked, the first one counts.
    pub(super) fn compile(router: &Router, overlay: &Overlay) -> Self {
        let mut rules = Self::default();
        for (index, rule) in router.rules.iter().enumerate() {
            rules.add(index, rule, overlay);
            rules.rules.push(rule.steps.iter().map(Step::of).collect());
        }
        rules
    }

    fn add(&mut self, index: usize, rule: &Rule, overlay: &Overlay) {
        match (&rule.model, &rule.provider) {
            (Some(model), _) => {
                if let Ok(ModelEntry::At(provider, model)) = ModelEntry::read(model, overlay) {
                    let of = self.by_provider.entry(provider.name.clone()).or_default();
                    for id in ids_at(provider, model, overlay) {
                        of.models.entry(id).or_insert(index);
                    }
                }
            }
            (None, Some(provider)) => {
                if let Some(provider) = provider_named(provider, overlay) {
                    self.by_provider.entry(provider.name.clone()).or_default().all.get_or_insert(index);
                }
            }
            (None, None) => {}
        }
    }

    pub(super) fn steps(&self, provider: &Provider, model: &str) -> Option<&[Step]> {
        let of = self.by_provider.get(&provider.name)?;
        let index = of.models.get(&*lower(model)).copied().or(of.all)?;
        self.rules.get(index).map(Vec::as_slice)
    }
}

impl Step {
    fn of(step: &RuleStep) -> Self {
        match step {
            RuleStep::User { keys, .. } => Self::User(keys.clone()),
            RuleStep::Managed { .. } => Self::Managed,
        }
    }
}
