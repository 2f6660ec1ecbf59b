//! Moves usage events to the store, in batches.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use wardgate_core::id::AccessKeyId;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;
use wardgate_proxy::Deps;
use wardgate_store::{SeenKey, Store};

/// The most events in one transaction. A multiple of what one statement inserts.
const BATCH_MAX: usize = 512;

/// How long an event may wait for company.
const EVERY: Duration = Duration::from_millis(200);

/// How long to leave a store alone that did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often it is noted when keys were last used.
const TOUCH_EVERY: Duration = Duration::from_secs(30);

/// How long a stopping process goes on trying.
const LAST_TRIES: u32 = 5;

pub(super) async fn run(store: Arc<dyn Store>, proxy: Arc<Deps>, stop: CancellationToken) {
    let mut seen = HashMap::new();
    let mut touched = Instant::now();
    while !stop.is_cancelled() {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = proxy.ledger.many() => {}
            () = stop.cancelled() => break,
        }
        let stored = move_all(&*store, &proxy, &mut seen).await;
        if touched.elapsed() >= TOUCH_EVERY && !seen.is_empty() {
            touched = Instant::now();
            touch(&*store, &mut seen).await;
        }
        if !stored {
            sleep(AFTER_FAILURE).await;
        }
    }
    for _ in 0..LAST_TRIES {
        if move_all(&*store, &proxy, &mut seen).await {
            break;
        }
        sleep(AFTER_FAILURE).await;
    }
    touch(&*store, &mut seen).await;
    let lost = proxy.ledger.waiting();
    if lost > 0 {
        tracing::error!(lost, "usage events could not be stored before the process ended");
    }
}

/// Moves what waits. `false` when the store did not take it.
async fn move_all(store: &dyn Store, proxy: &Deps, seen: &mut HashMap<AccessKeyId, Timestamp>) -> bool {
    loop {
        let events = proxy.ledger.take(BATCH_MAX);
        if events.is_empty() {
            return true;
        }
        if let Err(error) = store.append_usage(&events).await {
            let is_temporary = error.is_temporary();
            let count = events.len();
            if is_temporary {
                tracing::warn!(error = &error as &dyn Error, count, "usage events wait, since the store does not take them");
                proxy.ledger.put_back(events);
                return false;
            }
            tracing::error!(
                error = &error as &dyn Error,
                count,
                "the store refuses a batch of usage events; each is tried alone"
            );
            append_alone(store, proxy, &events).await;
        }
        for event in events {
            seen.insert(event.access_key_id, event.event_time);
        }
    }
}

/// One event that the store refuses must not hold up the others.
async fn append_alone(store: &dyn Store, proxy: &Deps, events: &[UsageEvent]) {
    for event in events {
        if let Err(error) = store.append_usage(std::slice::from_ref(event)).await {
            proxy.recorder.metrics().usage_lost.inc();
            tracing::error!(error = &error as &dyn Error, event = %event.id, "a usage event is lost");
        }
    }
}

async fn touch(store: &dyn Store, seen: &mut HashMap<AccessKeyId, Timestamp>) {
    let list: Vec<_> = seen.drain().map(|(id, at)| (SeenKey::Access(id), at)).collect();
    if let Err(error) = store.touch(&list).await {
        // When a key was last used is good to know and no more.
        tracing::debug!(error = &error as &dyn Error, "it could not be noted when keys were last used");
    }
}
