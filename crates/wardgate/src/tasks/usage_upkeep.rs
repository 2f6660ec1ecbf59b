//! Keeps the ledger in the store in order: sums up what an older version left out, makes room for the days to come, and deletes
//! events that are older than the operator wants to keep.
//!
//! Each step is small and has a pause behind it, since requests' events go through the same store.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use wardgate_core::time::{Clock, Timestamp};
use wardgate_store::{Store, StoreError};

/// How often to look whether there is something to do.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// How many events one step sums up or deletes.
const STEP: u32 = 1_000;

/// The pause after a step.
const PAUSE: Duration = Duration::from_millis(100);

/// Works until it is stopped. Events are kept for `retention`, or for ever.
pub(super) async fn run(store: Arc<dyn Store>, clock: Arc<dyn Clock>, retention: Option<Duration>, stop: CancellationToken) {
    loop {
        let work = async {
            if let Err(error) = look_after(&*store, clock.now(), retention).await {
                let error = &error as &dyn Error;
                tracing::warn!(error, "the ledger in the store could not be looked after; it is tried again in a while");
            }
            sleep(EVERY).await;
        };
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn look_after(store: &dyn Store, now: Timestamp, retention: Option<Duration>) -> Result<(), StoreError> {
    store.make_room_for_usage(now).await?;
    let mut summed = 0;
    loop {
        let step = store.sum_up_usage(STEP).await?;
        summed += step;
        if step < u64::from(STEP) {
            break;
        }
        sleep(PAUSE).await;
    }
    if summed > 0 {
        tracing::info!(summed, "usage events that an older version of this program stored are in the sums now");
    }
    let Some(retention) = retention else { return Ok(()) };
    let before = now.minus(retention);
    let mut steps = 0_u64;
    while store.delete_usage(before, STEP).await? {
        steps += 1;
        sleep(PAUSE).await;
    }
    if steps > 0 {
        tracing::info!(%before, "usage events from before then are deleted; their sums stay");
    }
    Ok(())
}
