//! The data plane's read.

use super::MemoryTenant;
use super::table::OfAccount;
use crate::{Routing, RoutingMaterial, StoreError};
use async_trait::async_trait;
use wardgate_core::gateway_config::GatewayConfig;

#[async_trait]
impl Routing for MemoryTenant {
    async fn routing_material(&self) -> Result<Option<RoutingMaterial>, StoreError> {
        let tables = self.store.tables()?;
        let Some(account) = tables.accounts.get(&self.account_id).cloned() else {
            return Ok(None);
        };
        let gateway_config = tables.gateway_configs.get(&self.account_id).cloned();
        let granted = tables.managed_keys.values().filter(|key| tables.grants.contains(&(key.id, self.account_id)));
        Ok(Some(RoutingMaterial {
            account,
            gateway_config: gateway_config.unwrap_or(GatewayConfig::unwritten(self.account_id)),
            teams: self.all(tables.teams.values()),
            provider_keys: self.all(tables.provider_keys.values()),
            managed_keys: granted.cloned().collect(),
            providers: self.all(tables.providers.values()),
            configurations: self.all(tables.configurations.values()),
            virtual_models: self.all(tables.virtual_models.values()),
            budgets: self.all(tables.budgets.values()),
        }))
    }
}

impl MemoryTenant {
    /// This account's, by id, which is by the time of making.
    fn all<'a, T: OfAccount>(&self, rows: impl Iterator<Item = &'a T>) -> Vec<T> {
        rows.filter(|row| row.owner() == Some(self.account_id)).cloned().collect()
    }
}
