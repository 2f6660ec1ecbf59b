//! Cases of the data plane's read.

use super::every_kind::facts;
use super::sample::{self, audit};
use super::{Owned, Subject};
use crate::Store;
use wardgate_core::account::{Account, Team};
use wardgate_core::configuration::VirtualModel;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;

/// Stores three, not in the order of their making, and gives all of that kind that the account then has, oldest first.
async fn three<T: Owned>(store: &dyn Store, owner: &Account) -> Vec<T> {
    let made = [T::full(store, owner).await, T::full(store, owner).await, T::full(store, owner).await];
    for at in [2, 0, 1] {
        sample::stored(store, owner, made[at].clone()).await;
    }
    made.into()
}

/// The material is complete, in the order of making, and holds nothing of another account.
pub async fn gives_all_of_one_account_oldest_first(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let managed = [sample::managed_key("openai"), sample::managed_key("openai"), sample::managed_key("openai")];
    for key in &managed {
        store.create(key, &audit(None)).await.unwrap();
    }
    for owner in [&other, &acme] {
        let untiered = sample::stored(store, owner, Team { tier: None, ..sample::team(owner) }).await;
        let teams = three::<Team>(store, owner).await;
        let keys = three::<ProviderKey>(store, owner).await;
        let providers = three::<CustomProvider>(store, owner).await;
        let models = three::<VirtualModel>(store, owner).await;
        let mut configurations = vec![sample::configuration(owner, &[&keys[0]]), sample::configuration(owner, &[])];
        configurations[1].references.provider_keys = vec![keys[2].id, keys[1].id];
        for configuration in configurations.iter().rev() {
            sample::stored(store, owner, configuration.clone()).await;
        }
        for key in [&managed[2], &managed[0]] {
            store.grant(key.id, owner.id, &audit(owner.id)).await.unwrap();
        }
        let config = sample::gateway_config(owner);
        let tenant = store.tenant(owner.id);
        tenant.put_gateway_config(&config, &audit(owner.id)).await.unwrap();

        let material = tenant.routing_material().await.unwrap().unwrap();
        assert_eq!(material.account.facts(), owner.facts());
        assert_eq!(format!("{:?}", material.gateway_config), format!("{config:?}"));
        assert!(material.teams.iter().any(|team| team.id == untiered.id) && material.teams.is_sorted_by_key(|team| team.id));
        assert_eq!(facts(material.teams.iter().filter(|team| team.tier.is_some())), facts(&teams));
        assert_eq!(facts(&material.provider_keys), facts(&keys));
        assert_eq!(facts(&material.managed_keys), facts([&managed[0], &managed[2]]));
        assert_eq!(facts(&material.providers), facts(&providers));
        assert_eq!(facts(&material.configurations), facts(&configurations));
        assert_eq!(facts(&material.virtual_models), facts(&models));
    }
}

/// An account that has nothing has material, too; one that is not there has none, which is no error.
pub async fn gone_account_is_none(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let material = store.tenant(acme.id).routing_material().await.unwrap().unwrap();
    assert!(material.gateway_config.stamp.is_none() && material.providers.is_empty());
    assert!(store.tenant(sample::account("nobody").id).routing_material().await.unwrap().is_none());
}
