//! Purses.

use super::{MemoryTenant, Tables};
use crate::escrow::{Ask, HOLD_LASTS, Loan, Purse, Standing, grant};
use crate::{Escrow, StoreError};
use async_trait::async_trait;
use wardgate_core::budget::{BudgetOwner, Span};
use wardgate_core::id::{AccountId, BudgetId, HolderId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;

/// What a gateway holds of a purse in the span that begins then.
pub(super) type HoldKey = (AccountId, Purse, Timestamp, HolderId);

/// A hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    call: u64,
    held: NanoUsd,
    renewed_at: Timestamp,
}

/// Whose spending is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spender {
    Owner(BudgetOwner),
    /// What the account's credits paid for.
    Credits,
}

/// Adds what a new event cost to what was spent on the day on which its request began.
pub(super) fn spend(tables: &mut Tables, event: &UsageEvent) {
    let Some(cost) = event.cost.filter(|cost| *cost > NanoUsd::ZERO) else { return };
    let day = event.request_id.made_at().day_start();
    let owners = [BudgetOwner::Account, BudgetOwner::Team(event.team_id), BudgetOwner::AccessKey(event.access_key_id)]
        .map(Spender::Owner);
    let prepaid = tables.accounts.get(&event.account_id).and_then(|account| account.prepaid);
    let is_paid = prepaid.is_some_and(|scope| scope.covers(event.managed_key_id.is_some()));
    let credits = is_paid.then_some(Spender::Credits);
    for spender in owners.into_iter().chain(credits) {
        *tables.spending.entry((event.account_id, spender, day)).or_default() += cost;
    }
}

impl MemoryTenant {
    fn spent(&self, tables: &Tables, spender: Spender, span: Span) -> NanoUsd {
        let own = tables
            .spending
            .iter()
            .filter(|((account_id, of, day), _)| *account_id == self.account_id && *of == spender && span.contains(*day));
        own.map(|(_, amount)| *amount).sum()
    }

    fn held(&self, tables: &Tables, purse: Purse, span: Span, by: impl Fn(HolderId) -> bool, now: Timestamp) -> NanoUsd {
        let live = tables.holds.iter().filter(|((account_id, of, start, holder), hold)| {
            *account_id == self.account_id
                && (*of, *start) == (purse, span.start)
                && by(*holder)
                && now < hold.renewed_at.plus(HOLD_LASTS)
        });
        live.map(|(_, hold)| hold.held).sum()
    }

    /// The limit of a purse, and what of it was spent. None: there is none.
    fn limit(&self, tables: &Tables, purse: Purse, span: Span, now: Timestamp) -> Option<(NanoUsd, NanoUsd)> {
        match purse {
            Purse::Budget(id) => {
                let budget = tables.budgets.get(&id).filter(|budget| budget.account_id == self.account_id)?;
                Some((budget.hard?, self.spent(tables, Spender::Owner(budget.owner), span)))
            }
            Purse::Credits => {
                tables.accounts.get(&self.account_id).and_then(|account| account.prepaid)?;
                Some((super::credits::standing(tables, self.account_id, now).balance, NanoUsd::ZERO))
            }
        }
    }
}

#[async_trait]
impl Escrow for MemoryTenant {
    async fn lend(&self, holder: HolderId, asks: &[Ask], now: Timestamp) -> Result<Vec<Loan>, StoreError> {
        let mut tables = self.store.tables()?;
        tables.holds.retain(|(account_id, ..), hold| *account_id != self.account_id || now < hold.renewed_at.plus(HOLD_LASTS));
        let mut loans = Vec::with_capacity(asks.len());
        for ask in asks {
            let key = (self.account_id, ask.purse, ask.span.start, holder);
            if tables.holds.get(&key).is_some_and(|hold| hold.call >= ask.call) {
                loans.push(Loan::TooLate);
                continue;
            }
            let Some((limit, spent)) = self.limit(&tables, ask.purse, ask.span, now) else {
                loans.push(Loan::Unlimited);
                continue;
            };
            let left = limit - spent - self.held(&tables, ask.purse, ask.span, |other| other != holder, now) - ask.kept;
            let granted = grant(left, ask);
            let held = ask.kept + granted;
            if held > NanoUsd::ZERO {
                tables.holds.insert(key, Hold { call: ask.call, held, renewed_at: now });
            } else {
                tables.holds.remove(&key);
            }
            loans.push(Loan::Lent { granted, left: left - granted, limit });
        }
        Ok(loans)
    }

    async fn standings(&self, purses: &[(Purse, Span)], now: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let tables = self.store.tables()?;
        let standing = |(purse, span): &(Purse, Span)| {
            let spender = match purse {
                Purse::Budget(id) => Spender::Owner(tables.budgets.get(id)?.owner),
                Purse::Credits => Spender::Credits,
            };
            Some(Standing {
                spent: self.spent(&tables, spender, *span),
                held: self.held(&tables, *purse, *span, |_| true, now),
            })
        };
        Ok(purses.iter().map(|purse| standing(purse).unwrap_or_default()).collect())
    }

    async fn pass_soft_limit(&self, id: BudgetId, start: Timestamp) -> Result<bool, StoreError> {
        Ok(self.store.tables()?.soft_limits_passed.insert((id, start)))
    }
}
