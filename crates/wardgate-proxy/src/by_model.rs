//! Limits on models: which of them a request has counted for, and what each of them used.
//!
//! A request counts for the model that is tried first when it is admitted, in one with its other limits. Where a fault leads to
//! another model, that one is asked then. So nobody goes around the limit of a model by naming one before it that fails.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::configure::Caller;
use wardgate_core::time::Timestamp;
use wardgate_limits::limiter::{Denied, Hold};
use wardgate_limits::rate::{Demand, Refusal, Rule, Subject, Used};
use wardgate_policy::Candidate;

/// The models that a request was let in to, in the order of its attempts.
pub(crate) struct ByModel {
    /// What each of them is probably asked for, in tokens.
    tokens: u64,
    models: Vec<Counted>,
    /// Which of them is tried now.
    current: usize,
}

struct Counted {
    subjects: Vec<Subject>,
    /// None: it is a part of what the whole request holds.
    hold: Option<Hold>,
    /// What its attempts used.
    used: u64,
}

impl ByModel {
    /// A request that was admitted with these rules on its model.
    pub(crate) fn new(rules: &[Rule], tokens: u64) -> Self {
        Self { tokens, models: vec![Counted { subjects: subjects(rules), hold: None, used: 0 }], current: 0 }
    }

    /// Counts the model of a candidate that is about to be tried, unless the request counts for it already.
    pub(crate) async fn enter(&mut self, deps: &Deps, caller: &Caller, candidate: &Candidate) -> Result<(), Failure> {
        let rules = caller.tenant.allowance.model_rules(&caller.asking(), &candidate.target);
        let subjects = subjects(&rules);
        if let Some(known) = self.models.iter().position(|model| model.subjects == subjects) {
            self.current = known;
            return Ok(());
        }
        let hold = match deps.limiter.admit(&Demand::new(&rules, self.tokens), deps.clock.now()).await {
            Ok((hold, _)) => Some(hold),
            Err(denied) => return Err(failure(deps, denied)),
        };
        self.current = self.models.len();
        self.models.push(Counted { subjects, hold, used: 0 });
        Ok(())
    }

    /// The attempt that just ended used so many tokens.
    pub(crate) fn used(&mut self, tokens: u64) {
        if let Some(model) = self.models.get_mut(self.current) {
            model.used = model.used.saturating_add(tokens);
        }
    }

    /// The request is over. Gives what the model used that is a part of what the whole request holds.
    pub(crate) fn settle(&mut self, deps: &Deps, now: Timestamp) -> u64 {
        let mut of_first = 0;
        for model in self.models.drain(..) {
            match model.hold {
                Some(hold) => deps.limiter.settle(hold, Used::from(model.used), now),
                None => of_first = model.used,
            }
        }
        of_first
    }
}

/// What is told of a request that a limiter does not let in.
pub(crate) fn failure(deps: &Deps, denied: Denied) -> Failure {
    match denied {
        Denied::Limit(refusal) => {
            let Refusal { standing, .. } = &refusal;
            deps.recorder.rate_limited(standing.name.name(), standing.level.name());
            Failure::RateLimited(Box::new(refusal))
        }
        Denied::Away => Failure::LimitsAway,
    }
}

fn subjects(rules: &[Rule]) -> Vec<Subject> {
    rules.iter().map(|rule| rule.subject.clone()).collect()
}
