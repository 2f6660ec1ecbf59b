//! A server that goes away and comes back. Each test has a server of its own.

use crate::{account, hears};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use wardgate_core::access_key::AccessKey;
use wardgate_store::changes::Heard;
use wardgate_store::conformance::sample::{self, audit};
use wardgate_store::{Collection, Store, StoreError};
use wardgate_store_sql::{PostgresOptions, PostgresStore};
use wardgate_testkit::Postgres;

/// How soon a store works again once its server does.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// How long a call takes at most: it waits for a connection, and then for each of a few statements.
const CALL_WITHIN: Duration = Duration::from_secs(6);

async fn open(url: &str) -> PostgresStore {
    let options = PostgresOptions {
        connections_max: 4,
        acquire_max: Duration::from_secs(1),
        statement_max: Duration::from_secs(1),
        ..PostgresOptions::default()
    };
    PostgresStore::open(url, &options).await.unwrap()
}

/// Every kind of call says in time that the store does not answer, however many there are at once.
async fn is_away(store: &PostgresStore, key: &AccessKey) {
    let tenant = store.tenant(key.account_id);
    let event = audit(key.account_id);
    let check = |result: Result<(), StoreError>| assert!(result.as_ref().is_err_and(StoreError::is_temporary), "{result:?}");
    let calls = async {
        let pings = async {
            let ping = || async { check(store.ping().await) };
            tokio::join!(ping(), ping(), ping(), ping(), ping(), ping(), ping(), ping());
        };
        let read = async { check(store.access_key(key.id).await.map(|_| ())) };
        let list = async { check(Collection::<AccessKey>::count(&*tenant, &Default::default()).await.map(|_| ())) };
        let write = async { check(tenant.create(key, &event).await) };
        let routing = async { check(tenant.routing_material().await.map(|_| ())) };
        let usage = async { check(store.append_usage(&[]).await.map(|_| ()).and(store.ping().await)) };
        tokio::join!(pings, read, list, write, routing, usage);
    };
    let started = Instant::now();
    assert!(timeout(CALL_WITHIN, calls).await.is_ok(), "calls do not end");
    assert!(started.elapsed() < CALL_WITHIN);
}

async fn is_back(store: &PostgresStore) {
    let back = async {
        while store.ping().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(BACK_WITHIN, back).await.is_ok(), "the store does not work again");
}

/// Whatever happens to the server, stores go on afterwards, and what one writes the other hears; nothing else is told.
async fn check<Away>(go_away: impl FnOnce(&Postgres) -> Away, come_back: impl FnOnce(&Postgres, Away)) {
    let server = Postgres::own().await;
    let database = server.database();
    let (here, there) = (open(&database.url()).await, open(&database.url()).await);
    let mut heard = Heard::from(&there);
    let (acme, change) = account(&here).await;
    hears(&mut heard, change).await;
    let key = sample::access_key(&acme);

    let away = go_away(&server);
    is_away(&here, &key).await;
    is_away(&there, &key).await;
    come_back(&server, away);
    is_back(&here).await;
    is_back(&there).await;

    let (_, change) = account(&here).await;
    hears(&mut heard, change).await;
}

#[tokio::test]
async fn a_server_that_crashes_and_starts_again() {
    check(Postgres::stop, |server, ()| server.start()).await;
}

#[tokio::test]
async fn a_server_that_freezes_and_goes_on() {
    check(Postgres::freeze, |_, frozen| drop(frozen)).await;
}

#[tokio::test]
async fn a_frozen_server_that_is_replaced() {
    check(Postgres::freeze, |server, frozen| {
        drop(frozen);
        server.stop();
        server.start();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_ends_all_connections() {
    let server = Postgres::own().await;
    let database = server.database();
    let store = open(&database.url()).await;
    let (_, first) = account(&store).await;
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wardgate'");
    is_back(&store).await;
    let mut heard = Heard::from(&store);
    let (_, second) = account(&store).await;
    assert_ne!(first, second);
    hears(&mut heard, second).await;
}

#[tokio::test]
async fn a_frozen_server_does_not_hold_up_closing() {
    let server = Postgres::own().await;
    let database = server.database();
    let store = open(&database.url()).await;
    let _frozen = server.freeze();
    assert!(timeout(CALL_WITHIN, store.close()).await.is_ok());
}
