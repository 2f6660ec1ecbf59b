//! The data plane's read.

use super::MemoryTenant;
use crate::{Routing, RoutingMaterial, StoreError};
use async_trait::async_trait;

#[async_trait]
impl Routing for MemoryTenant {
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError> {
        let tables = self.store.tables()?;
        let Some(account) = tables.accounts.get(&self.account_id).cloned() else {
            return Ok(None);
        };
        let mut provider_keys: Vec<_> =
            tables.provider_keys.values().filter(|key| key.account_id == self.account_id).cloned().collect();
        provider_keys.sort_by_key(|key| (key.created_at, key.id));
        let mut providers: Vec<_> =
            tables.providers.values().filter(|provider| provider.account_id == self.account_id).cloned().collect();
        providers.sort_by_key(|provider| (provider.created_at, provider.id));
        Ok(Some(RoutingMaterial { account, provider_keys, providers }))
    }
}
