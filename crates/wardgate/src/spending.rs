//! What is said of the money that this gateway holds.

use crate::outbox::{Event, Outbox};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wardgate_limits::escrow::{EscrowEvent, EscrowWatch, SoftLimitPassed};
use wardgate_telemetry::Metrics;

/// Counts everything, logs each change once, and puts into the outbox what the operator is to hear.
pub(crate) fn watch(metrics: &Arc<Metrics>, outbox: Option<Arc<Outbox>>) -> Arc<dyn EscrowWatch> {
    Arc::new(Teller { metrics: Arc::clone(metrics), outbox, is_away: AtomicBool::new(false) })
}

struct Teller {
    metrics: Arc<Metrics>,
    outbox: Option<Arc<Outbox>>,
    is_away: AtomicBool,
}

impl EscrowWatch for Teller {
    fn tell(&self, event: &EscrowEvent<'_>) {
        match event {
            EscrowEvent::Asked => {
                self.metrics.escrow_calls.with_label_values(&["answered"]).inc();
                if self.is_away.swap(false, Ordering::AcqRel) {
                    tracing::info!("the store tells again what is left of budgets");
                }
            }
            EscrowEvent::Failed(error) => {
                self.metrics.escrow_calls.with_label_values(&["failed"]).inc();
                if !self.is_away.swap(true, Ordering::AcqRel) {
                    let error = *error as &dyn Error;
                    tracing::warn!(error, "the store does not tell what is left of budgets: what this gateway holds is spent");
                }
            }
            EscrowEvent::SoftLimitSeen(passed) => self.outbox.iter().for_each(|outbox| outbox.keep(&Event::of(passed))),
            EscrowEvent::SoftLimitTold(passed) => self.outbox.iter().for_each(|outbox| outbox.forget(&Event::of(passed).id)),
            EscrowEvent::SoftLimitPassed(passed) => {
                let SoftLimitPassed { budget, start, spent, .. } = passed;
                self.outbox.iter().for_each(|outbox| outbox.put(Event::of(passed)));
                self.metrics.soft_limits_passed.with_label_values(&[budget.owner.name()]).inc();
                tracing::warn!(
                    budget = %budget.id,
                    name = budget.label.name(),
                    account = %budget.account_id,
                    owner = budget.owner.name(),
                    window = budget.window.name(),
                    window_start = %start,
                    soft_limit = budget.soft.map(wardgate_core::money::NanoUsd::to_usd),
                    hard_limit = budget.hard.map(wardgate_core::money::NanoUsd::to_usd),
                    spent = spent.to_usd(),
                    "a budget has passed its soft limit"
                );
            }
        }
    }
}
