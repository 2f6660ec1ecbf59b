//! Cases of accounts.

use super::every_kind::{all, ids};
use super::sample::{self, audit, next_instant};
use super::{Subject, log, refused};
use crate::kinds::{AccessKeyFilter, NameFilter, TieredFilter};
use crate::{Collection, IdempotencyKey, Page, Store};
use std::time::Duration;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, DEFAULT_TEAM, Team};
use wardgate_core::api_key::ApiKey;
use wardgate_core::configuration::{Configuration, VirtualModel};
use wardgate_core::credit::Purchase;
use wardgate_core::money::NanoUsd;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;

/// An account is found by its name, exactly.
pub async fn found_by_name(store: &dyn Store) {
    store.ping().await.unwrap();
    let acme = sample::tenant(store, "acme").await;
    sample::tenant(store, "other").await;
    assert_eq!(store.account_by_name("acme").await.unwrap().unwrap().facts(), acme.facts());
    for name in ["Acme", "acm", "acm_", "%", ""] {
        assert!(store.account_by_name(name).await.unwrap().is_none(), "{name}");
    }
}

/// An account comes with the team that it names.
pub async fn made_with_its_default_team(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let team: Team = tenant.get(acme.default_team_id).await.unwrap().unwrap();
    assert_eq!((team.account_id, team.label.name(), team.tier), (acme.id, DEFAULT_TEAM, None));
    assert_eq!((team.label.description, team.label.metadata, team.stamp), (None, None, acme.stamp));
}

/// A name is taken once, and a refused account leaves no team behind.
pub async fn name_is_unique(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let second = sample::account("acme");
    refused!(store.create(&second, &audit(None)).await, Conflict);
    let tenant = store.tenant(second.id);
    assert!(Collection::<Team>::get(&*tenant, second.default_team_id).await.unwrap().is_none());

    let other = sample::tenant(store, "other").await;
    let mut renamed = other.edited();
    renamed.name = "acme".to_owned();
    refused!(store.update(&renamed, &audit(None)).await, Conflict);
    assert_eq!(Collection::<Account>::get(store, other.id).await.unwrap().unwrap().facts(), other.facts());
    assert!(Collection::<Account>::delete(store, acme.id, None, &audit(None)).await.unwrap());
    store.update(&renamed, &audit(None)).await.unwrap();
}

/// A list holds those of one tier.
pub async fn filtered_by_tier(store: &dyn Store) {
    let on_tier = sample::tenant(store, "acme").await;
    let mut other = sample::account("other");
    other.tier = None;
    store.create(&other, &audit(None)).await.unwrap();
    for (tier, name, expected) in
        [("pay-as-you-go", None, vec![on_tier.id]), ("pay-as-you-go", Some("other"), vec![]), ("pay", None, vec![])]
    {
        let text = NameFilter { name: name.map(str::to_owned), search: None };
        let filter = TieredFilter { text, tier: Some(sample::tier_name(tier)) };
        assert_eq!(ids(&all::<Account>(store, &filter).await), expected);
    }
}

/// What changes without a new version is not changed back by an update that was made from an older read.
pub async fn update_leaves_the_sealed_data_key(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    assert!(store.replace_sealed_data_key(acme.id, &acme.sealed_data_key, b"resealed").await.unwrap());
    store.update(&acme.edited(), &audit(None)).await.unwrap();
    assert_eq!(Collection::<Account>::get(store, acme.id).await.unwrap().unwrap().sealed_data_key, b"resealed");
}

