//! Putting who made the reasoning of a conversation first.

use super::Plan;
use crate::candidate::Candidate;
use crate::health::Health;
use wardgate_core::health::Class;

/// What orders a plan in which somebody was put first, for explanations.
pub const PINNED: &str = "reasoning";

/// Puts the first candidate that is meant before all others, whatever else orders the plan: nobody else can read what it made.
/// One that is out of order is left where it is, since any answer is better than none. Says whether one was found.
pub fn pin(plan: &mut Plan, health: &dyn Health, is_traced: bool, is_meant: impl Fn(&Candidate) -> bool) -> bool {
    let Some(index) = plan.candidates.iter().position(is_meant) else { return false };
    let candidate = &plan.candidates[index];
    if index > 0 && health.standing(&candidate.target, candidate.credential).class != Class::Out {
        plan.candidates[..=index].rotate_right(1);
        if is_traced {
            plan.ordered_by.push(PINNED.to_owned());
        }
    }
    true
}
