//! Looks whether the store answers, so that readiness can tell without asking.

use crate::readiness::ProcessReadiness;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use wardgate_store::Store;

const EVERY: Duration = Duration::from_secs(2);

/// A store that takes longer does not count as answering.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

pub(super) async fn run(store: Arc<dyn Store>, readiness: Arc<ProcessReadiness>, stop: CancellationToken) {
    let mut answered = true;
    loop {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
        let answers = matches!(timeout(ANSWER_WITHIN, store.ping()).await, Ok(Ok(())));
        if answers != answered {
            tracing::warn!(answers, "the store's state changed");
        }
        answered = answers;
        readiness.set_store(answers);
    }
}
