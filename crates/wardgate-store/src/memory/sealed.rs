//! What the master key seals.

use super::MemoryStore;
use crate::{Change, Sealed, StoreError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::ops::Bound;
use wardgate_core::id::{AccountId, ManagedKeyId};

#[async_trait]
impl Sealed for MemoryStore {
    async fn master_key_proof(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables()?.master_key_proof.clone())
    }

    async fn replace_master_key_proof(&self, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let is_same = tables.master_key_proof.as_deref() == old;
        if is_same {
            tables.master_key_proof = Some(new.to_owned());
        }
        Ok(is_same)
    }

    async fn sealed_data_keys(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, Vec<u8>)>, StoreError> {
        Ok(some(&self.tables()?.accounts, after, limit, |account| account.sealed_data_key.clone()))
    }

    async fn replace_sealed_data_key(&self, id: AccountId, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let is_replaced = match self.tables()?.accounts.get_mut(&id) {
            Some(account) if account.sealed_data_key == old => {
                account.sealed_data_key = new.to_owned();
                true
            }
            _ => false,
        };
        self.tell(is_replaced.then_some(Change::Account(id))).await;
        Ok(is_replaced)
    }

    async fn sealed_managed_keys(
        &self,
        after: Option<ManagedKeyId>,
        limit: u32,
    ) -> Result<Vec<(ManagedKeyId, Vec<u8>)>, StoreError> {
        Ok(some(&self.tables()?.managed_keys, after, limit, |key| key.sealed_value.clone()))
    }

    async fn replace_sealed_managed_key(&self, id: ManagedKeyId, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let is_replaced = match self.tables()?.managed_keys.get_mut(&id) {
            Some(key) if key.sealed_value == old => {
                key.sealed_value = new.to_owned();
                key.stamp.version = key.stamp.version.next();
                true
            }
            _ => false,
        };
        self.tell(is_replaced.then_some(Change::Everything)).await;
        Ok(is_replaced)
    }
}

fn some<Id: Ord + Copy, T>(
    rows: &BTreeMap<Id, T>,
    after: Option<Id>,
    limit: u32,
    value: impl Fn(&T) -> Vec<u8>,
) -> Vec<(Id, Vec<u8>)> {
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    rows.range((start, Bound::Unbounded)).take(limit as usize).map(|(id, row)| (*id, value(row))).collect()
}
