//! The provider credentials of one account.

use crate::{Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;

/// The most credentials that an account may hold for one provider.
pub const PROVIDER_KEYS_PER_PROVIDER_MAX: usize = 100;

/// One account's provider keys.
#[async_trait]
pub trait ProviderKeys {
    /// Stores a key. Its account must be this one, else [`StoreError::NotInAccount`].
    /// [`StoreError::Full`] when the provider has
    /// [`PROVIDER_KEYS_PER_PROVIDER_MAX`] keys already.
    async fn create_provider_key(&self, key: &ProviderKey) -> Result<(), StoreError>;

    /// A page of keys, newest first, of one provider or of all.
    async fn list_provider_keys(
        &self,
        provider: Option<&ProviderName>,
        page: Page<ProviderKeyId>,
    ) -> Result<Listed<ProviderKey>, StoreError>;

    /// The key with this id.
    async fn get_provider_key(&self, id: ProviderKeyId) -> Result<Option<ProviderKey>, StoreError>;

    /// Deletes a key. `false` when there is none.
    async fn delete_provider_key(&self, id: ProviderKeyId) -> Result<bool, StoreError>;
}
