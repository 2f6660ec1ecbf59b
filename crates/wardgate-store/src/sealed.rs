//! What the master key seals, for when it changes.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::id::{AccountId, ManagedKeyId};

/// Access to sealed values apart from the objects they belong to. Replacing one changes nothing that it opens to. A data key is no
/// part of what an update of its account writes, so replacing it makes no new version; a managed key's value is a part of what an
/// update writes, so replacing that does, and an update that was read before is told of it.
#[async_trait]
pub trait Sealed {
    /// A value that only the right master key opens, if one was kept.
    async fn master_key_proof(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps another one in place of `old`; `false` when the present one is not `old`.
    async fn replace_master_key_proof(&self, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError>;

    /// Up to `limit` accounts' sealed data keys, by id ascending, after this one.
    async fn sealed_data_keys(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, Vec<u8>)>, StoreError>;

    /// Replaces a sealed data key; `false` when the present one is not `old`.
    async fn replace_sealed_data_key(&self, id: AccountId, old: &[u8], new: &[u8]) -> Result<bool, StoreError>;

    /// Up to `limit` sealed managed keys, by id ascending, after this one.
    async fn sealed_managed_keys(
        &self,
        after: Option<ManagedKeyId>,
        limit: u32,
    ) -> Result<Vec<(ManagedKeyId, Vec<u8>)>, StoreError>;

    /// Replaces a sealed managed key; `false` when the present one is not `old`.
    async fn replace_sealed_managed_key(&self, id: ManagedKeyId, old: &[u8], new: &[u8]) -> Result<bool, StoreError>;
}
