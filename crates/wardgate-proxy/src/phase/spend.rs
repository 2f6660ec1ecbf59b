//! A part of phase 6: what may the request cost, and is there money for it?
//!
//! Of several candidates the dearest decides, since any of them may come to be tried. Where there is not enough for all, those
//! that cost nothing are still tried, and, where only the credits are used up, those with the account's own keys.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_core::credit::PrepaidScope;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_limits::cost::{self, Expected};
use wardgate_limits::escrow::{Denied, Estimate, Reservation, Shortage};
use wardgate_model::Origin;
use wardgate_policy::{Candidate, Dropped, Plan, tally};
use wardgate_store::escrow::Purse;

/// How many models a refusal names.
const TOLD_MAX: usize = 5;

/// Reserves what the request may cost.
pub(crate) async fn reserve(
    deps: &Deps,
    caller: &Caller,
    ask: &Ask,
    plan: &mut Plan,
    at: Timestamp,
) -> Result<Reservation, Failure> {
    let (team_id, key_id) = (caller.key.record.team_id, caller.key.record.id);
    let money = &caller.tenant.money;
    // Counting tokens costs nothing anywhere.
    if ask.surface.is_count() || !money.binds(team_id, key_id) {
        return Ok(Reservation::default());
    }
    let expected = expected(caller, ask);
    let terms = deps.terms(at, &caller.tenant, team_id);
    // What passes unread may not say what tokens it used; then only what is charged by the piece has a known cost.
    let is_unread = ask.surface.format().is_unread();
    let price = |candidate: &Candidate| {
        let (target, is_managed) = (&candidate.target, candidate.credential.managed().is_some());
        if is_unread && target.provider.origin == Origin::BuiltIn {
            return cost::of_units(target, ask.units, is_managed, &terms);
        }
        cost::estimate(target, expected, is_managed, &terms)
    };
    if let Some(unpriced) = plan.candidates.iter().find(|candidate| price(candidate).is_none()) {
        let model = format!("{}:{}", unpriced.target.provider.name, unpriced.target.model);
        plan.candidates.retain(|candidate| price(candidate).is_some());
        if plan.candidates.is_empty() {
            return Err(Failure::PriceUnknown(model));
        }
    }
    let mut too_dear: Vec<Candidate> = Vec::new();
    loop {
        let estimate = dearest(&plan.candidates, price);
        let shortage = match money.reserve(team_id, key_id, estimate, at).await {
            Ok(reservation) => return Ok(reservation),
            Err(Denied::Away) => return Err(Failure::BudgetAway),
            Err(Denied::Short(shortage)) => shortage,
        };
        let is_kept = |candidate: &Candidate| match shortage.facts.purse {
            Purse::Credits if money.prepaid() == Some(PrepaidScope::Managed) => candidate.credential.managed().is_none(),
            Purse::Credits | Purse::Budget(_) => price(candidate) == Some(NanoUsd::ZERO),
        };
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut plan.candidates).into_iter().partition(is_kept);
        let is_stuck = gone.is_empty();
        too_dear.extend(if is_stuck { kept.clone() } else { gone });
        if is_stuck || kept.is_empty() {
            return Err(refused(deps, shortage, told(&too_dear, &plan.dropped)));
        }
        plan.candidates = kept;
    }
}

fn refused(deps: &Deps, shortage: Box<Shortage>, too_dear: String) -> Failure {
    let owner = if shortage.facts.purse == Purse::Credits { "credits" } else { shortage.facts.owner.name() };
    deps.recorder.over_budget(owner, shortage.facts.window.name());
    Failure::OverBudget(shortage, too_dear)
}

/// What a request might have been answered by, and how much was left out of it before.
fn told(candidates: &[Candidate], dropped: &[Dropped]) -> String {
    let mut names: Vec<String> = Vec::new();
    for candidate in candidates {
        let name = format!("{}:{}", candidate.target.provider.name, candidate.target.model);
        if names.len() < TOLD_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    let besides = if dropped.is_empty() { String::new() } else { format!("; besides, {}", tally(dropped)) };
    format!("{}{besides}", names.join(", "))
}

fn expected(caller: &Caller, ask: &Ask) -> Expected {
    let cap = caller.tenant.caps.output_tokens_max;
    let asked = ask.peek.output_tokens_max;
    Expected {
        input: ask.input_tokens(),
        output_max: match (asked, cap) {
            (Some(asked), Some(cap)) => Some(asked.min(cap)),
            (asked, cap) => asked.or(cap),
        },
        answers: ask.peek.answers,
    }
}

fn dearest(candidates: &[Candidate], price: impl Fn(&Candidate) -> Option<NanoUsd>) -> Estimate {
    let mut estimate = Estimate::default();
    for candidate in candidates {
        let price = price(candidate).unwrap_or(NanoUsd::ZERO);
        estimate.all = estimate.all.max(price);
        if candidate.credential.managed().is_some() {
            estimate.managed = estimate.managed.max(price);
        }
    }
    estimate
}
