//! The custom providers of one account.

use crate::{Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::id::CustomProviderId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;

/// The most custom providers that an account may have.
pub const CUSTOM_PROVIDERS_MAX: usize = 1_000;

/// One account's custom providers, with their surfaces and models.
#[async_trait]
pub trait CustomProviders {
    /// Stores a provider. Its account must be this one, else [`StoreError::NotInAccount`].
    /// [`StoreError::Conflict`] when the account has one of that name,
    /// [`StoreError::Full`] when it has [`CUSTOM_PROVIDERS_MAX`] of them.
    async fn create_provider(&self, provider: &CustomProvider) -> Result<(), StoreError>;

    /// A page of providers, newest first.
    async fn list_providers(&self, page: Page<CustomProviderId>) -> Result<Listed<CustomProvider>, StoreError>;

    /// The provider with this id.
    async fn get_provider(&self, id: CustomProviderId) -> Result<Option<CustomProvider>, StoreError>;

    /// The provider that clients write so.
    async fn get_provider_by_name(&self, name: &ProviderName) -> Result<Option<CustomProvider>, StoreError>;

    /// Deletes a provider and its models. `false` when there is none. [`StoreError::Referenced`] while a provider key names it.
    async fn delete_provider(&self, id: CustomProviderId) -> Result<bool, StoreError>;
}
