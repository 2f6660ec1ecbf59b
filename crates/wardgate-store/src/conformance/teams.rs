//! Cases of teams and tiers.

use super::every_kind::{all, ids};
use super::sample::{self, audit};
use super::{Subject, refused};
use crate::kinds::{TIERS_MAX, TieredFilter};
use crate::{Collection, Store};
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, DEFAULT_TEAM, Team};
use wardgate_core::label::Label;
use wardgate_core::tier::Tier;

/// A team's name is taken once in an account, and free in another.
pub async fn name_is_unique_within_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let named = |owner: &Account, name: &str| Team { label: Label::named(name), ..sample::team(owner) };
    refused!(tenant.create(&named(&acme, DEFAULT_TEAM), &audit(acme.id)).await, Conflict);
    let blue = sample::stored(store, &acme, named(&acme, "blue")).await;
    let red = sample::stored(store, &acme, named(&acme, "red")).await;
    let renamed = Team { label: blue.label.clone(), ..red.edited() };
    refused!(tenant.update(&renamed, &audit(acme.id)).await, Conflict);
    sample::stored(store, &other, named(&other, "blue")).await;
    assert!(Collection::<Team>::delete(&*tenant, blue.id, None, &audit(acme.id)).await.unwrap());
    tenant.update(&renamed, &audit(acme.id)).await.unwrap();
}

/// The default team stays as long as its account, and each other one as long as it has keys that are not revoked.
pub async fn not_deleted_while_needed(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    refused!(Collection::<Team>::delete(&*tenant, acme.default_team_id, None, &audit(acme.id)).await, Referenced);
    let team = sample::stored(store, &acme, sample::team(&acme)).await;
    let key = AccessKey { team_id: team.id, ..sample::access_key(&acme) };
    let key = sample::stored(store, &acme, key).await;
    refused!(Collection::<Team>::delete(&*tenant, team.id, None, &audit(acme.id)).await, Referenced);
    assert!(Collection::<AccessKey>::delete(&*tenant, key.id, None, &audit(acme.id)).await.unwrap());
    assert!(Collection::<Team>::delete(&*tenant, team.id, None, &audit(acme.id)).await.unwrap());
    assert_eq!(store.access_key(key.id).await.unwrap().unwrap().team_id, acme.default_team_id);
}

/// A list holds those of one tier.
pub async fn filtered_by_tier(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let on_tier = sample::stored(store, &acme, sample::team(&acme)).await;
    sample::stored(store, &acme, Team { tier: Some(sample::tier_name("pro")), ..sample::team(&acme) }).await;
    let filter = TieredFilter { tier: on_tier.tier.clone(), ..TieredFilter::default() };
    assert_eq!(ids(&all::<Team>(&*store.tenant(acme.id), &filter).await), [on_tier.id]);
}

/// A tier's name is taken once.
pub async fn tier_name_is_unique(store: &dyn Store) {
    let (gold, silver) = (sample::tier(), sample::tier());
    for tier in [&gold, &silver] {
        store.create(tier, &audit(None)).await.unwrap();
    }
    refused!(store.create(&Tier { name: gold.name.clone(), ..sample::tier() }, &audit(None)).await, Conflict);
    let renamed = Tier { name: gold.name.clone(), ..silver.edited() };
    refused!(store.update(&renamed, &audit(None)).await, Conflict);
    assert!(Collection::<Tier>::delete(store, gold.id, None, &audit(None)).await.unwrap());
    store.update(&renamed, &audit(None)).await.unwrap();
}

/// A tier stays while an account or a team is on it.
pub async fn tier_not_deleted_while_needed(store: &dyn Store) {
    let tier = sample::tier();
    store.create(&tier, &audit(None)).await.unwrap();
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let team = sample::stored(store, &acme, sample::team(&acme)).await;

    let account_on_it = Account { tier: Some(tier.name.clone()), ..acme.edited() };
    store.update(&account_on_it, &audit(None)).await.unwrap();
    refused!(Collection::<Tier>::delete(store, tier.id, None, &audit(None)).await, Referenced);
    store.update(&account_on_it.edited(), &audit(None)).await.unwrap();
    let team_on_it = Team { tier: Some(tier.name.clone()), ..team.edited() };
    tenant.update(&team_on_it, &audit(acme.id)).await.unwrap();
    refused!(Collection::<Tier>::delete(store, tier.id, None, &audit(None)).await, Referenced);
    tenant.update(&team_on_it.edited(), &audit(acme.id)).await.unwrap();
    assert!(Collection::<Tier>::delete(store, tier.id, None, &audit(None)).await.unwrap());
}

/// The operator makes so many tiers and no more.
pub async fn tiers_are_capped(store: &dyn Store) {
    for _ in 0..TIERS_MAX {
        store.create(&sample::tier(), &audit(None)).await.unwrap();
    }
    refused!(store.create(&sample::tier(), &audit(None)).await, Full);
}
