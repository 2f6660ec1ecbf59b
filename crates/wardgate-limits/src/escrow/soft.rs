//! Soft limits: told once in a span, by whichever gateway notes it first in the store.
//!
//! Between that note and the telling a gateway may be killed, and then nobody would tell it, since it is noted. So what is to be told is
//! kept before it is noted, and let go only when the answer is certain: another gateway was first. A note whose answer was lost may
//! have been made, so the next answer is no proof of another gateway, and it is told.

use super::desk::{EscrowEvent, EscrowWatch, SoftLimitPassed};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use wardgate_core::budget::Budget;
use wardgate_core::id::BudgetId;
use wardgate_core::time::Timestamp;
use wardgate_store::Tenant;
use wardgate_store::escrow::Purse;

/// How many times it is looked after something was spent: the ledger has it a moment later.
const LOOKS: u32 = 5;

/// The budgets of one account that have a soft limit.
#[derive(Default)]
pub(super) struct SoftLimits {
    budgets: Mutex<Vec<Budget>>,
    /// Those that were passed, in spans that may not be over.
    passed: Mutex<HashSet<(BudgetId, Timestamp)>>,
    /// Those that may have been noted by this gateway without an answer, in spans that may not be over.
    doubted: Mutex<HashSet<(BudgetId, Timestamp)>>,
    looks: AtomicU32,
}

impl SoftLimits {
    pub(super) fn learn(&self, budgets: Vec<Budget>) {
        *self.budgets.lock().unwrap_or_else(PoisonError::into_inner) = budgets;
        self.touch();
    }

    /// Something was spent.
    pub(super) fn touch(&self) {
        if self.looks.load(Ordering::Relaxed) != LOOKS {
            self.looks.store(LOOKS, Ordering::Relaxed);
        }
    }

    /// Tells what was passed since it was looked last.
    pub(super) async fn look(&self, tenant: &dyn Tenant, at: Timestamp, watch: &dyn EscrowWatch) {
        if self.looks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |looks| looks.checked_sub(1)).is_err() {
            return;
        }
        let open = self.open(at);
        if open.is_empty() {
            return;
        }
        let purses: Vec<_> = open.iter().map(|budget| (Purse::Budget(budget.id), budget.span(at))).collect();
        // What cannot be told now is told at the next look.
        let Ok(standings) = tenant.standings(&purses, at).await else { return self.touch() };
        for (budget, standing) in open.iter().zip(standings) {
            if budget.soft.is_some_and(|soft| standing.spent >= soft) {
                let passed = SoftLimitPassed { budget, start: budget.span(at).start, spent: standing.spent, at };
                self.note(&passed, tenant, watch).await;
            }
        }
    }

    /// The budgets that are not known to be passed.
    fn open(&self, at: Timestamp) -> Vec<Budget> {
        let budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_now = |(id, start): &(BudgetId, Timestamp)| {
            budgets.iter().any(|budget| budget.id == *id && budget.span(at).start == *start)
        };
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).retain(is_now);
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.retain(is_now);
        budgets.iter().filter(|budget| !passed.contains(&(budget.id, budget.span(at).start))).cloned().collect()
    }

    async fn note(&self, passed: &SoftLimitPassed<'_>, tenant: &dyn Tenant, watch: &dyn EscrowWatch) {
        let key = (passed.budget.id, passed.start);
        watch.tell(&EscrowEvent::SoftLimitSeen(passed));
        let noted = tenant.pass_soft_limit(passed.budget.id, passed.start).await;
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(is_first) = noted else {
            doubted.insert(key);
            return self.touch();
        };
        let is_mine = is_first || doubted.remove(&key);
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        watch.tell(&if is_mine { EscrowEvent::SoftLimitPassed(passed) } else { EscrowEvent::SoftLimitTold(passed) });
    }
}
