//! A part of phase 6: what may the request cost, and is there money for it?
//!
//! Of several candidates the dearest decides, since any of them may come to be tried. Where there is not enough for all, those
//! that cost nothing are still tried, and, where only the credits are used up, those with the account's own keys.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_core::credit::PrepaidScope;
use wardgate_core::format::Format;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_limits::cost::{self, Expected};
use wardgate_limits::escrow::{Denied, Estimate, Reservation, Shortage};
use wardgate_model::Origin;
use wardgate_policy::{Candidate, Plan};
use wardgate_store::escrow::Purse;

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
    // What passes unread may not say what it used, so nobody would know what it cost.
    let is_unread = ask.surface.format() == Format::Opaque;
    let price = |candidate: &Candidate| {
        let (target, is_managed) = (&candidate.target, candidate.credential.managed().is_some());
        let is_unknown = is_unread && target.provider.origin == Origin::BuiltIn;
        if is_unknown { None } else { cost::estimate(target, expected, is_managed, &terms) }
    };
    if let Some(unpriced) = plan.candidates.iter().find(|candidate| price(candidate).is_none()) {
        let model = format!("{}:{}", unpriced.target.provider.name, unpriced.target.model);
        plan.candidates.retain(|candidate| price(candidate).is_some());
        if plan.candidates.is_empty() {
            return Err(Failure::PriceUnknown(model));
        }
    }
    loop {
        let estimate = dearest(&plan.candidates, price);
        let shortage = match money.reserve(team_id, key_id, estimate, at).await {
            Ok(reservation) => return Ok(reservation),
            Err(Denied::Away) => return Err(Failure::BudgetAway),
            Err(Denied::Short(shortage)) => shortage,
        };
        let before = plan.candidates.len();
        plan.candidates.retain(|candidate| match shortage.facts.purse {
            Purse::Credits if money.prepaid() == Some(PrepaidScope::Managed) => candidate.credential.managed().is_none(),
            Purse::Credits | Purse::Budget(_) => price(candidate) == Some(NanoUsd::ZERO),
        });
        if plan.candidates.is_empty() || plan.candidates.len() == before {
            return Err(refused(deps, shortage));
        }
    }
}

fn refused(deps: &Deps, shortage: Box<Shortage>) -> Failure {
    let owner = if shortage.facts.purse == Purse::Credits { "credits" } else { shortage.facts.owner.name() };
    deps.recorder.over_budget(owner, shortage.facts.window.name());
    Failure::OverBudget(shortage)
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
