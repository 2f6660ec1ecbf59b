//! Cases of custom providers.

use super::sample;
use crate::providers::CUSTOM_PROVIDERS_MAX;
use crate::{Page, Store, StoreError};
use wardgate_core::provider::CustomProvider;

pub(super) fn facts(provider: &CustomProvider) -> impl PartialEq + std::fmt::Debug + use<> {
    format!("{provider:?}")
}

/// What was stored is read back, surfaces and models in their order.
pub async fn every_field_round_trips(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let common = sample::provider(&acme, "ollama");
    let mut bare = sample::provider(&acme, "bare");
    bare.surfaces.clear();
    bare.models.clear();
    bare.metadata = Some("m".to_owned());
    for provider in [common, bare] {
        tenant.create_provider(&provider).await.unwrap();
        assert_eq!(facts(&tenant.get_provider(provider.id).await.unwrap().unwrap()), facts(&provider));
        let by_name = tenant.get_provider_by_name(&provider.provider_name).await.unwrap().unwrap();
        assert_eq!(facts(&by_name), facts(&provider));
        assert_eq!(facts(&tenant.list_providers(Page::first()).await.unwrap().items[0]), facts(&provider));
    }
}

/// Pages hold ids descending, each provider with its own models.
pub async fn pages_descend(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let mut made = Vec::new();
    for name in ["c", "a", "b"] {
        let provider = sample::provider(&acme, name);
        tenant.create_provider(&provider).await.unwrap();
        made.insert(0, provider);
    }
    let first = tenant.list_providers(Page { before: None, limit: 2 }).await.unwrap();
    let second = tenant.list_providers(Page { before: Some(made[1].id), limit: 2 }).await.unwrap();
    assert!(first.has_more && !second.has_more);
    let found: Vec<_> = first.items.iter().chain(&second.items).map(facts).collect();
    assert_eq!(found, made.iter().map(facts).collect::<Vec<_>>());
}

/// Another account's provider is neither read nor deleted.
pub async fn another_accounts_is_not_found(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let provider = sample::provider(&acme, "ollama");
    store.tenant(acme.account.id).create_provider(&provider).await.unwrap();
    let stranger = store.tenant(other.account.id);
    assert!(stranger.get_provider(provider.id).await.unwrap().is_none());
    assert!(stranger.get_provider_by_name(&provider.provider_name).await.unwrap().is_none());
    assert!(stranger.list_providers(Page::first()).await.unwrap().items.is_empty());
    assert!(!stranger.delete_provider(provider.id).await.unwrap());
    assert!(store.tenant(acme.account.id).get_provider(provider.id).await.unwrap().is_some());
}

/// A handle does not store what names another account.
pub async fn another_accounts_is_refused(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let refused = store.tenant(other.account.id).create_provider(&sample::provider(&acme, "ollama")).await;
    assert!(matches!(refused, Err(StoreError::NotInAccount { .. })), "{refused:?}");
}

/// A name is taken once in an account, and is free in another and after deletion.
pub async fn name_is_unique_within_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.account.id);
    let provider = sample::provider(&acme, "ollama");
    tenant.create_provider(&provider).await.unwrap();
    let second = sample::provider(&acme, "ollama");
    let refused = tenant.create_provider(&second).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    store.tenant(other.account.id).create_provider(&sample::provider(&other, "ollama")).await.unwrap();
    assert!(tenant.delete_provider(provider.id).await.unwrap());
    assert!(!tenant.delete_provider(provider.id).await.unwrap());
    tenant.create_provider(&second).await.unwrap();
}

/// A provider stays while a key of the same account names it.
pub async fn not_deleted_while_a_key_names_it(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.account.id);
    let provider = sample::provider(&acme, "ollama");
    let key = sample::provider_key(&acme, "ollama");
    tenant.create_provider(&provider).await.unwrap();
    tenant.create_provider_key(&key).await.unwrap();
    store.tenant(other.account.id).create_provider_key(&sample::provider_key(&other, "ollama")).await.unwrap();
    let refused = tenant.delete_provider(provider.id).await;
    assert!(matches!(refused, Err(StoreError::Referenced { .. })), "{refused:?}");
    assert_eq!(facts(&tenant.get_provider(provider.id).await.unwrap().unwrap()), facts(&provider));
    tenant.delete_provider_key(key.id).await.unwrap();
    assert!(tenant.delete_provider(provider.id).await.unwrap());
}

/// An account has so many and no more; another account's do not count.
pub async fn capped(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.account.id);
    for number in 0..CUSTOM_PROVIDERS_MAX {
        let mut provider = sample::provider(&acme, &format!("p{number}"));
        provider.models.clear();
        tenant.create_provider(&provider).await.unwrap();
    }
    let refused = tenant.create_provider(&sample::provider(&acme, "one-more")).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    store.tenant(other.account.id).create_provider(&sample::provider(&other, "one-more")).await.unwrap();
}
