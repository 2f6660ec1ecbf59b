//! When keys were last seen.

use super::PostgresStore;
use super::id::Id;
use super::writing::retried;
use sqlx::types::Uuid;
use wardgate_core::time::Timestamp;
use wardgate_store::{SeenKey, StoreError};

/// The rows are locked in the order of their ids, so that two processes that saw the same keys do not wait for each other.
macro_rules! text {
    ($table:literal) => {
        concat!(
            "WITH seen AS (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::bigint[]) AS seen (id, at) GROUP BY id),
                 locked AS (SELECT id FROM ",
            $table,
            " WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)
             UPDATE ",
            $table,
            " SET last_used_at = seen.at FROM seen JOIN locked USING (id)
             WHERE ",
            $table,
            ".id = seen.id AND (last_used_at IS NULL OR last_used_at < seen.at)"
        )
    };
}

const TEXTS: [&str; 5] =
    [text!("access_keys"), text!("api_keys"), text!("operator_keys"), text!("provider_keys"), text!("managed_keys")];

/// One statement a table: each is a transaction of its own, for there is nothing that all must agree on.
pub(super) async fn touch(store: &PostgresStore, seen: &[(SeenKey, Timestamp)]) -> Result<(), StoreError> {
    for (table, text) in TEXTS.into_iter().enumerate() {
        let of_table = seen.iter().map(|(key, at)| (place(key), at)).filter(|((place, _), _)| *place == table);
        let (ids, times): (Vec<Uuid>, Vec<i64>) = of_table.map(|((_, id), at)| (id, at.unix_micros())).unzip();
        if !ids.is_empty() {
            retried(|| store.database().run(sqlx::query(text).bind(&ids).bind(&times))).await?;
        }
    }
    Ok(())
}

/// Which of the texts is for this key, and its id.
fn place(key: &SeenKey) -> (usize, Uuid) {
    match key {
        SeenKey::Access(id) => (0, id.uuid()),
        SeenKey::Api(id) => (1, id.uuid()),
        SeenKey::Operator(id) => (2, id.uuid()),
        SeenKey::Provider(id) => (3, id.uuid()),
        SeenKey::Managed(id) => (4, id.uuid()),
    }
}
