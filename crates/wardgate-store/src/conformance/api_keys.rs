//! Cases of API keys and operator keys.

use super::every_kind::{all, ids};
use super::sample::{self, audit};
use super::{Subject, refused};
use crate::kinds::{API_KEYS_MAX, ApiKeyFilter, NameFilter};
use crate::{Collection, Store};
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};

/// A deleted key is found by its id alone, with the time of its end; lists hold it no more.
pub async fn deleted_is_found_by_id_alone(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let key = sample::stored(store, &acme, sample::api_key(&acme)).await;
    assert_eq!(store.api_key(key.id).await.unwrap().unwrap().facts(), key.facts());
    let deletion = audit(acme.id);
    assert!(Collection::<ApiKey>::delete(&*tenant, key.id, None, &deletion).await.unwrap());
    let deleted = ApiKey { deleted_at: Some(deletion.at), ..key };
    assert_eq!(store.api_key(deleted.id).await.unwrap().unwrap().facts(), deleted.facts());
    assert!(all::<ApiKey>(&*tenant, &ApiKeyFilter::default()).await.is_empty());
    assert!(store.api_key(sample::api_key(&acme).id).await.unwrap().is_none());
}

/// Likewise an operator key.
pub async fn deleted_operator_key_is_found_by_id_alone(store: &dyn Store) {
    let key = sample::operator_key();
    store.create(&key, &audit(None)).await.unwrap();
    assert_eq!(store.operator_key(key.id).await.unwrap().unwrap().facts(), key.facts());
    let deletion = audit(None);
    assert!(Collection::<OperatorKey>::delete(store, key.id, None, &deletion).await.unwrap());
    let deleted = OperatorKey { deleted_at: Some(deletion.at), ..key };
    assert_eq!(store.operator_key(deleted.id).await.unwrap().unwrap().facts(), deleted.facts());
    assert!(all::<OperatorKey>(store, &NameFilter::default()).await.is_empty());
    assert!(store.operator_key(sample::operator_key().id).await.unwrap().is_none());
}

/// Every role is kept, and lists are filtered by it.
pub async fn filtered_by_role(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    for role in Role::ALL {
        let key = sample::stored(store, &acme, ApiKey { role, ..sample::api_key(&acme) }).await;
        let filter = ApiKeyFilter { role: Some(role), ..ApiKeyFilter::default() };
        assert_eq!(ids(&all::<ApiKey>(&*tenant, &filter).await), [key.id]);
    }
}

/// An account has so many and no more; deleted ones and another account's do not count.
pub async fn capped(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let first = sample::stored(store, &acme, sample::api_key(&acme)).await;
    for _ in 1..API_KEYS_MAX {
        sample::stored(store, &acme, sample::api_key(&acme)).await;
    }
    refused!(tenant.create(&sample::api_key(&acme), &audit(acme.id)).await, Full);
    sample::stored(store, &other, sample::api_key(&other)).await;
    assert!(Collection::<ApiKey>::delete(&*tenant, first.id, None, &audit(acme.id)).await.unwrap());
    sample::stored(store, &acme, sample::api_key(&acme)).await;
}

/// A gateway has so many operator keys and no more; deleted ones do not count.
pub async fn operator_keys_are_capped(store: &dyn Store) {
    let first = sample::operator_key();
    store.create(&first, &audit(None)).await.unwrap();
    for _ in 1..API_KEYS_MAX {
        store.create(&sample::operator_key(), &audit(None)).await.unwrap();
    }
    refused!(store.create(&sample::operator_key(), &audit(None)).await, Full);
    assert!(Collection::<OperatorKey>::delete(store, first.id, None, &audit(None)).await.unwrap());
    store.create(&sample::operator_key(), &audit(None)).await.unwrap();
}
