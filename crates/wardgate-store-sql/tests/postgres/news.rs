//! How processes hear of each other's changes: two stores on one database.

use crate::{NEWS_WITHIN, account, hears, open};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use wardgate_core::id::AccountId;
use wardgate_store::changes::Heard;
use wardgate_store::conformance::sample::{self, audit};
use wardgate_store::{Change, Listener, Store as _};
use wardgate_testkit::{DEADLINE, Postgres, until};

/// Ends the connections that listen for notifications.
const END_LISTENERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";

/// The id of account number so many, as the database writes it, and the change of it.
fn foreign(number: u8) -> (String, Change) {
    let id = AccountId::from_bytes([number; 16]);
    (format!("{:032x}", u128::from_be_bytes(*id.as_bytes())), Change::Account(id))
}

#[tokio::test]
async fn a_notification_is_faster_than_looking() {
    let database = Postgres::shared().await.database();
    let (here, there) = (open(&database.url()).await, open(&database.url()).await);
    let mut heard = Heard::from(&there);
    let started = Instant::now();
    for _ in 0..10 {
        let (_, change) = account(&here).await;
        hears(&mut heard, change).await;
    }
    // By looking once a second alone, ten changes that each wait for the one before would take ten seconds.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn news_come_also_when_the_listening_connection_is_lost() {
    let database = Postgres::shared().await.database();
    let (here, there) = (open(&database.url()).await, open(&database.url()).await);
    let mut heard = Heard::from(&there);
    for _ in 0..3 {
        database.run(END_LISTENERS);
        let (_, change) = account(&here).await;
        hears(&mut heard, change).await;
    }
}

#[tokio::test]
async fn news_come_also_without_a_notification() {
    let database = Postgres::shared().await.database();
    let there = open(&database.url()).await;
    let mut heard = Heard::from(&there);
    for number in 1..=3 {
        let (id, change) = foreign(number);
        database.run(&format!("INSERT INTO changes (kind, id) VALUES ('account', '{id}')"));
        hears(&mut heard, change).await;
    }
}

#[tokio::test]
async fn what_commits_late_is_heard_late_and_not_twice() {
    let database = Postgres::shared().await.database();
    let there = open(&database.url()).await;
    let mut heard = Heard::from(&there);
    for number in [5, 2, 9, 3] {
        let (id, change) = foreign(number);
        database
            .run(&format!("INSERT INTO changes (seq, kind, id) OVERRIDING SYSTEM VALUE VALUES ({number}, 'account', '{id}')"));
        hears(&mut heard, change).await;
    }
    assert!(timeout(NEWS_WITHIN, heard.next()).await.is_err());
}

#[tokio::test]
async fn whoever_missed_too_much_forgets_everything_and_goes_on() {
    let database = Postgres::shared().await.database();
    let there = open(&database.url()).await;
    let mut heard = Heard::from(&there);
    let cases = [
        "INSERT INTO changes (kind) SELECT 'everything' FROM generate_series(1, 5000)",
        // All that was read was deleted meanwhile, as if the process had been away for long.
        "TRUNCATE changes; SELECT nextval('changes_seq_seq'); INSERT INTO changes (kind, id)
             VALUES ('account', '01010101010101010101010101010101')",
        // A backup was restored.
        "TRUNCATE changes; SELECT setval('changes_seq_seq', 100);
             INSERT INTO changes (kind, id) VALUES ('account', '01010101010101010101010101010101')",
    ];
    for missed in cases {
        database.run(missed);
        hears(&mut heard, Change::Everything).await;
        let (_, change) = account(&there).await;
        hears(&mut heard, change).await;
    }
}

#[tokio::test]
async fn a_write_whose_caller_left_during_the_commit_is_told() {
    let database = Postgres::shared().await.database();
    let store = open(&database.url()).await;
    let (acme, _) = account(&store).await;
    database.run(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON access_keys DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let mut heard = Heard::from(&store);
    let key = sample::access_key(&acme);
    let tenant = store.tenant(acme.id);
    let left = timeout(Duration::from_millis(300), tenant.create(&key, &audit(acme.id))).await;
    assert!(left.is_err(), "{left:?}");
    hears(&mut heard, Change::AccessKey(key.id)).await;
    assert!(store.access_key(key.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_write_whose_caller_left_while_it_was_told_is_told_again() {
    let database = Postgres::shared().await.database();
    let store = open(&database.url()).await;
    let (acme, _) = account(&store).await;
    // Whoever hears first waits, and is given up while the row is there to be read.
    store.listen(Arc::new(HoldsUpTheFirst(AtomicBool::new(true))));
    let mut heard = Heard::from(&store);
    let key = sample::access_key(&acme);
    let tenant = store.tenant(acme.id);
    let left = timeout(Duration::from_millis(700), tenant.create(&key, &audit(acme.id))).await;
    assert!(left.is_err(), "{left:?}");
    hears(&mut heard, Change::AccessKey(key.id)).await;
}

struct HoldsUpTheFirst(AtomicBool);

#[async_trait]
impl Listener for HoldsUpTheFirst {
    async fn changed(&self, _: Change) {
        if self.0.swap(false, Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

#[tokio::test]
async fn old_news_are_deleted_and_the_newest_stays() {
    let database = Postgres::shared().await.database();
    let store = open(&database.url()).await;
    for _ in 0..3 {
        account(&store).await;
    }
    database.run("UPDATE changes SET at = 0");
    let later = open(&database.url()).await;
    until("the old ones are deleted", DEADLINE, async || database.run("SELECT count(*) FROM changes") == "1").await;
    let mut heard = [Heard::from(&store), Heard::from(&later)];
    let (_, change) = account(&store).await;
    for heard in &mut heard {
        hears(heard, change).await;
    }
}
