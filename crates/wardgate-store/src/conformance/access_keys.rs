//! Cases of access keys.

use super::every_kind::{all, ids};
use super::sample::{self, audit, next_instant};
use super::{Subject, refused};
use crate::kinds::{AccessKeyFilter, NameFilter};
use crate::{Collection, SeenKey, Store};
use std::time::Duration;
use wardgate_core::access_key::{AccessKey, KeyStatus};

/// The store finds a key by its id alone, whatever its account.
pub async fn found_by_id_alone(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let key = AccessKey::full(store, &acme).await;
    assert!(store.access_key(key.id).await.unwrap().is_none());
    sample::stored(store, &acme, key.clone()).await;
    assert_eq!(store.access_key(key.id).await.unwrap().unwrap().facts(), key.facts());
}

/// A revoked key is found by its id alone, with the time of its end; the tenant sees it no more.
pub async fn revoked_is_gone_for_the_tenant_only(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let key = sample::stored(store, &acme, sample::access_key(&acme)).await;
    let revocation = audit(acme.id);
    assert!(Collection::<AccessKey>::delete(&*tenant, key.id, None, &revocation).await.unwrap());
    let revoked = AccessKey { revoked_at: Some(revocation.at), ..key };
    assert_eq!(store.access_key(revoked.id).await.unwrap().unwrap().facts(), revoked.facts());
    assert!(all::<AccessKey>(&*tenant, &AccessKeyFilter::default()).await.is_empty());
    // Its id is taken for good.
    assert!(tenant.create(&AccessKey { revoked_at: None, ..revoked }, &audit(acme.id)).await.is_err());
}

/// A key is not issued to a team of another account, nor linked to another's configuration, nor to what is not there.
pub async fn team_and_configuration_are_of_the_account(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let foreign = sample::stored(store, &other, sample::configuration(&other, &[])).await;
    let present = sample::stored(store, &acme, sample::access_key(&acme)).await;
    let missing = (sample::team(&acme).id, sample::configuration(&acme, &[]).id);
    for (team_id, configuration_id) in [
        (other.default_team_id, None),
        (missing.0, None),
        (acme.default_team_id, Some(foreign.id)),
        (acme.default_team_id, Some(missing.1)),
    ] {
        let key = AccessKey { team_id, configuration_id, ..sample::access_key(&acme) };
        refused!(tenant.create(&key, &audit(acme.id)).await, NotInAccount);
        assert!(store.access_key(key.id).await.unwrap().is_none());
        let moved = AccessKey { team_id, configuration_id, ..present.edited() };
        refused!(tenant.update(&moved, &audit(acme.id)).await, NotInAccount);
    }
    assert_eq!(store.access_key(present.id).await.unwrap().unwrap().facts(), present.facts());
}

