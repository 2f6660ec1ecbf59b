//! What one account's requests may spend, and what one request has reserved of it.

use super::desk::{Denied, Desk};
use super::purse::KnownPurse;
use std::collections::HashMap;
use std::sync::Arc;
use wardgate_core::budget::{Budget, BudgetOwner};
use wardgate_core::credit::PrepaidScope;
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::escrow::Purse;

/// The purses of one version of an account.
#[derive(Default)]
pub struct Money {
    desk: Option<Arc<Desk>>,
    account: Vec<Arc<KnownPurse>>,
    teams: HashMap<TeamId, Vec<Arc<KnownPurse>>, foldhash::fast::RandomState>,
    keys: HashMap<AccessKeyId, Vec<Arc<KnownPurse>>, foldhash::fast::RandomState>,
    credits: Option<(Arc<KnownPurse>, PrepaidScope)>,
}

/// What a request may cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// At most, by whatever candidate.
    pub all: NanoUsd,
    /// At most, by a candidate that is asked with the operator's key.
    pub managed: NanoUsd,
}

impl Money {
    pub(super) fn new(
        desk: Arc<Desk>,
        budgets: &[Budget],
        prepaid: Option<PrepaidScope>,
        find: impl Fn(Purse) -> Option<Arc<KnownPurse>>,
    ) -> Self {
        let mut money = Self { desk: Some(desk), credits: find(Purse::Credits).zip(prepaid), ..Self::default() };
        for budget in budgets {
            let Some(purse) = find(Purse::Budget(budget.id)) else { continue };
            match budget.owner {
                BudgetOwner::Account => money.account.push(purse),
                BudgetOwner::Team(id) => money.teams.entry(id).or_default().push(purse),
                BudgetOwner::AccessKey(id) => money.keys.entry(id).or_default().push(purse),
            }
        }
        money
    }

    /// Whether a request of this team and key has to reserve anything.
    #[must_use]
    pub fn binds(&self, team_id: TeamId, key_id: AccessKeyId) -> bool {
        self.desk.is_some() && (self.credits.is_some() || self.purses(team_id, key_id).next().is_some())
    }

    /// What credits pay for, if for anything.
    #[must_use]
    pub fn prepaid(&self) -> Option<PrepaidScope> {
        self.credits.as_ref().map(|(_, scope)| *scope)
    }

    /// Something was spent, by a request that may have reserved nothing: soft limits are to be looked at.
    pub fn touch(&self) {
        if let Some(desk) = &self.desk {
            desk.touch();
        }
    }

    /// Reserves what a request may cost, of every purse that applies, or nothing. What costs nothing needs nothing.
    ///
    /// # Errors
    /// See [`Denied`].
    pub async fn reserve(
        &self,
        team_id: TeamId,
        key_id: AccessKeyId,
        estimate: Estimate,
        at: Timestamp,
    ) -> Result<Reservation, Denied> {
        let mut demands = Vec::new();
        if estimate.all > NanoUsd::ZERO {
            demands.extend(self.purses(team_id, key_id).map(|purse| Demand { purse, amount: estimate.all, is_managed: false }));
        }
        if let Some((purse, scope)) = &self.credits {
            let is_managed = *scope == PrepaidScope::Managed;
            let amount = if is_managed { estimate.managed } else { estimate.all };
            if amount > NanoUsd::ZERO {
                demands.push(Demand { purse, amount, is_managed });
            }
        }
        match &self.desk {
            Some(desk) if !demands.is_empty() => desk.reserve(&demands, at).await,
            _ => Ok(Reservation::default()),
        }
    }

    fn purses(&self, team_id: TeamId, key_id: AccessKeyId) -> impl Iterator<Item = &Arc<KnownPurse>> {
        // Most accounts have no budgets but their own.
        let team = if self.teams.is_empty() { None } else { self.teams.get(&team_id) };
        let key = if self.keys.is_empty() { None } else { self.keys.get(&key_id) };
        key.into_iter().chain(team).flatten().chain(&self.account)
    }
}

/// What is to be taken of one purse.
pub(super) struct Demand<'m> {
    pub(super) purse: &'m Arc<KnownPurse>,
    pub(super) amount: NanoUsd,
    pub(super) is_managed: bool,
}

/// What a request has reserved. Dropped, it goes back as if the request had cost nothing.
#[derive(Default)]
pub struct Reservation(Vec<Take>);

struct Take {
    purse: Arc<KnownPurse>,
    span_start: Timestamp,
    amount: NanoUsd,
    is_managed: bool,
}

impl Reservation {
    pub(super) fn with_room_for(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    pub(super) fn add(&mut self, demand: &Demand<'_>, span_start: Timestamp) {
        let (purse, amount) = (Arc::clone(demand.purse), demand.amount);
        self.0.push(Take { purse, span_start, amount, is_managed: demand.is_managed });
    }

    /// Puts what the request did cost in the place of what was reserved: all of it, and the part with the operator's keys.
    pub fn settle(mut self, all: NanoUsd, managed: NanoUsd) {
        for take in self.0.drain(..) {
            take.purse.settle(take.span_start, take.amount, if take.is_managed { managed } else { all });
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        for take in self.0.drain(..) {
            take.purse.settle(take.span_start, take.amount, NanoUsd::ZERO);
        }
    }
}
