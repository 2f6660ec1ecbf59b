//! Accounts by id.

use super::{Hasher, KNOWN_FOR};
use crate::allowance::TierBook;
use crate::tenant::TenantSnapshot;
use moka::future::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wardgate_core::id::AccountId;
use wardgate_keys::seal::{MasterKey, SealError};
use wardgate_limits::escrow::Escrow;
use wardgate_model::LiveCatalog;
use wardgate_store::{Change, Store, StoreError};

/// Accounts remembered at once; fewer where their documents are large.
const TENANTS_MAX: u64 = 10_000;

/// How old a version may be to be new. It is also how often an account is read again for something that is not there.
const NEW_FOR: Duration = Duration::from_secs(1);

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
    catalog: Arc<LiveCatalog>,
    master_key: Arc<MasterKey>,
    tiers: TierBook,
    escrow: Arc<Escrow>,
    known: Cache<AccountId, Arc<TenantSnapshot>, Hasher>,
    changes: AtomicU64,
}

impl TenantCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        catalog: Arc<LiveCatalog>,
        master_key: MasterKey,
        tiers: TierBook,
        escrow: Arc<Escrow>,
    ) -> Self {
        let known = Cache::builder()
            .max_capacity(TENANTS_MAX)
            .weigher(|_, snapshot: &Arc<TenantSnapshot>| snapshot.weight())
            .time_to_live(KNOWN_FOR)
            .build_with_hasher(Hasher::default());
        Self { store, catalog, master_key: Arc::new(master_key), tiers, escrow, known, changes: AtomicU64::new(0) }
    }

    /// The store behind it, for what is asked rarely.
    pub(crate) const fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The account's present version. Many callers at once make one read.
    ///
    /// # Errors
    /// See [`TenantError`].
    pub async fn get(&self, id: AccountId) -> Result<Arc<TenantSnapshot>, Arc<TenantError>> {
        match self.known.get(&id).await {
            Some(known) => Ok(known),
            // In a box: reading takes room that every request would carry otherwise.
            None => Box::pin(self.read(id)).await,
        }
    }

    async fn read(&self, id: AccountId) -> Result<Arc<TenantSnapshot>, Arc<TenantError>> {
        let changes = self.changes.load(Ordering::Acquire);
        let load = async {
            let material = self.store.tenant(id).routing_material().await?.ok_or(TenantError::Gone)?;
            let allowance = self.tiers.allowance(&*self.store, &material).await?;
            let money = self.escrow.open(id, &material.budgets, material.account.prepaid);
            let (catalog, master_key) = (self.catalog.get(), Arc::clone(&self.master_key));
            let snapshot = TenantSnapshot::new(material, allowance, money, catalog, master_key)?;
            Ok(Arc::new(snapshot))
        };
        let snapshot = self.known.try_get_with(id, load).await?;
        if self.changes.load(Ordering::Acquire) != changes {
            self.known.invalidate(&id).await;
        }
        Ok(snapshot)
    }

    /// A version that is no older than a second, for whoever misses something in `snapshot` that was made after it.
    ///
    /// # Errors
    /// See [`TenantError`].
    pub async fn newer(&self, snapshot: Arc<TenantSnapshot>) -> Result<Arc<TenantSnapshot>, Arc<TenantError>> {
        if snapshot.read_at.elapsed() < NEW_FOR {
            return Ok(snapshot);
        }
        let id = snapshot.account_id;
        // Many may miss the same thing at once; only the first of them makes the cache forget.
        if self.known.get(&id).await.is_some_and(|known| Arc::ptr_eq(&known, &snapshot)) {
            self.known.invalidate(&id).await;
        }
        self.get(id).await
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
