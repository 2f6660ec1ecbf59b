//! Processes that write at the same time: two stores on one database.

use crate::{account, open};
use wardgate_core::account::Account;
use wardgate_core::credit::Purchase;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::stamp::Stamp;
use wardgate_store::conformance::sample::{self, audit, next_instant};
use wardgate_store::kinds::{PENDING_PURCHASES_MAX, PurchaseFilter};
use wardgate_store::{Collection, SeenKey, Store, StoreError, UsageQuery};
use wardgate_store_sql::PostgresStore;
use wardgate_testkit::{Database, Postgres};

async fn two() -> (Database, PostgresStore, PostgresStore, Account) {
    let database = Postgres::shared().await.database();
    let (one, two) = (open(&database.url()).await, open(&database.url()).await);
    let (acme, _) = account(&one).await;
    (database, one, two, acme)
}

fn next(stamp: &Stamp) -> Stamp {
    stamp.next(next_instant(), "changer")
}

#[tokio::test]
async fn of_two_who_change_the_same_version_one_wins() {
    let (_database, one, two, acme) = two().await;
    let mut key = sample::stored(&one, &acme, sample::access_key(&acme)).await;
    for _ in 0..20 {
        key.stamp = next(&key.stamp);
        let change = async |store: &PostgresStore| store.tenant(acme.id).update(&key, &audit(acme.id)).await;
        let done = tokio::join!(change(&one), change(&two));
        let refused = match done {
            (Ok(()), Err(refused)) | (Err(refused), Ok(())) => refused,
            neither => panic!("{neither:?}"),
        };
        assert!(matches!(refused, StoreError::Changed { .. }), "{refused:?}");
    }
    assert_eq!(one.access_key(key.id).await.unwrap().unwrap().stamp, key.stamp);
}

#[tokio::test]
async fn a_limit_holds_for_all_together() {
    let (_database, one, two, acme) = two().await;
    let mut done = tokio::task::JoinSet::new();
    for store in [&one, &two].into_iter().cycle().take(2 * PENDING_PURCHASES_MAX) {
        let (store, purchase, event) = (store.clone(), sample::purchase(&acme), audit(acme.id));
        done.spawn(async move { store.tenant(purchase.account_id).create(&purchase, &event).await });
    }
    let stored = done.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(stored, PENDING_PURCHASES_MAX);
    let there = Collection::<Purchase>::count(&*one.tenant(acme.id), &PurchaseFilter::default()).await.unwrap();
    assert_eq!(there, PENDING_PURCHASES_MAX as u64);
}

#[tokio::test]
async fn nothing_is_deleted_that_is_just_being_named() {
    let (_database, one, two, acme) = two().await;
    for _ in 0..20 {
        let key = sample::stored(&one, &acme, sample::provider_key(&acme, "openai")).await;
        let configuration = sample::configuration(&acme, &[&key]);
        let (tenant_one, tenant_two, event) = (one.tenant(acme.id), two.tenant(acme.id), audit(acme.id));
        let second_event = audit(acme.id);
        let delete = Collection::<ProviderKey>::delete(&*tenant_one, key.id, None, &event);
        let done = tokio::join!(delete, tenant_two.create(&configuration, &second_event));
        let is_whole =
            matches!(done, (Ok(true), Err(StoreError::NotInAccount { .. })) | (Err(StoreError::Referenced { .. }), Ok(())));
        assert!(is_whole, "{done:?}");
    }
}

#[tokio::test]
async fn a_batch_that_two_send_is_stored_once() {
    let (_database, one, two, acme) = two().await;
    for _ in 0..10 {
        let mut events: Vec<_> = (0..300).map(|_| sample::usage_event(&acme)).collect();
        let send = async |store: &PostgresStore, events: &[_]| store.append_usage(events).await.unwrap();
        let backwards: Vec<_> = events.iter().rev().cloned().collect();
        let (first, second) = tokio::join!(send(&one, &events), send(&two, &backwards));
        assert_eq!(first + second, 300);
        events.push(sample::usage_event(&acme));
        assert_eq!(send(&one, &events).await, 1);
    }
}

#[tokio::test]
async fn whoever_sees_the_same_keys_does_not_wait_for_each_other() {
    let (_database, one, two, acme) = two().await;
    let mut seen = Vec::new();
    for _ in 0..100 {
        let key = sample::stored(&one, &acme, sample::access_key(&acme)).await;
        seen.push((SeenKey::Access(key.id), next_instant()));
    }
    let backwards: Vec<_> = seen.iter().rev().copied().collect();
    for _ in 0..20 {
        let (first, second) = tokio::join!(one.touch(&seen), two.touch(&backwards));
        first.and(second).unwrap();
        for (_, at) in &mut seen {
            *at = next_instant();
        }
    }
}

#[tokio::test]
async fn a_text_with_a_character_that_postgres_does_not_have_is_stored_without_it() {
    let (_database, one, _, acme) = two().await;
    let mut event = sample::usage_event(&acme);
    event.model = "a\0b".into();
    assert_eq!(one.append_usage(&[event.clone()]).await.unwrap(), 1);
    let query = UsageQuery {
        start: event.event_time,
        end: event.event_time,
        access_key_id: None,
        include_retries: true,
        after: None,
        limit: 1,
    };
    let listed = one.tenant(acme.id).list_usage(&query).await.unwrap();
    assert_eq!(&*listed.items[0].model, "a\u{fffd}b");
}

#[tokio::test]
async fn a_ledger_of_many_rows_is_one_transaction() {
    let (_database, one, _, acme) = two().await;
    let events: Vec<_> = (0..4_500).map(|_| sample::usage_event(&acme)).collect();
    assert_eq!(one.append_usage(&events).await.unwrap(), 4_500);
    assert_eq!(one.append_usage(&events).await.unwrap(), 0);
}
