//! Cases of provider keys.

use super::sample;
use crate::provider_keys::PROVIDER_KEYS_PER_PROVIDER_MAX;
use crate::{Page, Store, StoreError};
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;

pub(super) fn facts(key: &ProviderKey) -> impl PartialEq + std::fmt::Debug {
    (
        (key.id, key.account_id, key.provider_name.clone(), key.name.clone(), key.description.clone(), key.metadata.clone()),
        (key.sealed_value.clone(), key.redacted.clone(), key.created_at, key.updated_at),
        (key.created_by.clone(), key.updated_by.clone()),
    )
}

/// What was stored is read back.
pub async fn every_field_round_trips(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let key = sample::provider_key(&acme, "openai");
    tenant.create_provider_key(&key).await.unwrap();
    assert_eq!(facts(&tenant.get_provider_key(key.id).await.unwrap().unwrap()), facts(&key));
    assert_eq!(facts(&tenant.list_provider_keys(None, Page::first()).await.unwrap().items[0]), facts(&key));
}

/// Pages hold ids descending, of one provider or of all.
pub async fn pages_descend_and_filter(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let mut ids = Vec::new();
    for provider in ["openai", "anthropic", "openai", "openai"] {
        let key = sample::provider_key(&acme, provider);
        tenant.create_provider_key(&key).await.unwrap();
        ids.push(key.id);
    }
    let openai = ProviderName::new("openai").unwrap();
    let cases = [
        (None, None, 3, vec![ids[3], ids[2], ids[1]], true),
        (None, Some(ids[1]), 3, vec![ids[0]], false),
        (Some(&openai), None, 2, vec![ids[3], ids[2]], true),
        (Some(&openai), Some(ids[2]), 2, vec![ids[0]], false),
    ];
    for (provider, before, limit, expected, has_more) in cases {
        let listed = tenant.list_provider_keys(provider, Page { before, limit }).await.unwrap();
        let found: Vec<_> = listed.items.iter().map(|key| key.id).collect();
        assert_eq!((found, listed.has_more), (expected, has_more));
    }
}

/// Another account's key is neither read nor deleted.
pub async fn another_accounts_is_not_found(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let key = sample::provider_key(&acme, "openai");
    store.tenant(acme.account.id).create_provider_key(&key).await.unwrap();
    let stranger = store.tenant(other.account.id);
    assert!(stranger.get_provider_key(key.id).await.unwrap().is_none());
    assert!(stranger.list_provider_keys(None, Page::first()).await.unwrap().items.is_empty());
    assert!(stranger.list_provider_keys(Some(&key.provider_name), Page::first()).await.unwrap().items.is_empty());
    assert!(!stranger.delete_provider_key(key.id).await.unwrap());
    assert!(store.tenant(acme.account.id).get_provider_key(key.id).await.unwrap().is_some());
}

/// A handle does not store what names another account.
pub async fn another_accounts_is_refused(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let key = sample::provider_key(&acme, "openai");
    let refused = store.tenant(other.account.id).create_provider_key(&key).await;
    assert!(matches!(refused, Err(StoreError::NotInAccount { .. })), "{refused:?}");
}

/// A deleted key is gone, and deleting again does nothing.
pub async fn delete_is_once(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let key = sample::provider_key(&acme, "openai");
    tenant.create_provider_key(&key).await.unwrap();
    assert!(tenant.delete_provider_key(key.id).await.unwrap());
    assert!(tenant.get_provider_key(key.id).await.unwrap().is_none());
    assert!(!tenant.delete_provider_key(key.id).await.unwrap());
}

/// The cap holds for each provider of each account alone, and a deleted key makes room.
pub async fn capped_per_provider(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.account.id);
    let first = sample::provider_key(&acme, "openai");
    tenant.create_provider_key(&first).await.unwrap();
    for _ in 1..PROVIDER_KEYS_PER_PROVIDER_MAX {
        tenant.create_provider_key(&sample::provider_key(&acme, "openai")).await.unwrap();
    }
    let refused = tenant.create_provider_key(&sample::provider_key(&acme, "openai")).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    tenant.create_provider_key(&sample::provider_key(&acme, "anthropic")).await.unwrap();
    store.tenant(other.account.id).create_provider_key(&sample::provider_key(&other, "openai")).await.unwrap();
    tenant.delete_provider_key(first.id).await.unwrap();
    tenant.create_provider_key(&sample::provider_key(&acme, "openai")).await.unwrap();
}
