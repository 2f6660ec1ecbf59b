//! Keeps the store told of what this gateway holds of budgets, and looks at soft limits.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use wardgate_proxy::Deps;

const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(proxy: Arc<Deps>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
        proxy.escrow.tick().await;
    }
}
