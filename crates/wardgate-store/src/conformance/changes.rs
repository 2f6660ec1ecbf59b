//! Cases of the change feed that are not about writes of objects.

use super::Subject;
use super::sample::{self, audit, next_instant};
use crate::changes::Heard;
use crate::{Change, Store};
use std::time::Duration;

/// How long news may take. Adapters that tell other processes have more to do than those that do not.
const NEWS_WITHIN: Duration = Duration::from_secs(2);

/// Waits for this to be the next thing heard, if anything is to be.
pub(super) async fn expect(heard: &mut Heard, expected: Option<Change>) {
    if expected.is_some() {
        assert_eq!(tokio::time::timeout(NEWS_WITHIN, heard.next()).await, Ok(expected));
    }
}

/// Neither a touch is news, nor usage, nor money, nor what a request was answered.
pub async fn what_caches_do_not_hold_is_not_told(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let key = sample::stored(store, &acme, sample::access_key(&acme)).await;
    let key_of = crate::IdempotencyKey { account_id: Some(acme.id), digest: [1; 32] };
    let mut heard = Heard::from(store);

    store.touch(&[(crate::SeenKey::Access(key.id), next_instant())]).await.unwrap();
    store.append_usage(&[sample::usage_event(&acme)]).await.unwrap();
    tenant.add_credit(&sample::credit(&acme), &audit(acme.id)).await.unwrap();
    store.begin(key_of, [2; 32], next_instant(), next_instant()).await.unwrap();
    store.finish(key_of, b"answer", next_instant()).await.unwrap();
    store.replace_master_key_proof(None, b"proof").await.unwrap();

    let marker = sample::tier();
    store.create(&marker, &audit(None)).await.unwrap();
    expect(&mut heard, marker.told()).await;
}

/// Every listener hears, also one that came later.
pub async fn all_listeners_hear(store: &dyn Store) {
    let mut early = Heard::from(store);
    let first = sample::tenant(store, "acme").await;
    let mut late = Heard::from(store);
    let second = sample::tenant(store, "other").await;
    expect(&mut early, Some(Change::Account(first.id))).await;
    expect(&mut early, Some(Change::Account(second.id))).await;
    expect(&mut late, Some(Change::Account(second.id))).await;
}
