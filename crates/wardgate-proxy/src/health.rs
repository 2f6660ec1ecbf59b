//! What the attempts of this process say of those whom it asks.

use crate::deps::Deps;
use std::sync::LazyLock;
use std::time::Duration;
use wardgate_core::health::Standing;
use wardgate_core::id::AccountId;
use wardgate_core::name::ModelName;
use wardgate_core::time::Timestamp;
use wardgate_health::{Health, Key, Outcome, Owner, Turn};
use wardgate_model::{Origin, Target};
use wardgate_policy::{Candidate, Credential};

/// What every model is watched as that nobody has described: their names are the clients' to choose, so there is no end of them.
static UNDESCRIBED: LazyLock<ModelName> = LazyLock::new(|| "*".into());

/// How everyone stands at a moment, to one account.
pub(crate) struct Watched<'d> {
    health: &'d Health,
    account_id: AccountId,
    now: Duration,
}

impl<'d> Watched<'d> {
    pub(crate) fn new(deps: &'d Deps, account_id: AccountId, at: Timestamp) -> Self {
        Self { health: &deps.health, account_id, now: since_epoch(at) }
    }
}

impl wardgate_policy::Health for Watched<'_> {
    fn standing(&self, target: &Target, credential: Credential) -> Standing {
        self.health.standing(&key(self.account_id, target, credential), self.now)
    }
}

/// An attempt begins.
pub(crate) fn begin(deps: &Deps, account_id: AccountId, candidate: &Candidate, at: Timestamp) {
    deps.health.begin(&key(account_id, &candidate.target, candidate.credential), since_epoch(at));
}

/// An attempt ended.
pub(crate) fn end(deps: &Deps, account_id: AccountId, candidate: &Candidate, outcome: Outcome, at: Timestamp) {
    let target = &candidate.target;
    if let Some(turn) = deps.health.end(key(account_id, target, candidate.credential), outcome, since_epoch(at)) {
        let shared_provider = (target.provider.origin != Origin::Tenant).then(|| target.provider.name.as_str());
        deps.recorder.backend_turned(shared_provider, turn == Turn::Out);
    }
}

fn key(account_id: AccountId, target: &Target, credential: Credential) -> Key {
    let owner = match credential {
        Credential::None => Owner::Account(account_id, None),
        Credential::User(id) => Owner::Account(account_id, Some(id)),
        Credential::Managed(id) => Owner::Operator(id),
    };
    let is_declared = || target.provider.declared_models.iter().any(|declared| declared.upstream_id == target.model);
    let is_described = target.known.is_some() || is_declared();
    let model = if is_described { target.model.clone() } else { UNDESCRIBED.clone() };
    Key { owner, provider: target.provider.name.clone(), model }
}

/// A moment as health and the retry budget count.
pub(crate) fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(at.unix_micros()).unwrap_or(0))
}
