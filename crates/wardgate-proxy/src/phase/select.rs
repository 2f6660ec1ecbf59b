//! Phase 5: what can be tried, in which order.

use crate::affinity;
use crate::deps::Deps;
use crate::explain;
use crate::failure::Failure;
use crate::health::Watched;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::strategies;
use crate::phase::wishes::{Manner, wishes};
use crate::request_log::RequestLog;
use wardgate_core::time::Timestamp;
use wardgate_policy::{Dropped, Facts, Plan, Why, tally};

/// Makes the plan, and notes what came of it.
pub(crate) fn select(
    deps: &Deps,
    caller: &Caller,
    ask: &Ask,
    manner: Manner<'_>,
    log: &mut RequestLog,
) -> Result<Plan, Failure> {
    let planned = plan(deps, caller, ask, manner, log.is_traced, log.request_id().made_at())?;
    let dropped = match &planned {
        Ok(plan) => {
            log.candidates = plan.candidates.len();
            &plan.dropped
        }
        Err(dropped) => dropped,
    };
    log.left_out = (!dropped.is_empty()).then(|| tally(dropped));
    if log.is_traced {
        let watched = Watched::new(deps, caller.tenant.account_id, log.request_id().made_at());
        log.trace = Some(explain::explanation(ask.surface, &planned, &watched).line());
    }
    planned.map_err(Failure::NothingToTry)
}

/// A plan, or everything that was left out when nothing is in it.
pub(crate) type Planned = Result<Plan, Vec<Dropped>>;

/// Makes the plan of a request that can have one, and that came at this time.
pub(crate) fn plan(
    deps: &Deps,
    caller: &Caller,
    ask: &Ask,
    manner: Manner<'_>,
    is_traced: bool,
    at: Timestamp,
) -> Result<Planned, Failure> {
    caller.tenant.caps.check_input(ask.input_tokens()).map_err(Failure::InputTooLong)?;
    let wishes = wishes(deps, caller, ask, manner)?;
    let models = &ask.peek.models;
    let wanted = wardgate_policy::Ask { surface: ask.surface, models, wishes: wishes.as_deref(), is_traced };
    let watched = Watched::new(deps, caller.tenant.account_id, at);
    let facts = Facts { health: Some(&watched), ..caller.facts() };
    let planned = wardgate_policy::plan(wanted, facts).and_then(|plan| within_tiers(plan, caller));
    let mut planned = planned.and_then(|plan| strategies::apply(deps, caller, ask, plan, &watched));
    // A session that the client names has been drawn for already.
    if let Ok(plan) = &mut planned
        && !wishes.is_some_and(|wishes| wishes.has_session)
    {
        affinity::put_first(deps, caller.tenant.account_id, ask, plan, &watched, is_traced);
    }
    Ok(planned)
}

/// Leaves out the models that a tier of the caller does not hold.
fn within_tiers(mut plan: Plan, caller: &Caller) -> Planned {
    let team_id = caller.key.record.team_id;
    let mut dropped: Vec<Dropped> = Vec::new();
    plan.candidates.retain(|candidate| {
        let target = &candidate.target;
        let Some(tier) = caller.tenant.allowance.keeps_from(team_id, target) else { return true };
        let model = format!("{}:{}", target.provider.name, target.model);
        // Once for all credentials of a model.
        if dropped.iter().all(|other| other.model != model) {
            let (provider, id) = (target.provider.name.clone(), target.model.clone());
            dropped.push(Dropped {
                model,
                virtual_model: candidate.virtual_model.clone(),
                target: Some((provider.clone(), id.clone())),
                why: Why::NotInTier { tier: tier.clone(), provider, model: id },
                is_whole: true,
            });
        }
        false
    });
    if plan.candidates.is_empty() {
        dropped.append(&mut plan.dropped);
        return Err(dropped);
    }
    plan.dropped.append(&mut dropped);
    Ok(plan)
}
