//! Phase 5: what can be tried, in which order.

use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_limits::estimate;
use wardgate_policy::{Dropped, Plan, Why};

/// Makes the plan.
pub(crate) fn select(caller: &Caller, ask: &Ask) -> Result<Plan, Failure> {
    caller.tenant.caps.check_input(estimate::tokens(ask.body.len() as u64)).map_err(Failure::InputTooLong)?;
    let plan = wardgate_policy::plan(wardgate_policy::Ask { surface: ask.surface, models: &ask.peek.models }, caller.facts());
    within_tiers(plan.map_err(Failure::NothingToTry)?, caller)
}

/// Leaves out the models that a tier of the caller does not hold.
fn within_tiers(mut plan: Plan, caller: &Caller) -> Result<Plan, Failure> {
    let team_id = caller.key.record.team_id;
    let mut dropped: Vec<Dropped> = Vec::new();
    plan.candidates.retain(|candidate| {
        let target = &candidate.target;
        let Some(tier) = caller.tenant.allowance.keeps_from(team_id, target) else { return true };
        let model = format!("{}:{}", target.provider.name, target.model);
        // Once for all credentials of a model.
        if dropped.iter().all(|other| other.model != model) {
            let why =
                Why::NotInTier { tier: tier.clone(), provider: target.provider.name.clone(), model: target.model.clone() };
            dropped.push(Dropped { model, virtual_model: candidate.virtual_model.clone(), why, is_whole: true });
        }
        false
    });
    if plan.candidates.is_empty() {
        dropped.append(&mut plan.dropped);
        return Err(Failure::NothingToTry(dropped));
    }
    plan.dropped.append(&mut dropped);
    Ok(plan)
}
