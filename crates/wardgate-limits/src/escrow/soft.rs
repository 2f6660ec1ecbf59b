//! Soft limits: told once in a span, by whichever gateway sees it first.

use super::desk::{EscrowEvent, EscrowWatch};
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
        let open: Vec<Budget> = {
            let budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            passed.retain(|(id, start)| budgets.iter().any(|budget| budget.id == *id && budget.span(at).start == *start));
            budgets.iter().filter(|budget| !passed.contains(&(budget.id, budget.span(at).start))).cloned().collect()
        };
        if open.is_empty() {
            return;
        }
        let purses: Vec<_> = open.iter().map(|budget| (Purse::Budget(budget.id), budget.span(at))).collect();
        // What cannot be told now is told at the next look.
        let Ok(standings) = tenant.standings(&purses, at).await else { return self.touch() };
        for (budget, standing) in open.iter().zip(standings) {
            let start = budget.span(at).start;
            if budget.soft.is_none_or(|soft| standing.spent < soft) {
                continue;
            }
            match tenant.pass_soft_limit(budget.id, start).await {
                Ok(is_first) => {
                    self.passed.lock().unwrap_or_else(PoisonError::into_inner).insert((budget.id, start));
                    if is_first {
                        watch.tell(&EscrowEvent::SoftLimitPassed { budget, start, spent: standing.spent });
                    }
                }
                Err(_) => self.touch(),
            }
        }
    }
}
