//! Asking before anything is done.

use super::prepare::Prepared;
use crate::failure::Failure;
use crate::plan::Action;
use crate::surroundings::Surroundings;

pub(super) fn confirm(all: &[Prepared], is_confirmed: bool, surroundings: &mut Surroundings) -> Result<(), Failure> {
    if is_confirmed {
        return Ok(());
    }
    if !surroundings.can_ask {
        return Err(Failure::usage("nobody is there to confirm it, so nothing was done").hint("pass --yes"));
    }
    let total: usize = all.iter().map(|prepared| prepared.plan.operations.len()).sum();
    let deletions: usize = all.iter().map(|prepared| prepared.plan.count(Action::Delete)).sum();
    let question = match (total, deletions) {
        (1, 0) => "Do this?".to_owned(),
        (_, 0) => format!("Do these {total}?"),
        (_, 1) => format!("Do these {total}, one of which deletes for good?"),
        (_, deletions) => format!("Do these {total}, {deletions} of which delete for good?"),
    };
    if surroundings.ask(&question)? { Ok(()) } else { Err(Failure::error("nothing was done")) }
}
