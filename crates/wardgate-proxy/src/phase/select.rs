//! Phase 5: what can be tried, in which order.

use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_limits::estimate;
use wardgate_policy::Plan;

/// Makes the plan.
pub(crate) fn select(caller: &Caller, ask: &Ask) -> Result<Plan, Failure> {
    caller.tenant.caps.check_input(estimate::tokens(ask.body.len() as u64)).map_err(Failure::InputTooLong)?;
    wardgate_policy::plan(wardgate_policy::Ask { surface: ask.surface, models: &ask.peek.models }, caller.facts())
        .map_err(Failure::NothingToTry)
}
