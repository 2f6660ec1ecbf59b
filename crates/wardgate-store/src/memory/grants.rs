//! Which accounts may use managed keys.

use super::{MemoryStore, audit};
use crate::{Change, Grants, StoreError};
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, ManagedKeyId};

#[async_trait]
impl Grants for MemoryStore {
    async fn grant(&self, key: ManagedKeyId, account: AccountId, event: &AuditEvent) -> Result<bool, StoreError> {
        {
            let mut tables = self.tables()?;
            if !tables.managed_keys.contains_key(&key) {
                return Err(StoreError::NotInAccount { what: "the managed key" });
            }
            if !tables.accounts.contains_key(&account) {
                return Err(StoreError::NotInAccount { what: "the account" });
            }
            if !tables.grants.insert((key, account)) {
                return Ok(false);
            }
            audit::append(&mut tables, event);
        }
        self.tell(Some(Change::Account(account))).await;
        Ok(true)
    }

    async fn revoke_grant(&self, key: ManagedKeyId, account: AccountId, event: &AuditEvent) -> Result<bool, StoreError> {
        {
            let mut tables = self.tables()?;
            if !tables.grants.remove(&(key, account)) {
                return Ok(false);
            }
            audit::append(&mut tables, event);
        }
        self.tell(Some(Change::Account(account))).await;
        Ok(true)
    }

    async fn granted_accounts(
        &self,
        key: ManagedKeyId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let tables = self.tables()?;
        let of_key = tables.grants.iter().filter(|(key_id, _)| *key_id == key).map(|(_, account_id)| *account_id);
        Ok(of_key.filter(|id| after.is_none_or(|after| after < *id)).take(limit as usize).collect())
    }

    async fn granted_keys(&self, account: AccountId) -> Result<Vec<ManagedKeyId>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.grants.iter().filter(|(_, account_id)| *account_id == account).map(|(key_id, _)| *key_id).collect())
    }
}
