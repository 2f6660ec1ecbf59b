//! Cases of the data plane's read.

use super::{provider_keys, providers, sample};
use crate::Store;

/// The material is complete, in the order of making, and holds nothing of another account.
pub async fn gives_all_of_one_account_oldest_first(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let (mut keys, mut made) = (Vec::new(), Vec::new());
    for name in ["b", "a", "c"] {
        keys.push(sample::provider_key(&acme, name));
        made.push(sample::provider(&acme, name));
    }
    for owner in [&acme, &other] {
        let tenant = store.tenant(owner.account.id);
        tenant.create_provider_key(&sample::provider_key(owner, "openai")).await.unwrap();
    }
    let tenant = store.tenant(acme.account.id);
    // Stored in another order than that of their making.
    for at in [2, 0, 1] {
        tenant.create_provider_key(&keys[at]).await.unwrap();
        tenant.create_provider(&made[at]).await.unwrap();
    }
    let material = tenant.routing_material().await.unwrap().unwrap();
    assert_eq!(material.account.id, acme.account.id);
    assert_eq!(material.account.sealed_data_key, acme.account.sealed_data_key);
    let found: Vec<_> = material.provider_keys.iter().map(provider_keys::facts).collect();
    assert_eq!(found[..3], keys.iter().map(provider_keys::facts).collect::<Vec<_>>());
    assert_eq!(found.len(), 4);
    let found: Vec<_> = material.providers.iter().map(providers::facts).collect();
    assert_eq!(found, made.iter().map(providers::facts).collect::<Vec<_>>());
}

/// An account that is not there has no material, which is no error.
pub async fn gone_account_is_none(store: &dyn Store) {
    let nobody = sample::owner("nobody");
    assert!(store.tenant(nobody.account.id).routing_material().await.unwrap().is_none());
}
