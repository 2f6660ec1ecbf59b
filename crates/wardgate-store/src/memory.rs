//! A store that forgets: for tests, and as the shortest example of an adapter.
//!
//! Every table is a map behind one lock, and nothing waits while it is held. So each call is a transaction, and the order of
//! calls is the order of commits. Start reading at [`table`], which does for all kinds what they have in common.

mod audit;
mod credits;
mod escrow;
mod gateway_config;
mod grants;
mod idempotency;
mod kinds;
mod routing;
mod sealed;
mod table;
mod usage;

use crate::changes::LocalFeed;
use crate::usage::sums::{SumKey, Sums};
use crate::{AuditQuery, Begun, Change, IdempotencyKey, Listed, Listener, SeenKey, Store, StoreError, Tenant};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, Team};
use wardgate_core::api_key::{ApiKey, OperatorKey};
use wardgate_core::audit::AuditEvent;
use wardgate_core::budget::Budget;
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::credit::{Credit, Purchase};
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::id::{
    AccessKeyId, AccountId, ApiKeyId, AuditEventId, BudgetId, ConfigurationId, CreditId, CustomProviderId, ManagedKeyId,
    OperatorKeyId, ProviderKeyId, PurchaseId, TeamId, TierId, UsageEventId, VirtualModelId,
};
use wardgate_core::money::NanoUsd;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::tier::Tier;
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
    tiers: BTreeMap<TierId, Tier>,
    access_keys: BTreeMap<AccessKeyId, AccessKey>,
    configurations: BTreeMap<ConfigurationId, Configuration>,
    virtual_models: BTreeMap<VirtualModelId, VirtualModel>,
    budgets: BTreeMap<BudgetId, Budget>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    operator_keys: BTreeMap<OperatorKeyId, OperatorKey>,
    provider_keys: BTreeMap<ProviderKeyId, ProviderKey>,
    managed_keys: BTreeMap<ManagedKeyId, ManagedKey>,
    grants: BTreeSet<(ManagedKeyId, AccountId)>,
    providers: BTreeMap<CustomProviderId, CustomProvider>,
    gateway_configs: BTreeMap<AccountId, GatewayConfig>,
    credits: BTreeMap<CreditId, Credit>,
    purchases: BTreeMap<PurchaseId, Purchase>,
    spending: BTreeMap<(AccountId, escrow::Spender, Timestamp), NanoUsd>,
    holds: BTreeMap<escrow::HoldKey, escrow::Hold>,
    soft_limits_passed: BTreeSet<(BudgetId, Timestamp)>,
    usage: BTreeMap<UsageEventId, UsageEvent>,
    usage_sums: BTreeMap<SumKey, Sums>,
    audit: BTreeMap<AuditEventId, AuditEvent>,
    idempotency: BTreeMap<IdempotencyKey, (Begun, [u8; 32], Timestamp)>,
    master_key_proof: Option<Vec<u8>>,
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

    async fn tell(&self, change: Option<Change>) {
        if let Some(change) = change {
            self.0.feed.tell(change).await;
        }
    }
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

    async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.tables()?.accounts.values().find(|account| account.name == name).cloned())
    }

    async fn append_usage(&self, events: &[UsageEvent]) -> Result<u64, StoreError> {
        usage::append(self, events)
    }

    async fn touch(&self, seen: &[(SeenKey, Timestamp)]) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        for (key, at) in seen {
            let last_used_at = match key {
                SeenKey::Access(id) => tables.access_keys.get_mut(id).map(|key| &mut key.last_used_at),
                SeenKey::Api(id) => tables.api_keys.get_mut(id).map(|key| &mut key.last_used_at),
                SeenKey::Operator(id) => tables.operator_keys.get_mut(id).map(|key| &mut key.last_used_at),
                SeenKey::Provider(id) => tables.provider_keys.get_mut(id).map(|key| &mut key.last_used_at),
                SeenKey::Managed(id) => tables.managed_keys.get_mut(id).map(|key| &mut key.last_used_at),
            };
            if let Some(last_used_at) = last_used_at {
                *last_used_at = (*last_used_at).max(Some(*at));
            }
        }
        Ok(())
    }

    async fn audit_log(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
        audit::list(self, query, |_| true)
    }

    fn tenant(&self, account_id: AccountId) -> Box<dyn Tenant> {
        Box::new(MemoryTenant { store: self.clone(), account_id })
    }

    fn listen(&self, listener: Arc<dyn Listener>) {
        self.0.feed.listen(listener);
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
