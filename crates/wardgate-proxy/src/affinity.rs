//! Who made the reasoning that comes back with a conversation, so that its maker is asked first.
//!
//! The same goes for what a conversation in Responses names by an id alone, and lives where the id was given.
//!
//! Only its maker can read it; anyone else refuses it, or goes without. Envelopes name their maker. Raw pieces, which clients get
//! from providers of their own format, are remembered here by a number for as long as an agent's turn may take. A request with
//! one candidate has nothing to choose, so nothing of this is done for it.

use crate::deps::Deps;
use crate::health::Watched;
use crate::phase::aside::here;
use crate::phase::ask::Ask;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::time::Duration;
use wardgate_core::format::Format;
use wardgate_core::id::AccountId;
use wardgate_policy::{Candidate, Credential, Plan, pin};
use wardgate_wire::minted::{self, Minted};
use wardgate_wire::neutral::opaque;
use wardgate_wire::wants::hash;

/// The most pieces that are remembered, of all accounts together. Those that were not used for longest make room.
const PIECES_MAX: u64 = 65_536;

/// How long each is.
const REMEMBERED_FOR: Duration = Duration::from_secs(60 * 60);

/// Who made raw pieces. Clones share one memory.
#[derive(Clone)]
pub struct Affinity {
    makers: Cache<u64, Maker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Maker {
    /// Provider, credential and model.
    mark: u64,
    /// Provider and credential.
    place: u64,
}

impl Default for Affinity {
    fn default() -> Self {
        let makers = Cache::builder().max_capacity(PIECES_MAX).eviction_policy(EvictionPolicy::lru());
        Self { makers: makers.time_to_live(REMEMBERED_FOR).build() }
    }
}

/// What remembers the pieces of one answer as it passes.
#[derive(Clone)]
pub(crate) struct Noting {
    affinity: Affinity,
    account_id: AccountId,
    format: Format,
    maker: Maker,
}

impl Noting {
    /// For an answer of a candidate in a format.
    pub(crate) fn new(deps: &Deps, account_id: AccountId, format: Format, candidate: &Candidate) -> Self {
        Self { affinity: deps.affinity.clone(), account_id, format, maker: Maker::of(candidate) }
    }

    /// Looks at an answer, or at whole events of one.
    pub(crate) fn note(&self, answer: &[u8]) {
        minted::each(self.format, answer, |number| self.affinity.makers.insert(key(self.account_id, number), self.maker));
    }
}

impl Maker {
    fn of(candidate: &Candidate) -> Self {
        Self { mark: mark(candidate), place: of(candidate, "") }
    }
}

/// Accounts do not learn of each other's pieces.
fn key(account_id: AccountId, number: u64) -> u64 {
    hash(account_id.as_bytes(), number)
}

/// Puts who made the newest reasoning of the conversation first in the plan, if it can be asked.
pub(crate) fn put_first(deps: &Deps, account_id: AccountId, ask: &Ask, plan: &mut Plan, health: &Watched<'_>, is_traced: bool) {
    if plan.candidates.len() < 2 {
        return;
    }
    match here(ask.body.len(), || minted::newest(ask.surface.format(), &ask.body)) {
        Some(Minted::By(maker)) => {
            pin(plan, health, is_traced, |candidate| mark(candidate) == maker);
        }
        Some(Minted::Raw(number)) => {
            let Some(maker) = deps.affinity.makers.get(&key(account_id, number)) else { return };
            // Another model of the client's choice is not asked before the one it named first, but with the same credential.
            let first = plan.candidates[0].model_index;
            let is_there = |candidate: &Candidate| candidate.model_index == first && of(candidate, "") == maker.place;
            if !pin(plan, health, is_traced, |candidate| mark(candidate) == maker.mark) {
                pin(plan, health, is_traced, is_there);
            }
        }
        None => {}
    }
}

/// Who reads a request: what one model signed under one key, no other can read.
pub(crate) fn mark(candidate: &Candidate) -> u64 {
    of(candidate, &candidate.target.model)
}

fn of(candidate: &Candidate, model: &str) -> u64 {
    let key = match candidate.credential {
        Credential::User(key) => key.to_string(),
        Credential::Managed(key) => key.to_string(),
        Credential::None => String::new(),
    };
    opaque::mark(&[candidate.target.provider.name.as_str(), &key, model])
}
