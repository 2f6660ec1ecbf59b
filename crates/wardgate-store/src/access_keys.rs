//! The access keys of one account.

use crate::{Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::AccessKeyId;
use wardgate_core::time::Timestamp;

/// One account's access keys. Revoked ones are neither listed nor found here.
#[async_trait]
pub trait AccessKeys {
    /// Stores a key. Its account must be this one and its team of it, else [`StoreError::NotInAccount`].
    async fn create_access_key(&self, key: &AccessKey) -> Result<(), StoreError>;

    /// A page of keys, newest first.
    async fn list_access_keys(&self, page: Page<AccessKeyId>) -> Result<Listed<AccessKey>, StoreError>;

    /// The key with this id.
    async fn get_access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError>;

    /// Revokes a key for good. `false` when there is none to revoke.
    async fn revoke_access_key(&self, id: AccessKeyId, now: Timestamp) -> Result<bool, StoreError>;
}
