//! Phase 8: the one loop over attempts. What to try next is asked of a pure function; here is only the doing.

use crate::deps::Deps;
use crate::failure::{Exhausted, Failure};
use crate::headers;
use crate::health::{self, since_epoch};
use crate::meter::{Ending, Meter};
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::exchange::{self, Exchange, Failed, Turn};
use crate::phase::fit::{Occasion, fit};
use crate::phase::ingress::Inbound;
use crate::phase::translate::{self, Unfit};
use crate::phase::upload::Upload;
use tokio::time::Instant;
use wardgate_core::fault::{ErrorOrigin, FaultClass};
use wardgate_core::usage::Completion;
use wardgate_health::Outcome;
use wardgate_policy::verdict::{self, verdict};
use wardgate_policy::{Candidate, Dropped, Failover, Next, Plan};

/// How much of a model's name is logged for a failed attempt, in bytes.
const MODEL_BYTES_MAX: usize = 100;

/// Tries candidates until one answers.
pub(crate) async fn attempt(
    deps: &Deps,
    inbound: &Inbound,
    caller: &Caller,
    ask: &Ask,
    plan: &Plan,
    meter: &mut Meter,
) -> Result<Exchange, Failure> {
    let total_timeout = caller.tenant.timeouts.map_or(deps.options.total_timeout, |own| own.total);
    let deadline = meter.log().started() + total_timeout;
    let mut failover = Failover::new(&plan.candidates);
    let mut history = Vec::new();
    let mut next = failover.first();
    let mut last: Option<(Failed, &Candidate)> = None;
    let mut unfit: Option<Unfit> = None;
    let mut limited: Option<Failure> = None;
    let mut is_bare = false;
    let mut first = None;
    deps.retry_budget.deposit();
    loop {
        let index = match next {
            Next::Try(index) if history.is_empty() => index,
            // Whoever wants to lose nothing is told what is wrong.
            Next::TryBare(_) if headers::is_strict(&inbound.headers) => return Err(exhausted(&history, last, &failover)),
            Next::Try(index) | Next::TryBare(index) | Next::WaitThenTry(index, _) => {
                if !deps.retry_budget.withdraw(since_epoch(deps.clock.now())) {
                    return Err(exhausted(&history, last, &failover));
                }
                if let Next::WaitThenTry(_, delay) = next {
                    let started = Instant::now();
                    tokio::time::sleep(delay).await;
                    meter.log_mut().waited += started.elapsed();
                }
                is_bare |= matches!(next, Next::TryBare(_));
                index
            }
            Next::Stop => {
                return Err(match (unfit, limited) {
                    (_, Some(limited)) if last.is_none() => limited,
                    // Nothing was ever sent: what is wrong is the request.
                    (Some(unfit), _) if last.is_none() => unfit.into(),
                    _ => exhausted(&history, last, &failover),
                });
            }
        };
        let candidate = &plan.candidates[index];
        if ask.is_large() && translate::reads_neutral(ask, candidate) {
            // In a box, since few requests need the room of it.
            Box::pin(ask.read_aside(deps)).await;
        }
        let moved = translate::moved(deps, ask, candidate);
        let sent_to = moved.as_ref().unwrap_or(candidate);
        let occasion = Occasion { request_id: meter.log().request_id(), is_bare, has_others: plan.candidates.len() > 1 };
        let fitted = match fit(deps, inbound, caller, ask, sent_to, occasion) {
            // There was nothing to leave out, so it would be refused again.
            Ok(fitted) if matches!(next, Next::TryBare(_)) && !fitted.changes.is_bared => {
                return Err(exhausted(&history, last, &failover));
            }
            Ok(fitted) => fitted,
            Err(why) => {
                unfit.get_or_insert(why);
                next = failover.pass_over(index, deadline.saturating_duration_since(Instant::now()));
                continue;
            }
        };
        if let Err(failure) = meter.enter(caller, candidate).await {
            limited.get_or_insert(failure);
            next = failover.pass_over(index, deadline.saturating_duration_since(Instant::now()));
            continue;
        }
        let started = Instant::now();
        meter.begin(candidate, &caller.tenant, started);
        health::begin(deps, caller.tenant.account_id, candidate, meter.log().time_at(started));
        let turn = Turn { started, deadline, is_first_again: *first.get_or_insert(index) == index && !is_bare };
        let exchanged = exchange::exchange(deps, inbound, caller, ask, fitted, turn, meter).await;
        meter.log_mut().waited += started.elapsed();
        let failed = match exchanged {
            Ok(exchange) => return Ok(exchange),
            Err(failed) => failed,
        };
        let upload = inbound.upload.as_ref();
        if let Some(failure) = upload.and_then(Upload::failure) {
            // It is the client that sent no more, or what nobody can be sent.
            meter.end(&Ending::nothing(Completion::ClientClosed));
            return Err(failure);
        }
        let completion = if failed.fault.class == FaultClass::Timeout { Completion::TimedOut } else { Completion::Failed };
        meter.end(&Ending::nothing(completion));
        meter.log_mut().failed.push(told(candidate, &failed));
        // What the gateway itself could not do says nothing of the provider.
        if failed.fault.origin == ErrorOrigin::Provider {
            let (class, retry_after) = (failed.fault.class, failed.retry_after);
            health::end(deps, caller.tenant.account_id, candidate, Outcome::Failed { class, retry_after }, deps.clock.now());
        }
        let time_left = deadline.saturating_duration_since(Instant::now());
        history.push(verdict::Failed { class: failed.fault.class, retry_after: failed.retry_after });
        // What was sent of a form and is not held cannot be sent again.
        let is_spent = upload.is_some_and(Upload::is_spent);
        next = if time_left.is_zero() || is_spent {
            Next::Stop
        } else {
            failover.after(index, failed.fault.class, failed.retry_after, time_left)
        };
        last = Some((failed, candidate));
    }
}

/// A failed attempt as the log tells it. Names of models are the client's text in part, and so may be long.
fn told(candidate: &Candidate, failed: &Failed) -> String {
    let (provider, model) = (&candidate.target.provider.name, &candidate.target.model);
    let model = &model[..model.floor_char_boundary(MODEL_BYTES_MAX)];
    format!("{provider}:{model} {} {}", failed.status, failed.fault.class.name())
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Untranslatable(refused) => Self::Untranslatable(refused),
            Unfit::NoMemory => Self::Busy("memory for translating requests"),
            Unfit::Strategy(failed) => Self::NothingToTry(vec![Dropped::whole(String::new(), failed.into())]),
        }
    }
}

fn exhausted(history: &[verdict::Failed], last: Option<(Failed, &Candidate)>, failover: &Failover<'_>) -> Failure {
    let Some((failed, candidate)) = last else {
        // A plan is never empty and its first candidate is always tried; were it otherwise, this is what to tell.
        return Failure::NothingToTry(Vec::new());
    };
    Failure::Exhausted(Box::new(Exhausted {
        verdict: verdict(history),
        fault: failed.fault,
        status: failed.status,
        their_id: failed.their_id,
        provider: candidate.target.provider.name.to_string(),
        model: candidate.target.model.to_string(),
        attempts: u32::try_from(history.len()).unwrap_or(u32::MAX).min(failover.attempts()),
    }))
}
