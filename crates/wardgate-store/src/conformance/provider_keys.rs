//! Cases of provider keys and managed keys.

use super::every_kind::{all, ids};
use super::sample::{self, audit};
use super::{Subject as _, refused};
use crate::kinds::{NameFilter, PROVIDER_KEYS_PER_PROVIDER_MAX, ProviderKeyFilter};
use crate::{Collection, Store};
use wardgate_core::provider_key::{ManagedKey, ProviderKey};

fn of(provider: &str) -> ProviderKeyFilter {
    ProviderKeyFilter { provider: Some(sample::provider_name(provider)), ..ProviderKeyFilter::default() }
}

/// A list holds those for one provider.
pub async fn filtered_by_provider(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let mut made = Vec::new();
    for provider in ["openai", "anthropic", "openai", "openai"] {
        made.push(sample::stored(store, &acme, sample::provider_key(&acme, provider)).await);
        store.create(&sample::managed_key(provider), &audit(None)).await.unwrap();
    }
    assert_eq!(ids(&all::<ProviderKey>(&*tenant, &of("openai")).await), [made[3].id, made[2].id, made[0].id]);
    assert_eq!(ids(&all::<ProviderKey>(&*tenant, &of("anthropic")).await), [made[1].id]);
    let text = NameFilter { name: made[0].label.name.clone(), search: None };
    let both = ProviderKeyFilter { text, ..of("anthropic") };
    assert!(all::<ProviderKey>(&*tenant, &both).await.is_empty());
    for (provider, expected) in [("openai", 3), ("anthropic", 1), ("mistral", 0)] {
        assert_eq!(all::<ManagedKey>(store, &of(provider)).await.len(), expected);
    }
}

/// A key stays while a configuration names it.
pub async fn not_deleted_while_a_configuration_names_it(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let key = sample::stored(store, &acme, sample::provider_key(&acme, "openai")).await;
    let configuration = sample::stored(store, &acme, sample::configuration(&acme, &[&key])).await;
    refused!(Collection::<ProviderKey>::delete(&*tenant, key.id, None, &audit(acme.id)).await, Referenced);
    let mut without = configuration.edited();
    without.references.provider_keys.clear();
    tenant.update(&without, &audit(acme.id)).await.unwrap();
    assert!(Collection::<ProviderKey>::delete(&*tenant, key.id, None, &audit(acme.id)).await.unwrap());
}

/// The cap holds for each provider of each account alone, and a deleted key makes room.
pub async fn capped_per_provider(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let first = sample::stored(store, &acme, sample::provider_key(&acme, "openai")).await;
    for _ in 1..PROVIDER_KEYS_PER_PROVIDER_MAX {
        sample::stored(store, &acme, sample::provider_key(&acme, "openai")).await;
    }
    refused!(tenant.create(&sample::provider_key(&acme, "openai"), &audit(acme.id)).await, Full);
    sample::stored(store, &acme, sample::provider_key(&acme, "anthropic")).await;
    sample::stored(store, &other, sample::provider_key(&other, "openai")).await;
    assert!(Collection::<ProviderKey>::delete(&*tenant, first.id, None, &audit(acme.id)).await.unwrap());
    sample::stored(store, &acme, sample::provider_key(&acme, "openai")).await;
}

/// Likewise the operator's own.
pub async fn managed_are_capped_per_provider(store: &dyn Store) {
    for _ in 0..PROVIDER_KEYS_PER_PROVIDER_MAX {
        store.create(&sample::managed_key("openai"), &audit(None)).await.unwrap();
    }
    refused!(store.create(&sample::managed_key("openai"), &audit(None)).await, Full);
    store.create(&sample::managed_key("anthropic"), &audit(None)).await.unwrap();
}
