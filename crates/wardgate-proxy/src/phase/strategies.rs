//! The strategies of a configuration, for a request: what they are told, and what becomes of what they say.
//!
//! A request whose configuration has none comes by here and pays nothing.

use crate::deps::Deps;
use crate::health::Watched;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use wardgate_core::format::Surface;
use wardgate_core::time::Timestamp;
use wardgate_policy::expression::world::{CallerFacts, RequestFacts};
use wardgate_policy::strategy::{self, Changes, Failed, Situation};
use wardgate_policy::{Candidate, Dropped, Health, Plan};

/// What is the same for all expressions of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    now: Timestamp,
    random: u64,
}

impl Moment {
    fn now(deps: &Deps) -> Self {
        let mut random = [0; 8];
        deps.random.fill(&mut random);
        Self { now: deps.clock.now(), random: u64::from_le_bytes(random) }
    }
}

/// Puts a plan through the strategies, if there are any.
pub(crate) fn apply(deps: &Deps, caller: &Caller, ask: &Ask, plan: Plan, health: &dyn Health) -> Result<Plan, Vec<Dropped>> {
    match caller.strategies() {
        None => Ok(plan),
        Some(strategies) => with_situation(deps, caller, ask, health, |situation| strategy::apply(strategies, plan, situation)),
    }
}

/// What is to be changed in the body for a candidate.
///
/// # Errors
/// When the configuration does not tell: an expression cannot be worked out.
pub(crate) fn changes<'c>(deps: &Deps, caller: &'c Caller, ask: &Ask, candidate: &Candidate) -> Result<Changes<'c>, Failed> {
    let strategies = caller.strategies().filter(|strategies| strategies.transform.is_some());
    let Some(strategies) = strategies else { return Ok(Changes::default()) };
    let watched = Watched::new(deps, caller.tenant.account_id, deps.clock.now());
    let mut changes =
        with_situation(deps, caller, ask, &watched, |situation| strategy::changes(strategies, candidate, situation))?;
    if ask.surface == Surface::GenerateContent {
        // Google's parameters stand in a place of their own, by other names; of these only the cap is known everywhere.
        changes.parameters.clear();
    }
    Ok(changes)
}

fn with_situation<R>(deps: &Deps, caller: &Caller, ask: &Ask, health: &dyn Health, run: impl FnOnce(Situation<'_>) -> R) -> R {
    // One for all expressions, so that they agree on the hour.
    let moment = ask.moment.get_or_init(|| Moment::now(deps));
    let key = &caller.key.record;
    let request = RequestFacts {
        surface: ask.surface,
        models: &ask.peek.models,
        is_stream: ask.peek.is_stream,
        output_tokens_max: ask.peek.output_tokens_max,
        input_tokens: ask.input_tokens(),
        now: moment.now,
        random: moment.random,
    };
    let who = CallerFacts {
        key_id: key.id,
        key_name: key.label.name(),
        key_metadata: key.label.metadata.as_deref().unwrap_or_default(),
        tags: &key.tags,
        team_id: key.team_id,
        team_name: caller.tenant.team_name(key.team_id),
        account_id: caller.tenant.account_id,
        account_name: &caller.tenant.name,
    };
    run(Situation { request: &request, caller: &who, credentials: &caller.tenant.credentials, health: Some(health) })
}
