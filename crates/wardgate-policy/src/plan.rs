//! The plan: everything that may be tried for a request, in order.
//!
//! Each model string in the client's order, virtual models expanded, becomes a target, which then goes through the filters: is
//! it in the access key's scope, does the provider serve the surface, which credentials are there. A client that says more than
//! models ([`Wishes`]) has a bare name stand for the model at every provider that the catalog lists it for, and its preferences
//! are filters too, and put what is left in order. Behind what the client names come the models that the configuration adds. What
//! a filter leaves out is remembered with its cause. The first model string must name something: a typing mistake in it is the
//! client's to hear of, whatever the fallbacks. What else leads nowhere, or is out of scope, is passed over and named in the
//! answer's headers.

mod credentials;
mod instead;
mod pinned;
pub(crate) mod order;
pub(crate) mod wanted;

use crate::ask::Ask;
use crate::auto::Router;
use crate::candidate::Candidate;
use crate::credential::Credentials;
use crate::health::Health;
use crate::policy::{OutOfScope, Policy};
use crate::preferences::Wishes;
use crate::refusal::{Dropped, Why};
use crate::variant::{self, Variants};
use crate::virtual_model::VirtualModels;
use credentials::Chosen;
pub use pinned::{PINNED, pin};
use std::sync::Arc;
use wardgate_core::name::ModelName;
use wardgate_model::{Endpoint, Overlay, ResolveError, Target, hosts, resolve};

/// The most models of a request that are considered, virtual ones expanded. With at most ten credentials each, a plan is bounded.
pub const MODELS_MAX: usize = 128;

/// The most candidates, wherever their models are to be had.
pub const CANDIDATES_MAX: usize = MODELS_MAX * credentials::CREDENTIALS_MAX;

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
    /// How everyone has done lately; none: nobody watches.
    pub health: Option<&'f dyn Health>,
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
    /// What the candidates are ordered by beside the client's own order. Empty unless the plan is traced.
    pub ordered_by: Vec<String>,
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
    let mut planning = Planning {
        ask,
        facts,
        plan: Plan::default(),
        models: 0,
        earlier: 0,
        variants: Vec::new(),
        is_fallback: false,
        chosen: Chosen::default(),
    };
    for (index, model) in ask.models.iter().enumerate() {
        let router = ask.wishes.and_then(|wishes| Some((Router::named(model)?, wishes)));
        match (facts.virtual_models.get(model), router) {
            (Some(expansion), _) => {
                for target in &expansion.models {
                    planning.consider(target, Some(&expansion.name));
                }
            }
            (None, Some((router, wishes))) => planning.choose(model, router, wishes),
            (None, None) => {
                planning.consider(model, None);
                let names_nothing = planning.plan.dropped.first().is_some_and(|first| matches!(first.why, Why::Unresolved(_)));
                if index == 0 && names_nothing {
                    return Err(planning.plan.dropped);
                }
            }
        }
    }
    planning.is_fallback = true;
    for model in facts.policy.fallback_models() {
        match facts.virtual_models.get(model) {
            Some(expansion) => expansion.models.iter().for_each(|target| planning.consider(target, Some(&expansion.name))),
            None => planning.consider(model, None),
        }
    }
    let Planning { mut plan, variants, .. } = planning;
    match (ask.wishes, facts.health) {
        (Some(wishes), health) => order::by_wishes(&mut plan, wishes, &variants, health, ask.is_traced),
        (None, Some(health)) => order::by_health(&mut plan.candidates, health),
        (None, None) => {}
    }
    if plan.candidates.is_empty() { Err(instead::told(plan.dropped, facts)) } else { Ok(plan) }
}

/// Whether a target is in the scope and there is a credential for it, so that a plan on one of its provider's surfaces would
/// hold it.
#[must_use]
pub fn can_call(target: &Target, facts: Facts<'_>) -> bool {
    facts.policy.allows(&target.provider, &target.model).is_ok() && has_credential(target, facts)
}

fn has_credential(target: &Target, facts: Facts<'_>) -> bool {
    let mut chosen = Chosen::default();
    chosen.choose(target, facts);
    !chosen.credentials().is_empty()
}

struct Planning<'p> {
    ask: Ask<'p>,
    facts: Facts<'p>,
    plan: Plan,
    /// How many models were considered.
    models: usize,
    /// How many candidates are there for models before the one that is considered now.
    earlier: usize,
    /// The endings of each of them, where the client says more than models.
    variants: Vec<Variants>,
    /// Whether what is considered now is added by the configuration.
    is_fallback: bool,
    /// The credentials of the target that is considered now.
    chosen: Chosen,
}

/// A model string, and how it came to be considered.
#[derive(Clone, Copy)]
struct Wanted<'w> {
    /// Its place among all that are considered.
    index: usize,
    /// As it was written.
    text: &'w str,
    /// What it is a member of.
    virtual_model: Option<&'w ModelName>,
    /// Its endings.
    variants: Variants,
}

