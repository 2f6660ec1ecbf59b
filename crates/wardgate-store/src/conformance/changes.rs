//! Cases of the change feed.

use super::sample::{self, next_instant};
use crate::{Change, Changes, Store};
use std::time::Duration;

/// How long news may take. Adapters that tell other processes have more to do than those that do not.
const NEWS_WITHIN: Duration = Duration::from_secs(2);

async fn expect(changes: &mut Changes, expected: Change) {
    assert_eq!(tokio::time::timeout(NEWS_WITHIN, changes.next()).await, Ok(Some(expected)));
}

/// Each change is told, and what is read then is the new state.
pub async fn told_after_the_commit(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.account.id);
    let (access_key, provider_key) = (sample::access_key(&acme), sample::provider_key(&acme, "openai"));
    let provider = sample::provider(&acme, "ollama");
    let mut changes = store.changes();

    tenant.create_access_key(&access_key).await.unwrap();
    expect(&mut changes, Change::AccessKey(access_key.id)).await;
    assert!(store.access_key(access_key.id).await.unwrap().is_some());
    tenant.revoke_access_key(access_key.id, next_instant()).await.unwrap();
    expect(&mut changes, Change::AccessKey(access_key.id)).await;
    assert!(store.access_key(access_key.id).await.unwrap().unwrap().revoked_at.is_some());

    let account = Change::Account(acme.account.id);
    tenant.create_provider_key(&provider_key).await.unwrap();
    expect(&mut changes, account).await;
    tenant.create_provider(&provider).await.unwrap();
    expect(&mut changes, account).await;
    let material = tenant.routing_material().await.unwrap().unwrap();
    assert_eq!((material.provider_keys.len(), material.providers.len()), (1, 1));
    tenant.delete_provider_key(provider_key.id).await.unwrap();
    expect(&mut changes, account).await;
    tenant.delete_provider(provider.id).await.unwrap();
    expect(&mut changes, account).await;
}

/// What did not happen is not news, and neither is a touch or a usage event.
pub async fn failures_are_not_told(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.account.id);
    let key = sample::access_key(&acme);
    tenant.create_access_key(&key).await.unwrap();
    let mut changes = store.changes();

    let stranger = store.tenant(other.account.id);
    assert!(!stranger.revoke_access_key(key.id, next_instant()).await.unwrap());
    assert!(!stranger.delete_provider_key(sample::provider_key(&acme, "openai").id).await.unwrap());
    assert!(!stranger.delete_provider(sample::provider(&acme, "ollama").id).await.unwrap());
    assert!(stranger.create_access_key(&key).await.is_err());
    store.touch_access_keys(&[(key.id, next_instant())]).await.unwrap();
    store.append_usage(&[sample::usage_event(&acme)]).await.unwrap();

    // The first thing heard is the first thing that happened.
    let marker = sample::provider_key(&other, "openai");
    stranger.create_provider_key(&marker).await.unwrap();
    expect(&mut changes, Change::Account(other.account.id)).await;
}
