//! The table of operator keys.

use super::MemoryStore;
use crate::StoreError;
use wardgate_core::account::OperatorKey;

pub(super) fn create(store: &MemoryStore, key: &OperatorKey) -> Result<(), StoreError> {
    let mut tables = store.tables()?;
    if tables.operator_keys.contains_key(&key.id) {
        return Err(StoreError::Conflict { what: "an operator key with this id".to_owned() });
    }
    tables.operator_keys.insert(key.id, key.clone());
    Ok(())
}
