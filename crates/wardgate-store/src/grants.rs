//! Which accounts may use the operator's own keys.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, ManagedKeyId};

/// Grants of managed keys to accounts. Deleting either end deletes the grant.
#[async_trait]
pub trait Grants {
    /// Lets an account use a key. `false` when it could already; [`StoreError::NotInAccount`] when there is no such key or account.
    async fn grant(&self, key: ManagedKeyId, account: AccountId, audit: &AuditEvent) -> Result<bool, StoreError>;

    /// Ends that. `false` when there was no such grant.
    async fn revoke_grant(&self, key: ManagedKeyId, account: AccountId, audit: &AuditEvent) -> Result<bool, StoreError>;

    /// Up to `limit` accounts that may use a key, by id ascending, after this one.
    async fn granted_accounts(
        &self,
        key: ManagedKeyId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// The keys that an account may use, by id ascending.
    async fn granted_keys(&self, account: AccountId) -> Result<Vec<ManagedKeyId>, StoreError>;
}
