//! The table of provider keys.

use super::{MemoryTenant, page};
use crate::provider_keys::PROVIDER_KEYS_PER_PROVIDER_MAX;
use crate::{Change, Listed, Page, ProviderKeys, StoreError};
use async_trait::async_trait;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;

#[async_trait]
impl ProviderKeys for MemoryTenant {
    async fn create_provider_key(&self, key: &ProviderKey) -> Result<(), StoreError> {
        self.require_own(key.account_id, "the provider key")?;
        {
            let mut tables = self.store.tables()?;
            tables.require_account(self.account_id)?;
            let of_provider =
                |other: &&ProviderKey| other.account_id == self.account_id && other.provider_name == key.provider_name;
            if tables.provider_keys.values().filter(of_provider).count() >= PROVIDER_KEYS_PER_PROVIDER_MAX {
                return Err(StoreError::Full { what: "keys for one provider", max: PROVIDER_KEYS_PER_PROVIDER_MAX });
            }
            if tables.provider_keys.contains_key(&key.id) {
                return Err(StoreError::Conflict { what: "a provider key with this id".to_owned() });
            }
            tables.provider_keys.insert(key.id, key.clone());
        }
        self.store.tell(Change::Account(self.account_id));
        Ok(())
    }

    async fn list_provider_keys(
        &self,
        provider: Option<&ProviderName>,
        wanted: Page<ProviderKeyId>,
    ) -> Result<Listed<ProviderKey>, StoreError> {
        Ok(page(&self.store.tables()?.provider_keys, wanted, |key| {
            key.account_id == self.account_id && provider.is_none_or(|provider| *provider == key.provider_name)
        }))
    }

    async fn get_provider_key(&self, id: ProviderKeyId) -> Result<Option<ProviderKey>, StoreError> {
        Ok(self.store.tables()?.provider_keys.get(&id).filter(|key| key.account_id == self.account_id).cloned())
    }

    async fn delete_provider_key(&self, id: ProviderKeyId) -> Result<bool, StoreError> {
        {
            let mut tables = self.store.tables()?;
            if tables.provider_keys.get(&id).is_none_or(|key| key.account_id != self.account_id) {
                return Ok(false);
            }
            tables.provider_keys.remove(&id);
        }
        self.store.tell(Change::Account(self.account_id));
        Ok(true)
    }
}
