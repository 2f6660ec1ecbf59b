//! The store's suite on a real SQLite file, and what is special about files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use sqlx::Connection as _;
use std::path::Path;
use wardgate_core::account::Account;
use wardgate_store::conformance::{Fresh, sample};
use wardgate_store::{Collection, Store as _, StoreError};
use wardgate_store_sql::{OpenError, SqliteOptions, SqliteStore};

async fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, &SqliteOptions::default()).await
}

async fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("wardgate.db")).await.unwrap();
    Fresh::keeping(store, directory)
}

wardgate_store::conformance_suite!(fresh);

async fn execute(path: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/on/the/way/wardgate.db");
    let store = open(&path).await.unwrap();
    let acme = sample::tenant(&store, "acme").await;
    store.close().await;
    assert!(store.ping().await.is_err_and(|error| error.is_temporary()));
    let store = open(&path).await.unwrap();
    assert!(Collection::<Account>::get(&store, acme.id).await.unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/wardgate.db");
    let store = open(&path).await.unwrap();
    sample::tenant(&store, "acme").await;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for file in ["wardgate.db", "wardgate.db-wal", "wardgate.db-shm"] {
        assert_eq!(mode(&path.with_file_name(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    open(&path).await.unwrap().close().await;
    execute(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'x', 1, x'00', 0)",
    )
    .await;
    let refused = open(&path).await.err().unwrap();
    assert!(matches!(refused, OpenError::NewerSchema { found: 9999, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let refused = open(Path::new("/dev/null/wardgate.db")).await.err().unwrap();
    assert!(refused.to_string().contains("/dev/null/wardgate.db"), "{refused}");
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_an_error_and_not_a_default() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    let store = open(&path).await.unwrap();
    let acme = sample::tenant(&store, "acme").await;
    store.append_usage(&[sample::usage_event(&acme)]).await.unwrap();
    execute(&path, "UPDATE usage_events SET completion = 'vanished'").await;
    let query = wardgate_store::UsageQuery {
        start: sample::START,
        end: sample::next_instant(),
        access_key_id: None,
        include_retries: true,
        after: None,
        limit: 1,
    };
    let refused = store.tenant(acme.id).list_usage(&query).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { table: "usage_events", .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_start_together_all_start() {
    for _ in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("wardgate.db");
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let path = path.clone();
            tasks.spawn(async move { open(&path).await.map(|_| ()) });
        }
        for opened in tasks.join_all().await {
            assert!(opened.is_ok(), "{opened:?}");
        }
    }
}

#[tokio::test]
async fn writers_wait_for_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wardgate.db");
    let (one, two) = (open(&path).await.unwrap(), open(&path).await.unwrap());
    let acme = sample::tenant(&one, "acme").await;
    let mut tasks = tokio::task::JoinSet::new();
    for store in [one.clone(), two, one.clone()] {
        let events: Vec<_> = (0..50).map(|_| sample::usage_event(&acme)).collect();
        tasks.spawn(async move {
            let mut new = 0;
            for event in &events {
                new += store.append_usage(std::slice::from_ref(event)).await.unwrap();
            }
            new
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u64>(), 150);
}