/// With an account goes everything of it but its usage and its log, and nothing of another.
pub async fn deleting_leaves_usage_and_log(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let managed = sample::managed_key("openai");
    store.create(&managed, &audit(None)).await.unwrap();
    let mut events = Vec::new();
    let answered = |owner: &Account| IdempotencyKey { account_id: Some(owner.id), digest: [7; 32] };
    for owner in [&acme, &other] {
        fill(store, owner).await;
        store.grant(managed.id, owner.id, &audit(owner.id)).await.unwrap();
        let later = next_instant().plus(Duration::from_secs(3_600));
        store.begin(answered(owner), [1; 32], next_instant(), later).await.unwrap();
        events.push(sample::usage_event(owner));
    }
    store.append_usage(&events).await.unwrap();
    let logged = log(store).await.len();

    assert!(Collection::<Account>::delete(store, acme.id, None, &audit(None)).await.unwrap());
    for (owner, is_there) in [(&acme, false), (&other, true)] {
        assert_eq!(counts(store, owner).await.iter().all(|count| *count > 0), is_there);
        assert_eq!(counts(store, owner).await.iter().any(|count| *count > 0), is_there);
        let tenant = store.tenant(owner.id);
        assert_eq!(tenant.gateway_config().await.unwrap().is_some(), is_there);
        assert_eq!(tenant.credit_standing(sample::START).await.unwrap().balance > NanoUsd::ZERO, is_there);
        assert_eq!(tenant.list_credits(Page::first()).await.unwrap().items.is_empty(), !is_there);
        assert_eq!(store.granted_keys(owner.id).await.unwrap().is_empty(), !is_there);
        let begun = store.begin(answered(owner), [1; 32], next_instant(), next_instant()).await.unwrap();
        assert_eq!(begun == crate::Begun::New, !is_there);
        assert_eq!(tenant.request_usage(events[usize::from(is_there)].request_id).await.unwrap().len(), 1);
    }
    assert_eq!(store.granted_accounts(managed.id, None, 10).await.unwrap(), [other.id]);
    assert_eq!(log(store).await.len(), logged + 1);
    // Its name is free, and nothing of what was comes back with it.
    let mut again = sample::account("acme");
    again.id = acme.id;
    store.create(&again, &audit(None)).await.unwrap();
    assert_eq!(counts(store, &again).await.iter().sum::<u64>(), 1);
}

/// One of everything that an account can have, a revoked key included.
async fn fill(store: &dyn Store, owner: &Account) {
    let tenant = store.tenant(owner.id);
    let team = sample::stored(store, owner, sample::team(owner)).await;
    let provider = sample::stored(store, owner, sample::provider(owner, "ollama")).await;
    let key = sample::stored(store, owner, sample::provider_key(owner, provider.provider_name.as_str())).await;
    let mut configuration = sample::configuration(owner, &[&key]);
    configuration.references.providers.push(provider.provider_name);
    let configuration = sample::stored(store, owner, configuration).await;
    let linked = AccessKey { team_id: team.id, configuration_id: Some(configuration.id), ..sample::access_key(owner) };
    sample::stored(store, owner, linked).await;
    let revoked = sample::stored(store, owner, sample::access_key(owner)).await;
    assert!(Collection::<AccessKey>::delete(&*tenant, revoked.id, None, &audit(owner.id)).await.unwrap());
    sample::stored(store, owner, sample::virtual_model(owner)).await;
    sample::stored(store, owner, sample::api_key(owner)).await;
    sample::stored(store, owner, sample::purchase(owner)).await;
    tenant.put_gateway_config(&sample::gateway_config(owner), &audit(owner.id)).await.unwrap();
    tenant.add_credit(&sample::credit(owner), &audit(owner.id)).await.unwrap();
}

/// How many there are of each kind, teams first.
async fn counts(store: &dyn Store, owner: &Account) -> [u64; 8] {
    let tenant = &*store.tenant(owner.id);
    [
        Collection::<Team>::count(tenant, &TieredFilter::default()).await.unwrap(),
        Collection::<AccessKey>::count(tenant, &AccessKeyFilter::default()).await.unwrap(),
        Collection::<ApiKey>::count(tenant, &Default::default()).await.unwrap(),
        Collection::<Configuration>::count(tenant, &Default::default()).await.unwrap(),
        Collection::<CustomProvider>::count(tenant, &Default::default()).await.unwrap(),
        Collection::<ProviderKey>::count(tenant, &Default::default()).await.unwrap(),
        Collection::<Purchase>::count(tenant, &Default::default()).await.unwrap(),
        Collection::<VirtualModel>::count(tenant, &Default::default()).await.unwrap(),
    ]
}
