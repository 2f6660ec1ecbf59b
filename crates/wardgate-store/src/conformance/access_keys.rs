//! Cases of access keys.

use super::sample::{self, next_instant};
use crate::{Page, Store, StoreError};
use std::time::Duration;
use wardgate_core::access_key::AccessKey;

fn facts(key: &AccessKey) -> impl PartialEq + std::fmt::Debug {
    (
        (key.id, key.account_id, key.team_id, key.name.clone(), key.description.clone(), key.metadata.clone()),
        (key.secret_hash.clone(), key.redacted.clone(), key.created_at, key.updated_at),
        (key.created_by.clone(), key.updated_by.clone(), key.last_used_at, key.revoked_at),
    )
}

/// What was stored is read back, by the store, by the tenant and in the list.
pub async fn every_field_round_trips(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    assert_eq!(tenant.account_id(), acme.account.id);
    let common = sample::access_key(&acme);
    let mut rare = sample::access_key(&acme);
    rare.last_used_at = Some(next_instant());
    rare.metadata = Some("m".repeat(4_096));
    for key in [common, rare] {
        tenant.create_access_key(&key).await.unwrap();
        assert_eq!(facts(&store.access_key(key.id).await.unwrap().unwrap()), facts(&key));
        assert_eq!(facts(&tenant.get_access_key(key.id).await.unwrap().unwrap()), facts(&key));
        assert_eq!(facts(&tenant.list_access_keys(Page::first()).await.unwrap().items[0]), facts(&key));
    }
    assert!(store.access_key(sample::access_key(&acme).id).await.unwrap().is_none());
}

/// Pages hold ids descending, and the last one says so.
pub async fn pages_descend(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let mut ids = Vec::new();
    for _ in 0..5 {
        let key = sample::access_key(&acme);
        tenant.create_access_key(&key).await.unwrap();
        ids.insert(0, key.id);
    }
    let mut before = None;
    for (expected, has_more) in [(&ids[0..2], true), (&ids[2..4], true), (&ids[4..5], false)] {
        let listed = tenant.list_access_keys(Page { before, limit: 2 }).await.unwrap();
        let found: Vec<_> = listed.items.iter().map(|key| key.id).collect();
        assert_eq!((found.as_slice(), listed.has_more), (expected, has_more));
        before = found.last().copied();
    }
    assert!(!tenant.list_access_keys(Page { before: None, limit: 5 }).await.unwrap().has_more);
}

/// A revoked key is found by its id alone, with the time of its end; the tenant sees it no more. Revoking again does nothing.
pub async fn revoked_is_gone_for_the_tenant_only(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let key = sample::access_key(&acme);
    tenant.create_access_key(&key).await.unwrap();
    let now = next_instant();
    assert!(tenant.revoke_access_key(key.id, now).await.unwrap());
    assert!(!tenant.revoke_access_key(key.id, next_instant()).await.unwrap());
    assert_eq!(store.access_key(key.id).await.unwrap().unwrap().revoked_at, Some(now));
    assert!(tenant.get_access_key(key.id).await.unwrap().is_none());
    assert!(tenant.list_access_keys(Page::first()).await.unwrap().items.is_empty());
}

/// Another account's key is neither read nor revoked.
pub async fn another_accounts_is_not_found(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let key = sample::access_key(&acme);
    store.tenant(acme.account.id).create_access_key(&key).await.unwrap();
    let stranger = store.tenant(other.account.id);
    assert!(stranger.get_access_key(key.id).await.unwrap().is_none());
    assert!(stranger.list_access_keys(Page::first()).await.unwrap().items.is_empty());
    assert!(!stranger.revoke_access_key(key.id, next_instant()).await.unwrap());
    assert_eq!(store.access_key(key.id).await.unwrap().unwrap().revoked_at, None);
}

/// A handle does not store what names another account.
pub async fn another_accounts_is_refused(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let key = sample::access_key(&acme);
    let refused = store.tenant(other.account.id).create_access_key(&key).await;
    assert!(matches!(refused, Err(StoreError::NotInAccount { .. })), "{refused:?}");
    assert!(store.access_key(key.id).await.unwrap().is_none());
}

/// A key is not issued to a team of another account, nor to one that is not there.
pub async fn team_must_be_of_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    for team in [other.team, sample::owner("nobody").team] {
        let mut key = sample::access_key(&acme);
        key.team_id = team.id;
        let refused = store.tenant(acme.account.id).create_access_key(&key).await;
        assert!(matches!(refused, Err(StoreError::NotInAccount { .. })), "{refused:?}");
    }
}

/// The last use is noted, by the later of two notes; keys that are not there are passed over.
pub async fn touch_never_moves_back(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let (key, unknown) = (sample::access_key(&acme), sample::access_key(&acme));
    store.tenant(acme.account.id).create_access_key(&key).await.unwrap();
    let early = next_instant();
    let late = early.plus(Duration::from_secs(60));
    for (seen, expected) in [(early, early), (late, late), (early, late)] {
        store.touch_access_keys(&[(unknown.id, seen), (key.id, seen)]).await.unwrap();
        assert_eq!(store.access_key(key.id).await.unwrap().unwrap().last_used_at, Some(expected));
    }
    store.touch_access_keys(&[]).await.unwrap();
}

/// An id is used once.
pub async fn id_is_unique(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let key = sample::access_key(&acme);
    store.tenant(acme.account.id).create_access_key(&key).await.unwrap();
    let refused = store.tenant(acme.account.id).create_access_key(&key).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
}
