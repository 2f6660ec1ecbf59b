//! Phase 6: is there room, is there money, and do the caller's limits allow it? A refused request has taken nothing.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::spend;
use crate::tenant::TenantSnapshot;
use std::sync::Arc;
use wardgate_core::time::Timestamp;
use wardgate_limits::escrow::Reservation;
use wardgate_limits::gate::Permit;
use wardgate_limits::limiter::{Denied, Hold};
use wardgate_limits::rate::{Demand, Standings};
use wardgate_policy::Plan;

/// The most tokens of input that are reserved: most bytes of a large body are an image or a file, and no tokens.
const INPUT_TOKENS_MAX: u64 = 32_768;

/// The most tokens of output that are reserved: clients ask for far more than they get.
const OUTPUT_TOKENS_MAX: u64 = 4_096;

/// What an admitted request holds, given back when it is dropped.
pub(crate) struct Admission {
    /// Its place among the requests of the whole process.
    pub(crate) _permit: Permit,
    /// Its places and tokens by the caller's limits.
    pub(crate) hold: Option<Hold>,
    /// How these limits stand.
    pub(crate) standings: Standings,
    /// What it may cost, taken from budgets and credits.
    pub(crate) reservation: Reservation,
    /// Whose prices and money count for it.
    pub(crate) tenant: Arc<TenantSnapshot>,
}

/// Asks for a place among the requests in flight, then for money, and then the limits on the caller. Candidates for which there
/// is no money leave the plan; without one, the gateway answers by itself and it costs nothing.
pub(crate) async fn admit(
    deps: &Deps,
    caller: &Caller,
    ask: &Ask,
    plan: Option<&mut Plan>,
    at: Timestamp,
) -> Result<Admission, Failure> {
    let permit = deps.gate.enter().ok_or(Failure::Busy("requests in flight"))?;
    let reservation = match plan {
        Some(plan) => spend::reserve(deps, caller, ask, plan, at).await?,
        None => Reservation::default(),
    };
    let demand = Demand::new(caller.tenant.allowance.rules(caller.key.record.team_id), tokens(ask));
    match deps.limiter.admit(&demand, deps.clock.now()).await {
        Ok((hold, standings)) => {
            let tenant = Arc::clone(&caller.tenant);
            Ok(Admission { _permit: permit, hold: Some(hold), standings, reservation, tenant })
        }
        Err(Denied::Limit(refusal)) => {
            deps.recorder.rate_limited(refusal.standing.name.name(), refusal.standing.level.name());
            Err(Failure::RateLimited(Box::new(refusal)))
        }
        Err(Denied::Away) => Err(Failure::LimitsAway),
    }
}

/// What the request will probably use. What it did use is settled when its meter closes.
fn tokens(ask: &Ask) -> u64 {
    if ask.surface.is_count() {
        // Counting uses nothing.
        return 0;
    }
    let input = ask.input_tokens().min(INPUT_TOKENS_MAX);
    input + ask.peek.output_tokens_max.unwrap_or(0).saturating_mul(ask.peek.answers).min(OUTPUT_TOKENS_MAX)
}
