//! Phase 5: what can be tried, in which order.

use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_policy::{Facts, Plan};

/// Makes the plan.
pub(crate) fn select(caller: &Caller, ask: &Ask) -> Result<Plan, Failure> {
    let facts = Facts { overlay: &caller.tenant.overlay, credentials: &caller.tenant.credentials };
    wardgate_policy::plan(wardgate_policy::Ask { surface: ask.surface, models: &ask.peek.models }, facts)
        .map_err(Failure::NothingToTry)
}
