//! What the data plane remembers of the store, so that a request in the steady state asks it nothing.
//!
//! Entries are immutable versions. A change makes the cache forget; the next request reads the new version. A read that was
//! under way while a change was told may have seen the old version, so its result is used once and not kept.

use async_trait::async_trait;
use moka::future::Cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::{AccessKeyId, AccountId, ProviderKeyId};
use wardgate_core::secret::Secret;
use wardgate_keys::hash::Digest;
use wardgate_keys::seal::{DataKey, MasterKey, SealError};
use wardgate_model::{Catalog, Overlay};
use wardgate_policy::{Credentials, Policy, VirtualModels};
use wardgate_store::{Change, Listener, RoutingMaterial, Store, StoreError};
use wardgate_telemetry::Metrics;

/// Seeded at random in each process, and several times as fast as the standard one.
type Hasher = foldhash::fast::RandomState;

/// How long a known key or account is served from memory when nobody says that it changed. The store may be away as long.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 3_600);

/// How long an unknown key is remembered as unknown.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Access keys remembered at once.
const KEYS_MAX: u64 = 100_000;

/// Unknown ids remembered at once.
const UNKNOWN_MAX: u64 = 100_000;

/// Accounts remembered at once.
const TENANTS_MAX: u64 = 10_000;

/// Makes both caches forget what a store says has changed.
pub struct Forgetting {
    deps: std::sync::Weak<crate::Deps>,
}

impl Forgetting {
    /// For the caches of a data plane.
    #[must_use]
    pub fn new(deps: &Arc<crate::Deps>) -> Arc<Self> {
        Arc::new(Self { deps: Arc::downgrade(deps) })
    }
}

#[async_trait]
impl Listener for Forgetting {
    async fn changed(&self, change: Change) {
        if let Some(deps) = self.deps.upgrade() {
            deps.keys.forget(change).await;
            deps.tenants.forget(change).await;
        }
    }
}

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
    fn new(record: AccessKey) -> Self {
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

/// What an account's requests may use, as of one version.
pub struct TenantSnapshot {
    /// Its providers and models.
    pub overlay: Overlay,
    /// Which credentials it has.
    pub credentials: Credentials,
    /// Its names for lists of models.
    pub virtual_models: VirtualModels,
    /// What a key without a configuration may call.
    pub policy: Policy,
    /// Whether none of its keys is served.
    pub is_suspended: bool,
    sealed: HashMap<ProviderKeyId, SealedKey, Hasher>,
    data_key: DataKey,
}

struct SealedKey {
    sealed: Vec<u8>,
    /// Opened at its first use, and wiped with the snapshot. Opening it for each call would protect nothing: the data key that
    /// opens it lies beside it.
    opened: OnceLock<Secret>,
    redacted: Arc<str>,
}

impl TenantSnapshot {
    fn new(material: RoutingMaterial, catalog: Arc<Catalog>, master_key: &MasterKey) -> Result<Self, SealError> {
        let data_key = master_key.open_data_key(material.account.id, &material.account.sealed_data_key)?;
        let overlay = Overlay::new(catalog, &material.providers);
        let credentials = Credentials::new(material.provider_keys.iter().map(|key| (key.provider_name.clone(), key.id)));
        let sealed = material.provider_keys.into_iter().map(|key| {
            (key.id, SealedKey { sealed: key.sealed_value, opened: OnceLock::new(), redacted: key.redacted.into() })
        });
        let is_suspended = material.account.suspended_at.is_some();
        let virtual_models = VirtualModels::new(&material.virtual_models);
        Ok(Self {
            overlay,
            credentials,
            virtual_models,
            policy: Policy::default(),
            is_suspended,
            sealed: sealed.collect(),
            data_key,
        })
    }

    /// The credential in clear, for a call that is about to use it.
    ///
    /// # Errors
    /// When the stored bytes do not open.
    pub fn unseal(&self, id: ProviderKeyId) -> Result<&Secret, SealError> {
        let key = self.sealed.get(&id).ok_or(SealError::Form)?;
        match key.opened.get() {
            Some(secret) => Ok(secret),
            None => {
                let secret = self.data_key.open(id, &key.sealed)?;
                Ok(key.opened.get_or_init(|| secret))
            }
        }
    }

    /// The credential as it may be shown.
    #[must_use]
    pub fn redacted(&self, id: ProviderKeyId) -> Option<&Arc<str>> {
        self.sealed.get(&id).map(|key| &key.redacted)
    }
}

/// Why an account cannot be served now.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The store does not answer.
    #[error("the account cannot be read")]
    Store(#[from] StoreError),
    /// There is no such account any more.
    #[error("the account is gone")]
    Gone,
    /// Its data key does not open: this process has another master key than the one that sealed it.
    #[error("the account's data key does not open with this master key")]
    Sealed(#[from] SealError),
}

/// Accounts by id.
pub struct TenantCache {
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    master_key: MasterKey,
    known: Cache<AccountId, Arc<TenantSnapshot>, Hasher>,
    changes: AtomicU64,
}

impl TenantCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, catalog: Arc<Catalog>, master_key: MasterKey) -> Self {
        let known = Cache::builder().max_capacity(TENANTS_MAX).time_to_live(KNOWN_FOR).build_with_hasher(Hasher::default());
        Self { store, catalog, master_key, known, changes: AtomicU64::new(0) }
    }

    /// The account's present version. Many callers at once make one read.
    ///
    /// # Errors
    /// See [`TenantError`].
    pub async fn get(&self, id: AccountId) -> Result<Arc<TenantSnapshot>, Arc<TenantError>> {
        if let Some(known) = self.known.get(&id).await {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let load = async {
            let material = self.store.tenant(id).routing_material().await?.ok_or(TenantError::Gone)?;
            let snapshot = TenantSnapshot::new(material, Arc::clone(&self.catalog), &self.master_key)?;
            Ok(Arc::new(snapshot))
        };
        let snapshot = self.known.try_get_with(id, load).await?;
        if self.changes.load(Ordering::Acquire) != changes {
            self.known.invalidate(&id).await;
        }
        Ok(snapshot)
    }

    /// Forgets what a change made old.
    pub async fn forget(&self, change: Change) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::Account(id) => self.known.invalidate(&id).await,
            Change::Everything => self.known.invalidate_all(),
            Change::AccessKey(_) => {}
        }
    }
}
