//! The API keys of one account.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::account::ApiKey;

/// One account's API keys.
#[async_trait]
pub trait ApiKeys {
    /// Stores a key. Its account must be this one, else [`StoreError::NotInAccount`].
    async fn create_api_key(&self, key: &ApiKey) -> Result<(), StoreError>;
}
