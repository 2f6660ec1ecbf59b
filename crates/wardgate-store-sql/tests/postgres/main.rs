//! The store's suite on a real Postgres, and what is special about a server that others use as well and that may go away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod news;
mod opening;
mod outage;
mod pooled;
mod tls;
mod together;
mod usage;

use std::time::Duration;
use tokio::time::timeout;
use wardgate_core::account::Account;
use wardgate_store::changes::Heard;
use wardgate_store::conformance::{Fresh, sample};
use wardgate_store::{Change, Store};
use wardgate_store_sql::{PostgresOptions, PostgresStore};
use wardgate_testkit::Postgres;

/// How long another process's news may take, however it comes.
const NEWS_WITHIN: Duration = Duration::from_secs(2);

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url, &PostgresOptions::default()).await.unwrap()
}

async fn fresh() -> Fresh {
    let database = Postgres::shared().await.database();
    Fresh::keeping(open(&database.url()).await, database)
}

wardgate_store::conformance_suite!(fresh);

/// The next thing that is heard is this.
async fn hears(heard: &mut Heard, expected: Change) {
    assert_eq!(timeout(NEWS_WITHIN, heard.next()).await, Ok(Some(expected)));
}

/// Stores an account, and gives it with the change that this is.
async fn account(store: &dyn Store) -> (Account, Change) {
    let account = sample::tenant(store, &sample::unique("account")).await;
    let change = Change::Account(account.id);
    (account, change)
}
