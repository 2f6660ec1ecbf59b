//! The strategies of a configuration at work: expressions narrow and order a plan, admit a request, and change it.
//!
//! Of a list of strategies the first that gives something decides; one that gives nothing, or that cannot be worked out, is
//! passed over. What then remains is an error of the whole list, unless the configuration says that the request goes on.

use crate::candidate::Candidate;
use crate::configuration::{Change, OnError, Selection, Strategies};
use crate::credential::Credentials;
use crate::expression::world::{CallerFacts, KeyFacts, Lately, ModelFacts, RequestFacts, World};
use crate::expression::{Fault, Value};
use crate::health::Health;
use crate::plan::Plan;
use crate::plan::order::by_health;
use crate::refusal::{Dropped, Why};
use std::collections::BTreeMap;

/// What strategies know of a request besides its plan.
#[derive(Clone, Copy)]
pub struct Situation<'s> {
    /// The request.
    pub request: &'s RequestFacts<'s>,
    /// Who makes it.
    pub caller: &'s CallerFacts<'s>,
    /// The account's credentials, for what they are called.
    pub credentials: &'s Credentials,
    /// How everyone has done lately; none: nobody watches.
    pub health: Option<&'s dyn Health>,
}

/// An expression that could not be worked out for a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} of the configuration cannot be worked out for this request: {fault}")]
pub struct Failed {
    /// Where it stands: `model_selection.strategy[0]`.
    pub path: String,
    /// Why.
    pub fault: Fault,
}

/// What is to be changed in a request's body. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes<'c> {
    /// By parameter.
    pub parameters: BTreeMap<&'c str, &'c Change>,
    /// The most tokens of the answer.
    pub max_output_tokens: Option<u64>,
}

/// Puts a plan through the strategies: models are selected, the request is admitted, keys are selected. Whoever is out of order
/// is tried last, whatever the strategies say.
///
/// # Errors
/// With what was left out when nothing is left, what the strategies did first.
pub fn apply(strategies: &Strategies, mut plan: Plan, situation: Situation<'_>) -> Result<Plan, Vec<Dropped>> {
    let whole = |why: Why| Dropped::whole(situation.request.models.first().cloned().unwrap_or_default(), why);
    gather(&mut plan.candidates);
    match sift(strategies, &plan.candidates, situation) {
        Ok(Sifted { kept, mut left_out }) if kept.is_empty() => {
            left_out.append(&mut plan.dropped);
            Err(left_out)
        }
        Ok(Sifted { kept, mut left_out }) => {
            let mut candidates: Vec<_> = std::mem::take(&mut plan.candidates).into_iter().map(Some).collect();
            plan.candidates = kept.into_iter().filter_map(|index| candidates.get_mut(index)?.take()).collect();
            if let Some(health) = situation.health {
                by_health(&mut plan.candidates, health);
            }
            plan.dropped.append(&mut left_out);
            let selects = strategies.model_selection.is_some() || strategies.key_selection.is_some();
            if selects && !plan.considered.is_empty() {
                plan.ordered_by.push("strategy".to_owned());
            }
            Ok(plan)
        }
        Err(why) => Err(std::iter::once(whole(why)).chain(plan.dropped).collect()),
    }
}

/// What strategies make of candidates.
struct Sifted {
    /// The places of those that are kept, in order.
    kept: Vec<usize>,
    /// The models that are not, once for all their keys.
    left_out: Vec<Dropped>,
}

fn sift(strategies: &Strategies, candidates: &[Candidate], situation: Situation<'_>) -> Result<Sifted, Why> {
    let backends = backends(candidates);
    let first = |index: usize| &candidates[backends[index].start];
    let models: Vec<ModelFacts<'_>> = (0..backends.len()).map(|index| facts(first(index), index, situation)).collect();
    let world = World { request: situation.request, caller: situation.caller, models: &models, model: None, keys: &[] };
    let chosen = match &strategies.model_selection {
        None => None,
        Some(selection) => choose(selection, "model_selection", &world, |value| match value {
            Value::Model(model) => Some(model.place),
            _ => None,
        })?,
    };
    let left: Vec<ModelFacts<'_>> = match chosen {
        None => models.clone(),
        Some(places) => places.into_iter().map(|place| models[place]).collect(),
    };
    let world = World { models: &left, ..world };
    if !left.is_empty() {
        admit(strategies, &world)?;
    }
    // None: not selected; otherwise, whether a key was.
    let mut fates: Vec<Option<bool>> = vec![None; backends.len()];
    let mut kept = Vec::with_capacity(candidates.len());
    for model in &left {
        let backend = backends[model.place].clone();
        let before = kept.len();
        match &strategies.key_selection {
            None => kept.extend(backend),
            Some(selection) => {
                let keys: Vec<KeyFacts<'_>> =
                    candidates[backend.clone()].iter().map(|candidate| key(candidate, situation)).collect();
                let world = World { keys: &keys, model: Some(model), ..world };
                let chosen = choose(selection, "key_selection", &world, |value| match value {
                    Value::Key(key) => keys.iter().position(|other| other.credential == key.credential),
                    _ => None,
                })?;
                match chosen {
                    None => kept.extend(backend),
                    Some(places) => kept.extend(places.into_iter().map(|place| backend.start + place)),
                }
            }
        }
        fates[model.place] = Some(kept.len() > before);
    }
    let lost = fates.iter().enumerate().filter(|(_, fate)| **fate != Some(true));
    let left_out = lost.map(|(index, fate)| left_out(first(index), fate.is_some())).collect();
    Ok(Sifted { kept, left_out })
}

