//! Phase 6: is there room? A refused request has taken nothing.

use crate::deps::Deps;
use crate::failure::Failure;
use wardgate_limits::gate::Permit;

/// Asks for a place among the requests in flight.
pub(crate) fn admit(deps: &Deps) -> Result<Permit, Failure> {
    deps.gate.enter().ok_or(Failure::Busy("requests in flight"))
}
