//! Background work: each task is idempotent, and its next run is its retry.

mod catalog_watch;
mod escrow;
mod ledger;
mod store_watch;
mod usage_upkeep;
pub(crate) mod webhook;

use crate::assemble::Parts;
use crate::readiness::ProcessReadiness;
use catalog_watch::Watch;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Everything that runs beside the requests.
pub(crate) struct Tasks {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Tasks {
    /// Starts all tasks. Usage events are kept for `usage_retention`, or for ever; a catalog file is watched if there is one, and
    /// with it `hangup`.
    pub(crate) fn start(
        parts: &Parts,
        readiness: &Arc<ProcessReadiness>,
        usage_retention: Option<Duration>,
        hangup: Option<Signal>,
    ) -> Self {
        let (stop, running) = (CancellationToken::new(), TaskTracker::new());
        running.spawn(ledger::run(Arc::clone(&parts.store), Arc::clone(&parts.proxy), stop.clone()));
        let (store, clock) = (Arc::clone(&parts.store), Arc::clone(&parts.clock));
        running.spawn(usage_upkeep::run(store, clock, usage_retention, stop.clone()));
        let sending = parts.sending.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sending) = sending {
            let (upstream, clock) = (parts.proxy.upstream.clone(), Arc::clone(&parts.clock));
            running.spawn(webhook::run(sending, upstream, clock, stop.clone()));
        }
        running.spawn(escrow::run(Arc::clone(&parts.proxy), stop.clone()));
        running.spawn(store_watch::run(Arc::clone(&parts.store), Arc::clone(readiness), stop.clone()));
        if let Some(hangup) = hangup {
            let (source, seen) = parts.catalog_source.clone();
            let (catalog, proxy, metrics) = (Arc::clone(&parts.catalog), Arc::clone(&parts.proxy), Arc::clone(&parts.metrics));
            running.spawn(Watch { source, seen, catalog, proxy, metrics }.run(hangup, stop.clone()));
        }
        Self { stop, running }
    }

    /// Lets every task finish what it is at, the ledger all that waits.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.running.close();
        self.running.wait().await;
    }
}
