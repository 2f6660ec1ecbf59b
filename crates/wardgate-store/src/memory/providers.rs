//! The table of custom providers.

use super::{MemoryTenant, page};
use crate::providers::CUSTOM_PROVIDERS_MAX;
use crate::{Change, CustomProviders, Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::id::CustomProviderId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;

#[async_trait]
impl CustomProviders for MemoryTenant {
    async fn create_provider(&self, provider: &CustomProvider) -> Result<(), StoreError> {
        self.require_own(provider.account_id, "the provider")?;
        {
            let mut tables = self.store.tables()?;
            tables.require_account(self.account_id)?;
            let own: Vec<_> = tables.providers.values().filter(|other| other.account_id == self.account_id).collect();
            if own.iter().any(|other| other.provider_name == provider.provider_name) {
                let what = format!("a provider with the id \"{}\"", provider.provider_name);
                return Err(StoreError::Conflict { what });
            }
            if own.len() >= CUSTOM_PROVIDERS_MAX {
                return Err(StoreError::Full { what: "custom providers", max: CUSTOM_PROVIDERS_MAX });
            }
            if tables.providers.contains_key(&provider.id) {
                return Err(StoreError::Conflict { what: "a provider with this resource id".to_owned() });
            }
            tables.providers.insert(provider.id, provider.clone());
        }
        self.store.tell(Change::Account(self.account_id));
        Ok(())
    }

    async fn list_providers(&self, wanted: Page<CustomProviderId>) -> Result<Listed<CustomProvider>, StoreError> {
        Ok(page(&self.store.tables()?.providers, wanted, |provider| provider.account_id == self.account_id))
    }

    async fn get_provider(&self, id: CustomProviderId) -> Result<Option<CustomProvider>, StoreError> {
        Ok(self.store.tables()?.providers.get(&id).filter(|provider| provider.account_id == self.account_id).cloned())
    }

    async fn get_provider_by_name(&self, name: &ProviderName) -> Result<Option<CustomProvider>, StoreError> {
        let wanted = |provider: &&CustomProvider| provider.account_id == self.account_id && provider.provider_name == *name;
        Ok(self.store.tables()?.providers.values().find(wanted).cloned())
    }

    async fn delete_provider(&self, id: CustomProviderId) -> Result<bool, StoreError> {
        {
            let mut tables = self.store.tables()?;
            let Some(provider) = tables.providers.get(&id).filter(|provider| provider.account_id == self.account_id) else {
                return Ok(false);
            };
            let name = &provider.provider_name;
            let key = tables.provider_keys.values().find(|key| key.account_id == self.account_id && key.provider_name == *name);
            if let Some(key) = key {
                let what = format!("the provider \"{name}\"");
                return Err(StoreError::Referenced { what, by: format!("the provider key {}", key.id) });
            }
            tables.providers.remove(&id);
        }
        self.store.tell(Change::Account(self.account_id));
        Ok(true)
    }
}
