//! Cases of configurations and virtual models.

use super::sample::{self, audit};
use super::{Subject, refused};
use crate::kinds::{CONFIGURATIONS_MAX, VIRTUAL_MODELS_MAX};
use crate::{Collection, Store};
use wardgate_core::access_key::AccessKey;
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::label::Label;

/// A configuration names no provider key of another account, nor one that is not there.
pub async fn provider_keys_are_of_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let foreign = sample::stored(store, &other, sample::provider_key(&other, "openai")).await;
    let missing = sample::provider_key(&acme, "openai");
    let own = sample::stored(store, &acme, sample::provider_key(&acme, "openai")).await;
    let present = sample::stored(store, &acme, sample::configuration(&acme, &[&own])).await;
    for key in [&foreign, &missing] {
        let configuration = sample::configuration(&acme, &[&own, key]);
        refused!(tenant.create(&configuration, &audit(acme.id)).await, NotInAccount);
        assert!(Collection::<Configuration>::get(&*tenant, configuration.id).await.unwrap().is_none());
        let mut changed = present.edited();
        changed.references.provider_keys = vec![key.id];
        refused!(tenant.update(&changed, &audit(acme.id)).await, NotInAccount);
    }
    let found: Configuration = tenant.get(present.id).await.unwrap().unwrap();
    assert_eq!(found.facts(), present.facts());
}

/// A configuration stays while a key is linked to it. Revoked keys do not count, and lose their link with it.
pub async fn not_deleted_while_a_key_is_linked(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let key = AccessKey::full(store, &acme).await;
    sample::stored(store, &acme, key.clone()).await;
    let id = key.configuration_id.unwrap();
    refused!(Collection::<Configuration>::delete(&*tenant, id, None, &audit(acme.id)).await, Referenced);
    assert!(Collection::<AccessKey>::delete(&*tenant, key.id, None, &audit(acme.id)).await.unwrap());
    assert!(Collection::<Configuration>::delete(&*tenant, id, None, &audit(acme.id)).await.unwrap());
    assert_eq!(store.access_key(key.id).await.unwrap().unwrap().configuration_id, None);
}

/// An account has so many configurations and no more.
pub async fn capped(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    for _ in 0..CONFIGURATIONS_MAX {
        sample::stored(store, &acme, sample::configuration(&acme, &[])).await;
    }
    refused!(store.tenant(acme.id).create(&sample::configuration(&acme, &[]), &audit(acme.id)).await, Full);
    sample::stored(store, &other, sample::configuration(&other, &[])).await;
}

/// A virtual model's name is taken once in an account, in whatever case.
pub async fn virtual_model_name_is_unique_in_any_case(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let named = |name: &str| VirtualModel { label: Label::named(name), ..sample::virtual_model(&acme) };
    let smart = sample::stored(store, &acme, named("Smart")).await;
    for name in ["Smart", "smart", "SMART"] {
        refused!(tenant.create(&named(name), &audit(acme.id)).await, Conflict);
    }
    let fast = sample::stored(store, &acme, named("fast")).await;
    let renamed = VirtualModel { label: Label::named("sMART"), ..fast.edited() };
    refused!(tenant.update(&renamed, &audit(acme.id)).await, Conflict);
    // Its own name in another case is free.
    let recased = VirtualModel { label: Label::named("smart"), ..smart.edited() };
    tenant.update(&recased, &audit(acme.id)).await.unwrap();
    let same_elsewhere = VirtualModel { label: Label::named("smart"), ..sample::virtual_model(&other) };
    sample::stored(store, &other, same_elsewhere).await;
}

/// An account has so many virtual models and no more.
pub async fn virtual_models_are_capped(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    for _ in 0..VIRTUAL_MODELS_MAX {
        sample::stored(store, &acme, sample::virtual_model(&acme)).await;
    }
    refused!(store.tenant(acme.id).create(&sample::virtual_model(&acme), &audit(acme.id)).await, Full);
    sample::stored(store, &other, sample::virtual_model(&other)).await;
}