impl Planning<'_> {
    fn consider(&mut self, text: &str, virtual_model: Option<&ModelName>) {
        let index = self.models;
        self.models += 1;
        self.earlier = self.plan.candidates.len();
        if self.ask.is_traced {
            self.plan.considered.push(text.to_owned());
        }
        let mut wanted = Wanted { index, text, virtual_model, variants: Variants::default() };
        let result = match index {
            0..MODELS_MAX if self.ask.wishes.is_some() => self.spread(&mut wanted),
            0..MODELS_MAX => resolve(text, self.facts.overlay).map(|target| self.add(wanted, target)).map_err(Why::from),
            // Once is enough to tell that there are too many.
            MODELS_MAX => Err(Why::TooMany),
            _ => Ok(()),
        };
        if let Err(why) = result {
            self.drop(wanted, None, why, true);
        }
    }

    /// Has a router choose.
    fn choose(&mut self, text: &str, router: Router, wishes: &Wishes) {
        let name = ModelName::from(text);
        let chosen = router.choose(self.ask.surface, wishes, self.facts);
        if chosen.is_empty() {
            let wanted = Wanted { index: self.models, text, virtual_model: None, variants: Variants::default() };
            let why = match router {
                Router::Auto => Why::NothingToChoose,
                Router::Free => Why::NothingFree,
            };
            self.drop(wanted, None, why, true);
        }
        for model in chosen {
            self.consider(&model, Some(&name));
        }
    }

    /// Adds a model at each provider that has it.
    fn spread(&mut self, wanted: &mut Wanted<'_>) -> Result<(), Why> {
        let (base, variants) = variant::split(wanted.text, self.facts.overlay);
        wanted.variants = variants;
        self.variants.resize(wanted.index + 1, Variants::default());
        self.variants[wanted.index] = variants;
        let (kept, dropped) = (self.plan.candidates.len(), self.plan.dropped.len());
        let overlay = self.facts.overlay;
        hosts(base, overlay, |target| self.add(*wanted, target)).map_err(|error: ResolveError| Why::from(error))?;
        // The model is left out only if it is so everywhere, which is told once.
        let keeps_any = self.plan.candidates.len() > kept;
        for (index, dropped) in self.plan.dropped[dropped..].iter_mut().enumerate() {
            dropped.is_whole &= !keeps_any && index == 0;
        }
        Ok(())
    }

    fn drop(&mut self, wanted: Wanted<'_>, target: Option<&Target>, why: Why, is_whole: bool) {
        let target = target.map(|target| (target.provider.name.clone(), target.model.clone()));
        let (model, virtual_model) = (wanted.text.to_owned(), wanted.virtual_model.cloned());
        self.plan.dropped.push(Dropped { model, virtual_model, target, why, is_whole });
    }

    /// Adds a target with each of its credentials, or notes why it is left out.
    fn add(&mut self, wanted: Wanted<'_>, target: Arc<Target>) {
        match self.filter(wanted, &target) {
            Ok(endpoint) => self.add_with_credentials(wanted, target, endpoint),
            // Another spelling of what is there already, which nobody has to be told.
            Err(Why::Again { .. }) if !self.ask.is_traced => {}
            Err(why) => {
                let is_whole = !matches!(why, Why::Again { .. });
                self.drop(wanted, Some(&target), why, is_whole);
            }
        }
    }

    fn add_with_credentials(&mut self, wanted: Wanted<'_>, target: Arc<Target>, endpoint: Arc<Endpoint>) {
        for why in std::mem::take(&mut self.chosen.left_out) {
            self.drop(wanted, Some(&target), why, false);
        }
        let Some((last, others)) = self.chosen.credentials().split_last() else { return };
        let virtual_model = wanted.virtual_model.cloned();
        let (model_index, is_fallback) = (wanted.index, self.is_fallback);
        let candidate = Candidate { model_index, target, endpoint, credential: *last, virtual_model, is_fallback };
        self.plan.candidates.extend(others.iter().map(|credential| Candidate { credential: *credential, ..candidate.clone() }));
        self.plan.candidates.push(candidate);
    }

    /// Puts a target through the filters, and chooses its credentials.
    fn filter(&mut self, wanted: Wanted<'_>, target: &Target) -> Result<Arc<Endpoint>, Why> {
        let provider = &target.provider;
        self.facts.policy.allows(provider, &target.model).map_err(|outside| match outside {
            OutOfScope::Provider => Why::ProviderOutOfScope { provider: provider.name.clone() },
            OutOfScope::Model => Why::ModelOutOfScope { provider: provider.name.clone(), model: target.model.clone() },
        })?;
        let surface = self.ask.surface;
        let Some(endpoint) = target.endpoint(surface) else {
            return Err(Why::SurfaceNotServed { provider: provider.name.clone(), surface, instead: None });
        };
        let unwanted = self.ask.wishes.and_then(|wishes| wanted::unwanted(target, endpoint, wishes, wanted.variants));
        if let Some(why) = unwanted {
            return Err(why);
        }
        // The catalog lists a model once at each provider, so it can be there already only for a model before this one.
        if self.plan.candidates[..self.earlier].iter().any(|other| other.target.is_same(target)) {
            return Err(Why::Again { provider: provider.name.clone(), model: target.model.clone() });
        }
        self.chosen.choose(target, self.facts);
        let count = self.chosen.credentials().len();
        if self.plan.candidates.len() + count > CANDIDATES_MAX {
            return Err(Why::TooMany);
        }
        if count == 0 {
            let why = self.chosen.left_out.drain(..).next();
            return Err(why.unwrap_or_else(|| Why::NoCredential { provider: provider.name.clone() }));
        }
        Ok(Arc::clone(endpoint))
    }
}

#[cfg(test)]
mod tests;
