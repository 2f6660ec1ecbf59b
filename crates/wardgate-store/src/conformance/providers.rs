//! Cases of custom providers.

use super::every_kind::{all, facts, ids};
use super::sample::{self, audit};
use super::{Subject, refused};
use crate::kinds::{CUSTOM_PROVIDERS_MAX, CustomProviderFilter, NameFilter};
use crate::{Collection, Store};
use wardgate_core::configuration::Configuration;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;

/// A list gives each provider its own surfaces and models, in their order, on each page.
pub async fn parts_stay_with_their_provider(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let mut made = Vec::new();
    for (count, name) in ["c", "a", "b", "d"].into_iter().enumerate() {
        let mut provider = sample::provider(&acme, name);
        provider.models = (0..count).map(|number| sample::model(&format!("{name}{number}"), None, &[name])).collect();
        made.insert(0, sample::stored(store, &acme, provider).await);
    }
    let found = all::<CustomProvider>(&*tenant, &CustomProviderFilter::default()).await;
    assert_eq!(facts(&found), facts(&made));
}

/// A provider is found by what clients write, and by parts of it.
pub async fn filtered_by_the_name_clients_write(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let first = sample::stored(store, &acme, sample::provider(&acme, "gpu-1.local")).await;
    let second = CustomProvider { display_name: "Spare GPU".to_owned(), ..sample::provider(&acme, "spare_2") };
    let second = sample::stored(store, &acme, second).await;
    let search = |part: &str| CustomProviderFilter {
        text: NameFilter { search: Some(part.to_owned()), ..NameFilter::default() },
        ..CustomProviderFilter::default()
    };
    let named = |name: &str| CustomProviderFilter { provider: Some(sample::provider_name(name)), ..Default::default() };
    let cases = [
        (named("gpu-1.local"), vec![first.id]),
        (named("gpu"), vec![]),
        (search("gpu"), vec![second.id, first.id]),
        (search("GPU-1"), vec![first.id]),
        (search("E_2"), vec![second.id]),
        (search("u_1"), vec![]),
        (CustomProviderFilter { provider: named("spare_2").provider, ..search("GPU-1") }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&all::<CustomProvider>(&*tenant, &filter).await), expected, "{filter:?}");
    }
}

/// A name is taken once in an account, and is free in another and after deletion.
pub async fn name_is_unique_within_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let provider = sample::stored(store, &acme, sample::provider(&acme, "ollama")).await;
    let second = sample::provider(&acme, "ollama");
    refused!(tenant.create(&second, &audit(acme.id)).await, Conflict);
    sample::stored(store, &other, sample::provider(&other, "ollama")).await;
    let vllm = sample::stored(store, &acme, sample::provider(&acme, "vllm")).await;
    let renamed = CustomProvider { provider_name: provider.provider_name.clone(), ..vllm.edited() };
    refused!(tenant.update(&renamed, &audit(acme.id)).await, Conflict);
    let found: CustomProvider = tenant.get(vllm.id).await.unwrap().unwrap();
    assert_eq!(found.facts(), vllm.facts());
    assert!(Collection::<CustomProvider>::delete(&*tenant, provider.id, None, &audit(acme.id)).await.unwrap());
    sample::stored(store, &acme, second).await;
}

/// A provider stays while a key or a configuration of the same account names it.
pub async fn not_deleted_while_named(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let provider = sample::stored(store, &acme, sample::provider(&acme, "ollama")).await;
    let mut naming = sample::configuration(&acme, &[]);
    naming.references.providers.push(provider.provider_name.clone());
    let naming = sample::stored(store, &acme, naming).await;
    for owner in [&acme, &other] {
        sample::stored(store, owner, sample::provider_key(owner, "ollama")).await;
    }
    let key = sample::stored(store, &acme, sample::provider_key(&acme, "ollama")).await;
    let mut foreign = sample::configuration(&other, &[]);
    foreign.references.providers.push(provider.provider_name.clone());
    sample::stored(store, &other, foreign).await;

    for key in all::<ProviderKey>(&*tenant, &Default::default()).await {
        refused!(Collection::<CustomProvider>::delete(&*tenant, provider.id, None, &audit(acme.id)).await, Referenced);
        assert!(Collection::<ProviderKey>::delete(&*tenant, key.id, None, &audit(acme.id)).await.unwrap());
    }
    assert!(Collection::<ProviderKey>::get(&*tenant, key.id).await.unwrap().is_none());
    refused!(Collection::<CustomProvider>::delete(&*tenant, provider.id, None, &audit(acme.id)).await, Referenced);
    let found: CustomProvider = tenant.get(provider.id).await.unwrap().unwrap();
    assert_eq!(found.facts(), provider.facts());
    assert!(Collection::<Configuration>::delete(&*tenant, naming.id, None, &audit(acme.id)).await.unwrap());
    assert!(Collection::<CustomProvider>::delete(&*tenant, provider.id, None, &audit(acme.id)).await.unwrap());
}

/// An account has so many and no more; another account's do not count.
pub async fn capped(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    for number in 0..CUSTOM_PROVIDERS_MAX {
        let mut provider = sample::provider(&acme, &format!("p{number}"));
        provider.models.clear();
        sample::stored(store, &acme, provider).await;
    }
    let tenant = store.tenant(acme.id);
    refused!(tenant.create(&sample::provider(&acme, "one-more"), &audit(acme.id)).await, Full);
    sample::stored(store, &other, sample::provider(&other, "one-more")).await;
}
