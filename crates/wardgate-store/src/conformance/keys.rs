//! Cases of the management API's own keys.

use super::sample::{self, next_instant};
use crate::{Store, StoreError};

/// An API key is read back by its id, deleted or not.
pub async fn api_key_round_trips(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let mut deleted = sample::api_key(&acme);
    deleted.deleted_at = Some(next_instant());
    deleted.name = None;
    for key in [sample::api_key(&acme), deleted] {
        store.tenant(acme.account.id).create_api_key(&key).await.unwrap();
        let found = store.api_key(key.id).await.unwrap().unwrap();
        assert_eq!((found.id, found.account_id, found.role, found.name), (key.id, key.account_id, key.role, key.name));
        assert_eq!((found.secret_hash, found.created_at, found.deleted_at), (key.secret_hash, key.created_at, key.deleted_at));
    }
    assert!(store.api_key(sample::api_key(&acme).id).await.unwrap().is_none());
}

/// An operator key is read back by its id.
pub async fn operator_key_round_trips(store: &dyn Store) {
    let key = sample::operator_key();
    store.create_operator_key(&key).await.unwrap();
    let found = store.operator_key(key.id).await.unwrap().unwrap();
    assert_eq!((found.secret_hash, found.created_at, found.deleted_at), (key.secret_hash.clone(), key.created_at, None));
    assert!(store.operator_key(sample::operator_key().id).await.unwrap().is_none());
    assert!(matches!(store.create_operator_key(&key).await, Err(StoreError::Conflict { .. })));
}

/// A handle does not store what names another account.
pub async fn api_key_of_another_account_is_refused(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let key = sample::api_key(&acme);
    let refused = store.tenant(other.account.id).create_api_key(&key).await;
    assert!(matches!(refused, Err(StoreError::NotInAccount { .. })), "{refused:?}");
    assert!(store.api_key(key.id).await.unwrap().is_none());
}
