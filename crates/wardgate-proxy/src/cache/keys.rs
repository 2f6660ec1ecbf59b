//! Access keys by id.

use super::{Hasher, KNOWN_FOR};
use moka::future::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::AccessKeyId;
use wardgate_keys::hash::Digest;
use wardgate_store::{Change, Store, StoreError};
use wardgate_telemetry::Metrics;

/// How long an unknown key is remembered as unknown.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Access keys remembered at once.
const KEYS_MAX: u64 = 100_000;

/// Unknown ids remembered at once.
const UNKNOWN_MAX: u64 = 100_000;

/// A key that the store knows, and what this process learned of it.
pub struct KnownKey {
    /// The stored key, revoked or not.
    pub record: AccessKey,
    /// The digest of its secret, once it was verified.
    pub verified: OnceLock<Digest>,
    /// The digest of the secret it had before it was rotated, once that was verified.
    pub previous_verified: OnceLock<Digest>,
    /// Held while the secret is being verified, so that one key occupies one place of the lane at most.
    pub verifying: tokio::sync::Mutex<()>,
}

impl KnownKey {
    pub(crate) fn new(record: AccessKey) -> Self {
        Self { record, verified: OnceLock::new(), previous_verified: OnceLock::new(), verifying: tokio::sync::Mutex::default() }
    }
}

/// Access keys by id.
pub struct KeyCache {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    known: Cache<AccessKeyId, Arc<KnownKey>, Hasher>,
    unknown: Cache<AccessKeyId, (), Hasher>,
    changes: AtomicU64,
}

impl KeyCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self {
            store,
            metrics,
            known: Cache::builder().max_capacity(KEYS_MAX).time_to_live(KNOWN_FOR).build_with_hasher(Hasher::default()),
            unknown: Cache::builder().max_capacity(UNKNOWN_MAX).time_to_live(UNKNOWN_FOR).build_with_hasher(Hasher::default()),
            changes: AtomicU64::new(0),
        }
    }

    /// The key with this id; `None` when there is none. Many callers at once make one read.
    ///
    /// # Errors
    /// When it is not remembered and the store does not answer.
    pub async fn get(&self, id: AccessKeyId) -> Result<Option<Arc<KnownKey>>, Arc<StoreError>> {
        if let Some(known) = self.known.get(&id).await {
            return Ok(Some(known));
        }
        if self.unknown.contains_key(&id) {
            return Ok(None);
        }
        // In a box: reading takes room that every request would carry otherwise.
        Box::pin(self.read(id)).await
    }

    async fn read(&self, id: AccessKeyId) -> Result<Option<Arc<KnownKey>>, Arc<StoreError>> {
        let changes = self.changes.load(Ordering::Acquire);
        let load = async {
            self.metrics.key_lookups.inc();
            match self.store.access_key(id).await {
                Ok(Some(record)) => Ok(Arc::new(KnownKey::new(record))),
                Ok(None) => Err(None),
                Err(error) => Err(Some(Arc::new(error))),
            }
        };
        let loaded = self.known.try_get_with(id, load).await;
        let is_current = self.changes.load(Ordering::Acquire) == changes;
        match loaded {
            Ok(known) => {
                if !is_current {
                    self.known.invalidate(&id).await;
                }
                Ok(Some(known))
            }
            Err(failed) => match failed.as_ref() {
                Some(error) => Err(Arc::clone(error)),
                None => {
                    if is_current {
                        self.unknown.insert(id, ()).await;
                    }
                    Ok(None)
                }
            },
        }
    }

    /// Forgets what a change made old.
    pub async fn forget(&self, change: Change) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::AccessKey(id) => {
                self.known.invalidate(&id).await;
                self.unknown.invalidate(&id).await;
            }
            Change::Everything => {
                self.known.invalidate_all();
                self.unknown.invalidate_all();
            }
            Change::Account(_) => {}
        }
    }
}
