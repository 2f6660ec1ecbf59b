//! When keys were last seen.

use super::SqliteStore;
use crate::error::unavailable;
use wardgate_core::time::Timestamp;
use wardgate_store::{SeenKey, StoreError};

/// The statement that notes a key, unless it was seen later than that.
macro_rules! seen {
    ($table:literal) => {
        concat!("UPDATE ", $table, " SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)")
    };
}

pub(super) async fn touch(store: &SqliteStore, seen: &[(SeenKey, Timestamp)]) -> Result<(), StoreError> {
    if seen.is_empty() {
        return Ok(());
    }
    let mut transaction = store.begin().await?;
    for (key, at) in seen {
        let (text, id) = match key {
            SeenKey::Access(id) => (seen!("access_keys"), id.as_bytes()),
            SeenKey::Api(id) => (seen!("api_keys"), id.as_bytes()),
            SeenKey::Operator(id) => (seen!("operator_keys"), id.as_bytes()),
            SeenKey::Provider(id) => (seen!("provider_keys"), id.as_bytes()),
            SeenKey::Managed(id) => (seen!("managed_keys"), id.as_bytes()),
        };
        sqlx::query(text).bind(at.unix_micros()).bind(id.as_slice()).execute(&mut *transaction).await.map_err(unavailable)?;
    }
    transaction.commit().await.map_err(unavailable)
}
