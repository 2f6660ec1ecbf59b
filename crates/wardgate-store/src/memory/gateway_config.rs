//! The settings of accounts.

use super::{MemoryTenant, audit};
use crate::{Change, GatewayConfigs, StoreError};
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::stamp::Version;

fn changed() -> StoreError {
    StoreError::Changed { what: "the gateway config".to_owned() }
}

#[async_trait]
impl GatewayConfigs for MemoryTenant {
    async fn gateway_config(&self) -> Result<Option<GatewayConfig>, StoreError> {
        let tables = self.store.tables()?;
        if !tables.accounts.contains_key(&self.account_id) {
            return Ok(None);
        }
        let written = tables.gateway_configs.get(&self.account_id).cloned();
        Ok(Some(written.unwrap_or(GatewayConfig::unwritten(self.account_id))))
    }

    async fn put_gateway_config(&self, config: &GatewayConfig, event: &AuditEvent) -> Result<(), StoreError> {
        {
            let mut tables = self.store.tables()?;
            if config.account_id != self.account_id || !tables.accounts.contains_key(&self.account_id) {
                return Err(StoreError::NotInAccount { what: "the gateway config" });
            }
            let version = |config: &GatewayConfig| config.stamp.as_ref().map(|stamp| stamp.version);
            let present = tables.gateway_configs.get(&self.account_id).and_then(version).unwrap_or(Version::new(0));
            if version(config).ok_or_else(changed)?.previous() != present {
                return Err(changed());
            }
            tables.gateway_configs.insert(self.account_id, config.clone());
            audit::append(&mut tables, event);
        }
        self.store.tell(Some(Change::Account(self.account_id))).await;
        Ok(())
    }
}
