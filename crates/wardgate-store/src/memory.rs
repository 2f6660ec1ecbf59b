//! A store that forgets: for tests, and as the shortest example of an adapter.
//!
//! Every table is a map behind one lock, and nothing waits while it is held. So each call is a transaction, and the order of
//! calls is the order of commits.

mod access_keys;
mod accounts;
mod api_keys;
mod operator_keys;
mod provider_keys;
mod providers;
mod routing;
mod usage;

use crate::changes::LocalFeed;
use crate::{Change, Changes, Listed, Page, Store, StoreError, Tenant};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, ApiKey, OperatorKey, Team};
use wardgate_core::id::{
    AccessKeyId, AccountId, ApiKeyId, CustomProviderId, OperatorKeyId, ProviderKeyId, TeamId, UsageEventId,
};
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;

/// A store in memory. Clones share what they hold.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tables: Mutex<Tables>,
    feed: LocalFeed,
    away: AtomicBool,
}

#[derive(Default)]
struct Tables {
    accounts: BTreeMap<AccountId, Account>,
    teams: BTreeMap<TeamId, Team>,
    access_keys: BTreeMap<AccessKeyId, AccessKey>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    operator_keys: BTreeMap<OperatorKeyId, OperatorKey>,
    provider_keys: BTreeMap<ProviderKeyId, ProviderKey>,
    providers: BTreeMap<CustomProviderId, CustomProvider>,
    usage: BTreeMap<UsageEventId, UsageEvent>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every call fail with [`StoreError::Unavailable`], or work again: for tests of what callers do then.
    pub fn set_away(&self, away: bool) {
        self.0.away.store(away, Ordering::Relaxed);
    }

    fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        if self.0.away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the memory store was told to be away".into()));
        }
        // No call leaves a table half changed, so a panic of another thread does not spoil it.
        Ok(self.0.tables.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, change: Change) {
        self.0.feed.tell(change);
    }
}

impl Tables {
    fn require_account(&self, id: AccountId) -> Result<(), StoreError> {
        if self.accounts.contains_key(&id) { Ok(()) } else { Err(StoreError::NotInAccount { what: "the object" }) }
    }
}

/// A page of what `wanted` accepts.
fn page<Id: Ord + Copy, T: Clone>(table: &BTreeMap<Id, T>, page: Page<Id>, wanted: impl Fn(&T) -> bool) -> Listed<T> {
    let older = table.iter().rev().filter(|(id, _)| page.before.is_none_or(|before| **id < before));
    let items = older.map(|(_, item)| item).filter(|item| wanted(item)).take(page.limit as usize + 1).cloned().collect();
    Listed::cut(items, page.limit)
}

#[async_trait]
impl Store for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.tables().map(|_| ())
    }

    async fn access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
        Ok(self.tables()?.access_keys.get(&id).cloned())
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.tables()?.api_keys.get(&id).cloned())
    }

    async fn operator_key(&self, id: OperatorKeyId) -> Result<Option<OperatorKey>, StoreError> {
        Ok(self.tables()?.operator_keys.get(&id).cloned())
    }

    async fn create_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError> {
        operator_keys::create(self, key)
    }

    async fn append_usage(&self, events: &[UsageEvent]) -> Result<u64, StoreError> {
        usage::append(self, events)
    }

    async fn touch_access_keys(&self, seen: &[(AccessKeyId, Timestamp)]) -> Result<(), StoreError> {
        access_keys::touch(self, seen)
    }

    fn tenant(&self, account_id: AccountId) -> Box<dyn Tenant> {
        Box::new(MemoryTenant { store: self.clone(), account_id })
    }

    fn changes(&self) -> Changes {
        self.0.feed.listen()
    }
}

/// The handle of one account.
struct MemoryTenant {
    store: MemoryStore,
    account_id: AccountId,
}

impl Tenant for MemoryTenant {
    fn account_id(&self) -> AccountId {
        self.account_id
    }
}

impl MemoryTenant {
    fn require_own(&self, account_id: AccountId, what: &'static str) -> Result<(), StoreError> {
        if account_id == self.account_id { Ok(()) } else { Err(StoreError::NotInAccount { what }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Fresh;

    async fn fresh() -> Fresh {
        Fresh::new(MemoryStore::new())
    }

    crate::conformance_suite!(fresh);

    #[tokio::test]
    async fn away_is_temporary_and_ends() {
        let store = MemoryStore::new();
        store.set_away(true);
        assert!(store.ping().await.is_err_and(|error| error.is_temporary()));
        store.set_away(false);
        assert!(store.ping().await.is_ok());
    }
}
