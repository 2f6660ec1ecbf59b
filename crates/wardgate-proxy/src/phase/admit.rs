//! Phase 6: is there room, is there money, and do the caller's limits allow it? A refused request has taken nothing.

use crate::by_model::{self, ByModel};
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
use wardgate_limits::rate::{Demand, Level, Standings};
use wardgate_policy::{Candidate, Plan};

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
    /// The limits on models that it counts for; none: models are not limited.
    pub(crate) by_model: Option<Box<ByModel>>,
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
    let mut plan = plan;
    let reservation = match &mut plan {
        Some(plan) => spend::reserve(deps, caller, ask, plan, at).await?,
        None => Reservation::default(),
    };
    let (team_id, tokens) = (caller.key.record.team_id, tokens(ask));
    let allowance = &caller.tenant.allowance;
    let (hold, standings, by_model) = if allowance.limits_callers(team_id) || allowance.limits_models(team_id) {
        // In a box, since few requests need the room of it.
        let (hold, standings, by_model) = Box::pin(enter_beneath(deps, caller, ask, plan, tokens)).await?;
        (Some(hold), standings, by_model)
    } else {
        let demand = Demand::new(allowance.rules(team_id), tokens);
        if demand.is_empty() {
            (None, Standings::default(), None)
        } else {
            let admitted = deps.limiter.admit(&demand, deps.clock.now()).await;
            let (hold, standings) = admitted.map_err(|denied| by_model::failure(deps, denied))?;
            (Some(hold), standings, None)
        }
    };
    let tenant = Arc::clone(&caller.tenant);
    Ok(Admission { _permit: permit, hold, standings, by_model, reservation, tenant })
}

/// Asks the limits on the caller where there are some on keys, end users or models. A model whose limit is reached leaves the
/// plan, as long as another one is in it.
async fn enter_beneath(
    deps: &Deps,
    caller: &Caller,
    ask: &Ask,
    mut plan: Option<&mut Plan>,
    tokens: u64,
) -> Result<(Hold, Standings, Option<Box<ByModel>>), Failure> {
    let (allowance, asking) = (&caller.tenant.allowance, caller.asking());
    let of_caller = allowance.caller_rules(&asking, ask.end_user().as_deref());
    let has_models = allowance.limits_models(asking.team_id);
    loop {
        let first = plan.as_deref().filter(|_| has_models).and_then(|plan| plan.candidates.first());
        let of_model = first.map(|first| allowance.model_rules(&asking, &first.target)).unwrap_or_default();
        let rules = of_caller.iter().chain(&of_model).chain(allowance.rules(asking.team_id));
        match deps.limiter.admit(&Demand::new(rules, tokens), deps.clock.now()).await {
            Ok((hold, standings)) => {
                let by_model = has_models.then(|| Box::new(ByModel::new(&of_model, tokens)));
                return Ok((hold, standings, by_model));
            }
            Err(Denied::Limit(refusal)) if refusal.standing.level == Level::Model => {
                let is_full = |candidate: &Candidate| {
                    allowance.model_rules(&asking, &candidate.target).iter().any(|rule| rule.subject == refusal.subject)
                };
                match &mut plan {
                    Some(plan) if !plan.candidates.iter().all(is_full) => {
                        plan.candidates.retain(|candidate| !is_full(candidate));
                    }
                    _ => return Err(by_model::failure(deps, Denied::Limit(refusal))),
                }
            }
            Err(denied) => return Err(by_model::failure(deps, denied)),
        }
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