/// A model that is not tried, for want of a key or since it was not selected.
fn left_out(candidate: &Candidate, is_selected: bool) -> Dropped {
    let (provider, model) = (candidate.target.provider.name.clone(), candidate.target.model.clone());
    let why = if is_selected {
        Why::NoKeySelected { provider: provider.clone() }
    } else {
        Why::NotSelected { provider: provider.clone(), model: model.clone() }
    };
    Dropped {
        model: format!("{provider}:{model}"),
        virtual_model: candidate.virtual_model.clone(),
        target: Some((provider, model)),
        why,
        is_whole: true,
    }
}

/// What is to be changed in the request for a candidate. Of several changes of one parameter the last one counts, of caps on the
/// answer the least.
///
/// # Errors
/// When a condition cannot be worked out: whether to change something is not known then.
pub fn changes<'c>(strategies: &'c Strategies, candidate: &Candidate, situation: Situation<'_>) -> Result<Changes<'c>, Failed> {
    let mut changes = Changes::default();
    let model = facts(candidate, 0, situation);
    let keys = [key(candidate, situation)];
    let models = [model];
    let world =
        World { request: situation.request, caller: situation.caller, models: &models, model: Some(&model), keys: &keys };
    for (index, transform) in strategies.transform.iter().flatten().enumerate() {
        if let Some(when) = &transform.when {
            let failed = |fault| Failed { path: format!("transform[{index}].when"), fault };
            let is_meant = when.expression().run(&world).map_err(failed)?.as_bool();
            if !is_meant.ok_or(Fault::Type).map_err(failed)? {
                continue;
            }
        }
        changes.parameters.extend(transform.parameters.iter().map(|(name, change)| (name.as_str(), change)));
        let caps = [changes.max_output_tokens, transform.max_output_tokens];
        changes.max_output_tokens = caps.into_iter().flatten().min();
    }
    Ok(changes)
}

/// Brings the candidates of each backend together, at the place of the first of them: those of some keys may stand apart, since
/// these do worse than others.
fn gather(candidates: &mut Vec<Candidate>) {
    let place_of = |index: usize| {
        let candidate = &candidates[index];
        let is_same = |other: &Candidate| other.model_index == candidate.model_index && other.is_same_backend(candidate);
        candidates[..index].iter().position(is_same).unwrap_or(index)
    };
    let places: Vec<usize> = (0..candidates.len()).map(place_of).collect();
    if !places.is_sorted() {
        let mut placed: Vec<_> = places.into_iter().zip(std::mem::take(candidates)).collect();
        placed.sort_by_key(|(place, _)| *place);
        candidates.extend(placed.into_iter().map(|(_, candidate)| candidate));
    }
}

/// Where each backend's candidates stand: those of one model of a provider follow each other.
fn backends(candidates: &[Candidate]) -> Vec<std::ops::Range<usize>> {
    let mut backends: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        match backends.last_mut() {
            Some(last) if candidates[last.start].is_same_backend(candidate) => last.end = index + 1,
            _ => backends.push(index..index + 1),
        }
    }
    backends
}

fn facts<'f>(candidate: &'f Candidate, place: usize, situation: Situation<'f>) -> ModelFacts<'f> {
    let lately = lately(candidate, situation);
    ModelFacts { target: &candidate.target, place, is_fallback: candidate.is_fallback, request: situation.request, lately }
}

fn key<'f>(candidate: &'f Candidate, situation: Situation<'f>) -> KeyFacts<'f> {
    let (credential, lately) = (candidate.credential, lately(candidate, situation));
    KeyFacts { credential, name: situation.credentials.name_of(credential), lately }
}

fn lately<'f>(candidate: &'f Candidate, situation: Situation<'f>) -> Lately<'f> {
    Lately { target: &candidate.target, credential: candidate.credential, health: situation.health }
}

/// The places of what the first strategy that gives something gives, each once; none: go on as if there were no strategies.
fn choose<'w>(
    selection: &'w Selection,
    name: &str,
    world: &'w World<'w>,
    place_of: impl Fn(&Value<'w>) -> Option<usize>,
) -> Result<Option<Vec<usize>>, Failed> {
    let mut failed: Option<Failed> = None;
    for (index, strategy) in selection.strategy.iter().enumerate() {
        let mut places = Vec::new();
        let mut add = |value: &Value<'w>| places.extend(place_of(value).filter(|place| !places.contains(place)));
        match strategy.expression().run(world) {
            Ok(Value::List(list)) => list.iter().for_each(|value| add(&value)),
            Ok(value) => add(&value),
            Err(fault) => {
                failed.get_or_insert_with(|| Failed { path: format!("{name}.strategy[{index}]"), fault });
            }
        }
        if !places.is_empty() {
            return Ok(Some(places));
        }
    }
    match failed {
        _ if selection.strategy.is_empty() => Ok(None),
        Some(_) if selection.on_error == Some(OnError::Continue) => Ok(None),
        Some(failed) => Err(failed),
        None => Ok(Some(Vec::new())),
    }
}

fn admit<'w>(strategies: &'w Strategies, world: &'w World<'w>) -> Result<(), Why> {
    for (index, admit) in strategies.admit.iter().flatten().enumerate() {
        let failed = |fault| Why::StrategyFailed(Failed { path: format!("admit[{index}].expression"), fault });
        match admit.expression.expression().run(world).map_err(failed)?.as_bool() {
            Some(true) => {}
            Some(false) => return Err(Why::NotAdmitted { message: admit.message.clone() }),
            None => return Err(failed(Fault::Type)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
