//! Reads the operator's catalog file again when it changes, and when SIGHUP asks for it. A file that is wrong changes nothing.

use crate::catalog::{Source, Stamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use wardgate_model::LiveCatalog;
use wardgate_proxy::Deps;
use wardgate_store::Change;
use wardgate_telemetry::Metrics;

/// How often to look whether the file is another one.
const EVERY: Duration = Duration::from_secs(2);

/// What it works with.
pub(super) struct Watch {
    pub(super) source: Source,
    pub(super) seen: Stamp,
    pub(super) catalog: Arc<LiveCatalog>,
    pub(super) proxy: Arc<Deps>,
    pub(super) metrics: Arc<Metrics>,
}

impl Watch {
    /// Works until it is stopped.
    pub(super) async fn run(mut self, mut hangup: Signal, stop: CancellationToken) {
        loop {
            let is_asked = tokio::select! {
                () = sleep(EVERY) => false,
                _ = hangup.recv() => true,
                () = stop.cancelled() => return,
            };
            self.look(is_asked).await;
        }
    }

    async fn look(&mut self, is_asked: bool) {
        let (source, seen) = (self.source.clone(), self.seen);
        let looking = tokio::task::spawn_blocking(move || {
            let stamp = source.stamp();
            (is_asked || stamp != seen).then(|| (stamp, source.load()))
        });
        // A panic is counted and told where it happens.
        let Ok(Some((stamp, loaded))) = looking.await else { return };
        self.seen = stamp;
        let result = match loaded {
            Ok(catalog) => {
                let models = catalog.models().len();
                self.catalog.replace(catalog);
                // Whoever has been read works with the catalog of then.
                self.proxy.tenants.forget(Change::Everything).await;
                tracing::info!(models, "the catalog was read again");
                "loaded"
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the catalog file cannot be used; the catalog stays as it was");
                "refused"
            }
        };
        self.metrics.catalog_reloads.with_label_values(&[result]).inc();
    }
}