/// All that a filter names must hold.
pub async fn filters_apply(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let team = sample::stored(store, &acme, sample::team(&acme)).await;
    let configuration = sample::stored(store, &acme, sample::configuration(&acme, &[])).await;
    let (before, end, after) = (next_instant(), next_instant(), next_instant());
    let plain = || AccessKey { expires_at: None, disabled_at: None, ..sample::access_key(&acme) };
    let active = AccessKey { tags: vec!["a%".to_owned(), "b".to_owned()], ..plain() };
    let ends = AccessKey { expires_at: Some(end), team_id: team.id, tags: vec!["a".to_owned()], ..plain() };
    let disabled = AccessKey { configuration_id: Some(configuration.id), expires_at: Some(end), tags: Vec::new(), ..plain() };
    let disabled = AccessKey { disabled_at: Some(before), ..disabled };
    let revoked = sample::stored(store, &acme, plain()).await;
    assert!(Collection::<AccessKey>::delete(&*tenant, revoked.id, None, &audit(acme.id)).await.unwrap());
    for key in [&active, &ends, &disabled] {
        sample::stored(store, &acme, key.clone()).await;
    }
    let text = NameFilter { name: active.label.name.clone(), search: None };
    let tag = |tag: &str| AccessKeyFilter { tag: Some(tag.to_owned()), ..AccessKeyFilter::default() };
    let status = |status, now| AccessKeyFilter { status: Some((status, now)), ..AccessKeyFilter::default() };
    let cases = [
        (tag("a"), vec![ends.id]),
        (tag("a%"), vec![active.id]),
        (tag("A"), vec![]),
        (tag(""), vec![]),
        (status(KeyStatus::Active, before), vec![ends.id, active.id]),
        (status(KeyStatus::Active, end), vec![active.id]),
        (status(KeyStatus::Expired, before), vec![]),
        (status(KeyStatus::Expired, end), vec![ends.id]),
        (status(KeyStatus::Disabled, after), vec![disabled.id]),
        (status(KeyStatus::Revoked, after), vec![]),
        (AccessKeyFilter { team_id: Some(team.id), ..AccessKeyFilter::default() }, vec![ends.id]),
        (AccessKeyFilter { configuration_id: Some(configuration.id), ..AccessKeyFilter::default() }, vec![disabled.id]),
        (AccessKeyFilter { configuration_id: Some(configuration.id), ..tag("a") }, vec![]),
        (AccessKeyFilter { team_id: Some(team.id), ..status(KeyStatus::Active, before) }, vec![ends.id]),
        (AccessKeyFilter { text: text.clone(), ..tag("b") }, vec![active.id]),
        (AccessKeyFilter { text, ..tag("a") }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&all::<AccessKey>(&*tenant, &filter).await), expected, "{filter:?}");
    }
}

/// The last use is noted, by the later of two notes, as no new version; keys that are not there are passed over.
pub async fn touch_never_moves_back(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let access = sample::stored(store, &acme, AccessKey { last_used_at: None, ..sample::access_key(&acme) }).await;
    let api = sample::stored(store, &acme, sample::api_key(&acme)).await;
    let provider = sample::stored(store, &acme, sample::provider_key(&acme, "openai")).await;
    let (operator, managed) = (sample::operator_key(), sample::managed_key("openai"));
    store.create(&operator, &audit(None)).await.unwrap();
    store.create(&managed, &audit(None)).await.unwrap();
    let unknown = sample::access_key(&acme);
    let early = next_instant();
    let late = early.plus(Duration::from_secs(60));
    let seen = |at| {
        [
            (SeenKey::Access(unknown.id), at),
            (SeenKey::Access(access.id), at),
            (SeenKey::Api(api.id), at),
            (SeenKey::Operator(operator.id), at),
            (SeenKey::Provider(provider.id), at),
            (SeenKey::Managed(managed.id), at),
        ]
    };
    store.touch(&[]).await.unwrap();
    for (at, expected) in [(early, early), (late, late), (early, late)] {
        store.touch(&seen(at)).await.unwrap();
        let access = store.access_key(access.id).await.unwrap().unwrap();
        let api = store.api_key(api.id).await.unwrap().unwrap();
        let operator = store.operator_key(operator.id).await.unwrap().unwrap();
        let provider: wardgate_core::provider_key::ProviderKey = tenant.get(provider.id).await.unwrap().unwrap();
        let managed: wardgate_core::provider_key::ManagedKey = Collection::get(store, managed.id).await.unwrap().unwrap();
        let found = [access.last_used_at, api.last_used_at, operator.last_used_at, provider.last_used_at, managed.last_used_at];
        assert_eq!(found, [Some(expected); 5]);
    }
    // An update from what was read before the touch does not undo it.
    tenant.update(&access.edited(), &audit(acme.id)).await.unwrap();
    tenant.update(&api.edited(), &audit(acme.id)).await.unwrap();
    tenant.update(&provider.edited(), &audit(acme.id)).await.unwrap();
    store.update(&operator.edited(), &audit(None)).await.unwrap();
    store.update(&managed.edited(), &audit(None)).await.unwrap();
    assert_eq!(store.access_key(access.id).await.unwrap().unwrap().last_used_at, Some(late));
    assert_eq!(store.api_key(api.id).await.unwrap().unwrap().last_used_at, Some(late));
    assert_eq!(store.operator_key(operator.id).await.unwrap().unwrap().last_used_at, Some(late));
}
