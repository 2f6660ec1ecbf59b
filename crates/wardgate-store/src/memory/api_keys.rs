//! The table of API keys.

use super::MemoryTenant;
use crate::{ApiKeys, StoreError};
use async_trait::async_trait;
use wardgate_core::account::ApiKey;

#[async_trait]
impl ApiKeys for MemoryTenant {
    async fn create_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.require_own(key.account_id, "the API key")?;
        let mut tables = self.store.tables()?;
        tables.require_account(self.account_id)?;
        if tables.api_keys.contains_key(&key.id) {
            return Err(StoreError::Conflict { what: "an API key with this id".to_owned() });
        }
        tables.api_keys.insert(key.id, key.clone());
        Ok(())
    }
}
