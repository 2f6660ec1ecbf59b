//! The ledger: what was stored before there were sums, and a table for each day.

use crate::{account, open};
use std::time::Duration;
use wardgate_core::account::Account;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;
use wardgate_store::conformance::sample;
use wardgate_store::usage::{GroupBy, Interval, OverviewQuery};
use wardgate_store::{Store, UsageUpkeep as _};
use wardgate_store_sql::PostgresStore;
use wardgate_testkit::{Database, Postgres};

const NOON: &str = "2026-11-22T12:00:00Z";

fn days_later(days: u64) -> Timestamp {
    Timestamp::parse(NOON).unwrap().plus(Duration::from_secs(days * 86_400))
}

fn event(owner: &Account, days: u64) -> UsageEvent {
    UsageEvent { event_time: days_later(days), ..sample::usage_event(owner) }
}

async fn attempts(store: &PostgresStore, owner: &Account) -> u64 {
    let (start, end) = (Timestamp::from_unix_micros(0), days_later(1_000));
    let query = OverviewQuery { start, end, group_by: GroupBy::Nothing, interval: Interval::Whole, access_key_id: None };
    let buckets = store.tenant(owner.id).usage_overview(&query).await.unwrap();
    buckets.iter().map(|bucket| bucket.sums.attempts).sum()
}

/// The tables of days that there are.
fn tables(database: &Database) -> Vec<String> {
    let names = "SELECT relname FROM pg_class WHERE relname ~ '^usage_events_\\d{8}$' AND relkind = 'r' ORDER BY relname";
    database.run(names).lines().map(|line| line.trim_start_matches("usage_events_").to_owned()).collect()
}

fn rows_in(database: &Database, table: &str) -> String {
    database.run(&format!("SELECT count(*) FROM {table}"))
}

#[tokio::test]
async fn what_was_used_before_there_were_sums_is_summed_up_once_by_whoever_asks() {
    let database = Postgres::shared().await.database();
    let (one, two) = (open(&database.url()).await, open(&database.url()).await);
    let (acme, _) = account(&one).await;
    let old: Vec<_> = (0..100).map(|_| event(&acme, 0)).collect();
    one.append_usage(&old).await.unwrap();
    database.run("UPDATE usage_events SET is_summed = FALSE; DELETE FROM usage_sums; DELETE FROM usage_team_sums");
    one.append_usage(&[event(&acme, 0)]).await.unwrap();
    assert_eq!(attempts(&one, &acme).await, 1);
    let all = async |store: &PostgresStore| {
        let mut sum = 0;
        while let added @ 1.. = store.sum_up_usage(7).await.unwrap() {
            sum += added;
        }
        sum
    };
    let (first, second) = tokio::join!(all(&one), all(&two));
    assert_eq!(first + second, 100);
    assert_eq!(attempts(&one, &acme).await, 101);
    // As if the program of before, which had no sums of teams, had summed them up.
    database.run(
        "DROP TABLE usage_team_sums; DROP FUNCTION usage_sums_inserted CASCADE; DROP FUNCTION usage_sums_updated CASCADE;
         DELETE FROM _sqlx_migrations WHERE version = 6",
    );
    let next = open(&database.url()).await;
    next.append_usage(&[event(&acme, 0)]).await.unwrap();
    assert_eq!(attempts(&next, &acme).await, 102);
}

#[tokio::test]
async fn those_who_add_to_the_same_sums_all_end() {
    let database = Postgres::shared().await.database();
    let (one, two) = (open(&database.url()).await, open(&database.url()).await);
    let (acme, _) = account(&one).await;
    let keys: Vec<_> = (0..20).map(|_| sample::access_key(&acme).id).collect();
    let send = async |store: &PostgresStore, reversed: bool| {
        for _ in 0..20 {
            let mut events: Vec<_> = keys.iter().map(|key| UsageEvent { access_key_id: *key, ..event(&acme, 0) }).collect();
            if reversed {
                events.reverse();
            }
            assert_eq!(store.append_usage(&events).await.unwrap(), 20);
        }
    };
    tokio::join!(send(&one, false), send(&two, true));
    assert_eq!(attempts(&one, &acme).await, 800);
}

#[tokio::test]
async fn each_day_has_a_table_and_old_ones_go_at_once() {
    let database = Postgres::shared().await.database();
    let (store, other) = (open(&database.url()).await, open(&database.url()).await);
    let (acme, _) = account(&store).await;
    // A day that was there before its table stays in the default one.
    store.append_usage(&[event(&acme, 2)]).await.unwrap();
    let (first, second) = tokio::join!(store.make_room_for_usage(days_later(0)), other.make_room_for_usage(days_later(0)));
    first.and(second).unwrap();
    store.make_room_for_usage(days_later(0)).await.unwrap();
    let expected = ["20261122", "20261123", "20261125", "20261126", "20261127", "20261128", "20261129"];
    assert_eq!(tables(&database), expected);

    store.append_usage(&[event(&acme, 0), event(&acme, 1), event(&acme, 1), event(&acme, 2), event(&acme, 500)]).await.unwrap();
    assert_eq!(rows_in(&database, "usage_events_20261123"), "2");
    assert_eq!(rows_in(&database, "usage_events_default"), "3");

    // What is in no sum is not dropped.
    database.run("UPDATE usage_events SET is_summed = FALSE WHERE event_time < 1795435200000000");
    let delete = async || while store.delete_usage(days_later(3), 1).await.unwrap() {};
    delete().await;
    assert_eq!(tables(&database)[0], "20261122");
    assert!(!tables(&database).contains(&"20261123".to_owned()));
    database.run("UPDATE usage_events SET is_summed = TRUE");
    delete().await;
    assert_eq!(tables(&database)[0], "20261125");
    assert_eq!(rows_in(&database, "usage_events"), "1");
    assert_eq!(attempts(&store, &acme).await, 6);
}
