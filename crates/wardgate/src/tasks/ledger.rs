//! Moves usage events to the store, in batches.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use wardgate_core::id::{AccessKeyId, ManagedKeyId, ProviderKeyId};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;
use wardgate_ledger::{Batch, Ledger, MANY};
use wardgate_proxy::Deps;
use wardgate_store::{SeenKey, Store};

/// How long an event may wait for company.
const EVERY: Duration = Duration::from_millis(200);

/// How often the journal is made sure to be on the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// How long to leave a store alone that did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often it is noted when keys were last used.
const TOUCH_EVERY: Duration = Duration::from_secs(30);

/// How long a stopping process goes on trying.
const LAST_TRIES: u32 = 5;

/// What moves events, and what it remembers in between.
struct Mover {
    store: Arc<dyn Store>,
    proxy: Arc<Deps>,
    seen: HashMap<SeenKey, Timestamp>,
}

pub(super) async fn run(store: Arc<dyn Store>, proxy: Arc<Deps>, stop: CancellationToken) {
    let mut mover = Mover { store, proxy, seen: HashMap::new() };
    let (mut touched, mut synced) = (Instant::now(), Instant::now());
    while !stop.is_cancelled() {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = mover.proxy.ledger.many() => {}
            () = stop.cancelled() => break,
        }
        let stored = mover.move_and_tell().await;
        if touched.elapsed() >= TOUCH_EVERY && !mover.seen.is_empty() {
            touched = Instant::now();
            mover.touch().await;
        }
        if !stored {
            if synced.elapsed() >= SYNC_EVERY {
                synced = Instant::now();
                mover.sync().await;
            }
            sleep(AFTER_FAILURE).await;
        }
    }
    for _ in 0..LAST_TRIES {
        if !mover.move_and_tell().await {
            sleep(AFTER_FAILURE).await;
        } else if mover.proxy.ledger.is_empty() {
            break;
        }
    }
    mover.touch().await;
    mover.sync().await;
    let ledger = &mover.proxy.ledger;
    ledger.close();
    if !ledger.is_empty() {
        tracing::warn!("usage events wait in the journal: they go to the store when the gateway runs again");
    }
}

impl Mover {
    /// Moves what waits, and tells those who keep money until the ledger has it.
    async fn move_and_tell(&mut self) -> bool {
        self.proxy.escrow.mark();
        let stored = self.move_all().await;
        if stored {
            self.proxy.escrow.store_marked();
        }
        stored
    }

    /// Moves what waits now. What comes meanwhile is left for the next round, unless it is many: small batches cost more an event.
    /// `false` when the store did not take it.
    async fn move_all(&mut self) -> bool {
        let mut left = self.proxy.ledger.waiting();
        loop {
            let batch = self.take().await;
            if batch.events().is_empty() {
                return true;
            }
            if let Err(error) = self.store.append_usage(batch.events()).await {
                let count = batch.events().len();
                if error.is_temporary() {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        count,
                        "usage events wait, since the store does not take them"
                    );
                    self.proxy.ledger.put_back(batch);
                    return false;
                }
                tracing::error!(
                    error = &error as &dyn Error,
                    count,
                    "the store refuses a batch of usage events; each is tried alone"
                );
                self.append_alone(batch.events()).await;
            }
            // Of a run with the same keys, the last one says when they were last used.
            for run in batch.events().chunk_by(|one, next| keys(one) == keys(next)) {
                if let Some(event) = run.last() {
                    self.saw(event);
                }
            }
            left = left.saturating_sub(batch.events().len());
            self.proxy.ledger.stored(batch);
            if left == 0 && !self.proxy.ledger.has_unread() && self.proxy.ledger.waiting() < MANY {
                return true;
            }
        }
    }

    /// The next batch. Reading a file of the journal takes a moment, so it is done where nobody waits.
    async fn take(&self) -> Batch {
        let ledger = Arc::clone(&self.proxy.ledger);
        if ledger.waiting() > 0 {
            return ledger.take(MANY);
        }
        if ledger.is_empty() {
            return Batch::default();
        }
        tokio::task::spawn_blocking(move || ledger.take(MANY)).await.unwrap_or_default()
    }

    fn saw(&mut self, event: &UsageEvent) {
        let mut saw = |key| self.seen.insert(key, event.event_time);
        saw(SeenKey::Access(event.access_key_id));
        event.provider_key_id.map(|id| saw(SeenKey::Provider(id)));
        event.managed_key_id.map(|id| saw(SeenKey::Managed(id)));
    }

    /// One event that the store refuses must not hold up the others.
    async fn append_alone(&self, events: &[UsageEvent]) {
        for event in events {
            if let Err(error) = self.store.append_usage(std::slice::from_ref(event)).await {
                self.proxy.recorder.metrics().usage_lost.inc();
                tracing::error!(error = &error as &dyn Error, event = %event.id, "a usage event is lost");
            }
        }
    }

    async fn touch(&mut self) {
        let list: Vec<_> = self.seen.drain().collect();
        if let Err(error) = self.store.touch(&list).await {
            // When a key was last used is good to know and no more.
            tracing::debug!(error = &error as &dyn Error, "it could not be noted when keys were last used");
        }
    }

    /// What waits for a store that is away may wait for long, so it is to outlive a loss of power, too.
    async fn sync(&self) {
        let ledger: Arc<Ledger> = Arc::clone(&self.proxy.ledger);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || ledger.sync()).await {
            tracing::warn!(%error, "the usage journal could not be written through to the disk");
        }
    }
}

/// The keys that were used for an event.
fn keys(event: &UsageEvent) -> (AccessKeyId, Option<ProviderKeyId>, Option<ManagedKeyId>) {
    (event.access_key_id, event.provider_key_id, event.managed_key_id)
}
