//! Phase 5: what can be tried, in which order.

use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_policy::{Facts, Plan};

/// Makes the plan.
pub(crate) fn select(caller: &Caller, ask: &Ask) -> Result<Plan, Failure> {
    let tenant = &caller.tenant;
    let facts = Facts {
        overlay: &tenant.overlay,
        virtual_models: &tenant.virtual_models,
        credentials: &tenant.credentials,
        policy: &tenant.policy,
    };
    wardgate_policy::plan(wardgate_policy::Ask { surface: ask.surface, models: &ask.peek.models }, facts)
        .map_err(Failure::NothingToTry)
}
