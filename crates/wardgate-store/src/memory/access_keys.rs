//! The table of access keys.

use super::{MemoryStore, MemoryTenant, page};
use crate::{AccessKeys, Change, Listed, Page, StoreError};
use async_trait::async_trait;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::AccessKeyId;
use wardgate_core::time::Timestamp;

#[async_trait]
impl AccessKeys for MemoryTenant {
    async fn create_access_key(&self, key: &AccessKey) -> Result<(), StoreError> {
        self.require_own(key.account_id, "the access key")?;
        {
            let mut tables = self.store.tables()?;
            if tables.teams.get(&key.team_id).is_none_or(|team| team.account_id != self.account_id) {
                return Err(StoreError::NotInAccount { what: "the team" });
            }
            if tables.access_keys.contains_key(&key.id) {
                return Err(StoreError::Conflict { what: "an access key with this id".to_owned() });
            }
            tables.access_keys.insert(key.id, key.clone());
        }
        self.store.tell(Change::AccessKey(key.id));
        Ok(())
    }

    async fn list_access_keys(&self, wanted: Page<AccessKeyId>) -> Result<Listed<AccessKey>, StoreError> {
        Ok(page(&self.store.tables()?.access_keys, wanted, |key| self.holds(key)))
    }

    async fn get_access_key(&self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
        Ok(self.store.tables()?.access_keys.get(&id).filter(|key| self.holds(key)).cloned())
    }

    async fn revoke_access_key(&self, id: AccessKeyId, now: Timestamp) -> Result<bool, StoreError> {
        {
            let mut tables = self.store.tables()?;
            let Some(key) = tables.access_keys.get_mut(&id).filter(|key| self.holds(key)) else {
                return Ok(false);
            };
            key.revoked_at = Some(now);
        }
        self.store.tell(Change::AccessKey(id));
        Ok(true)
    }
}

impl MemoryTenant {
    fn holds(&self, key: &AccessKey) -> bool {
        key.account_id == self.account_id && key.revoked_at.is_none()
    }
}

pub(super) fn touch(store: &MemoryStore, seen: &[(AccessKeyId, Timestamp)]) -> Result<(), StoreError> {
    let mut tables = store.tables()?;
    for (id, at) in seen {
        if let Some(key) = tables.access_keys.get_mut(id) {
            key.last_used_at = key.last_used_at.max(Some(*at));
        }
    }
    Ok(())
}
