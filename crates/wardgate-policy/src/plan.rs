//! The plan: everything that may be tried for a request, in order.
//!
//! Each model string in the client's order, virtual models expanded, becomes a target, which then goes through the filters: is
//! it in the access key's scope, does the provider serve the surface, which credentials are there. What a filter leaves out is
//! remembered with its cause. The first model string must name something: a typing mistake in it is the client's to hear of,
//! whatever the fallbacks. What else leads nowhere, or is out of scope, is passed over and named in the answer's headers.

mod credentials;

use crate::ask::Ask;
use crate::candidate::Candidate;
use crate::credential::Credentials;
use crate::policy::{OutOfScope, Policy};
use crate::refusal::{Dropped, Why};
use crate::virtual_model::VirtualModels;
use wardgate_core::name::ModelName;
use wardgate_model::{Overlay, Target, resolve};

/// The most models of a request that are considered, virtual ones expanded. With at most ten credentials each, a plan is bounded.
pub const MODELS_MAX: usize = 128;

/// What a plan is made from besides the ask.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    /// The providers and models that the account knows.
    pub overlay: &'f Overlay,
    /// The names that stand for lists of models.
    pub virtual_models: &'f VirtualModels,
    /// Its credentials.
    pub credentials: &'f Credentials,
    /// What the access key may call, and through whom.
    pub policy: &'f Policy,
}

/// What may be tried, and what was left out.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In order. Never empty.
    pub candidates: Vec<Candidate>,
    /// Models that give nothing to try, and ways to call one that are not there.
    pub dropped: Vec<Dropped>,
    /// The model strings that were considered, virtual ones expanded, in order, as [`Candidate::model_index`] counts them. Empty
    /// unless the plan is traced.
    pub considered: Vec<String>,
}

impl Plan {
    /// The models that were asked for and of which nothing is tried, to be named in the answer's headers.
    pub fn skipped(&self) -> impl Iterator<Item = &str> {
        self.dropped.iter().filter(|dropped| dropped.is_whole).map(|dropped| dropped.model.as_str())
    }
}

/// Makes the plan.
///
/// # Errors
/// With what was left out and why, in order, when the first model string names nothing or nothing at all is left to try. The
/// first cause is what the client is told.
pub fn plan(ask: Ask<'_>, facts: Facts<'_>) -> Result<Plan, Vec<Dropped>> {
    let mut planning = Planning { ask, facts, plan: Plan::default(), models: 0 };
    for (index, model) in ask.models.iter().enumerate() {
        match facts.virtual_models.get(model) {
            Some(expansion) => {
                for target in &expansion.models {
                    planning.consider(target, Some(&expansion.name));
                }
            }
            None => {
                planning.consider(model, None);
                let names_nothing = planning.plan.dropped.first().is_some_and(|first| matches!(first.why, Why::Unresolved(_)));
                if index == 0 && names_nothing {
                    return Err(planning.plan.dropped);
                }
            }
        }
    }
    let plan = planning.plan;
    if plan.candidates.is_empty() { Err(plan.dropped) } else { Ok(plan) }
}

/// Whether a target is in the scope and there is a credential for it, so that a plan on one of its provider's surfaces would
/// hold it.
#[must_use]
pub fn can_call(target: &Target, facts: Facts<'_>) -> bool {
    facts.policy.allows(&target.provider, &target.model).is_ok() && !credentials::choose(target, facts).credentials().is_empty()
}

struct Planning<'p> {
    ask: Ask<'p>,
    facts: Facts<'p>,
    plan: Plan,
    /// How many models were considered.
    models: usize,
}

impl Planning<'_> {
    fn consider(&mut self, model: &str, virtual_model: Option<&ModelName>) {
        let index = self.models;
        self.models += 1;
        if self.ask.is_traced {
            self.plan.considered.push(model.to_owned());
        }
        let result = match index {
            0..MODELS_MAX => self.add(index, model, virtual_model),
            // Once is enough to tell that there are too many.
            MODELS_MAX => Err(Why::TooMany),
            _ => Ok(()),
        };
        if let Err(why) = result {
            self.drop(model, virtual_model, None, why, true);
        }
    }

    fn drop(&mut self, model: &str, virtual_model: Option<&ModelName>, target: Option<&Target>, why: Why, is_whole: bool) {
        let target = target.map(|target| (target.provider.name.clone(), target.model.clone()));
        let (model, virtual_model) = (model.to_owned(), virtual_model.cloned());
        self.plan.dropped.push(Dropped { model, virtual_model, target, why, is_whole });
    }

    /// Finds what a model string names.
    fn add(&mut self, model_index: usize, model: &str, virtual_model: Option<&ModelName>) -> Result<(), Why> {
        let target: Target = resolve(model, self.facts.overlay)?;
        if let Err(why) = self.add_target(model_index, model, virtual_model, &target) {
            self.drop(model, virtual_model, Some(&target), why, true);
        }
        Ok(())
    }

    /// Puts it through the filters.
    fn add_target(
        &mut self,
        model_index: usize,
        model: &str,
        virtual_model: Option<&ModelName>,
        target: &Target,
    ) -> Result<(), Why> {
        let provider = &target.provider;
        self.facts.policy.allows(provider, &target.model).map_err(|outside| match outside {
            OutOfScope::Provider => Why::ProviderOutOfScope { provider: provider.name.clone() },
            OutOfScope::Model => Why::ModelOutOfScope { provider: provider.name.clone(), model: target.model.clone() },
        })?;
        let surface = self.ask.surface;
        let Some(endpoint) = target.endpoint(surface).cloned() else {
            return Err(Why::SurfaceNotServed { provider: provider.name.clone(), surface });
        };
        let is_same = |other: &Candidate| other.target.provider.name == provider.name && other.target.model == target.model;
        if self.plan.candidates.iter().any(is_same) {
            // Another spelling of what is there already, which nobody has to be told.
            if self.ask.is_traced {
                let why = Why::Again { provider: provider.name.clone(), model: target.model.clone() };
                self.drop(model, virtual_model, Some(target), why, false);
            }
            return Ok(());
        }
        let chosen = credentials::choose(target, self.facts);
        if chosen.credentials().is_empty() {
            let why = chosen.left_out.into_iter().next();
            return Err(why.unwrap_or_else(|| Why::NoCredential { provider: provider.name.clone() }));
        }
        self.plan.candidates.extend(chosen.credentials().iter().map(|credential| Candidate {
            model_index,
            target: target.clone(),
            endpoint: endpoint.clone(),
            credential: *credential,
            virtual_model: virtual_model.cloned(),
        }));
        for why in chosen.left_out {
            self.drop(model, virtual_model, Some(target), why, false);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
