//! The store's suite on a real Postgres, and what is special about a server that others use and that may go away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use wardgate_store::conformance::Fresh;
use wardgate_store_sql::{PostgresOptions, PostgresStore};
use wardgate_testkit::Postgres;

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url, &PostgresOptions::default()).await.unwrap()
}

async fn fresh() -> Fresh {
    let database = Postgres::shared().await.database();
    Fresh::keeping(open(&database.url()).await, database)
}

wardgate_store::conformance_suite!(fresh);
