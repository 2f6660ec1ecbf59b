//! Opening: the schema, and what is refused.

use std::time::Duration;
use tokio::task::JoinSet;
use wardgate_store::Store as _;
use wardgate_store_sql::{OpenError, PostgresOptions, PostgresStore};
use wardgate_testkit::Postgres;

async fn pending(url: &str) -> Result<Vec<&'static str>, OpenError> {
    PostgresStore::pending(url, &PostgresOptions::default()).await
}

async fn refused(url: &str) -> OpenError {
    PostgresStore::open(url, &PostgresOptions::default()).await.err().unwrap()
}

#[tokio::test]
async fn what_is_missing_can_be_asked_and_is_applied() {
    let database = Postgres::shared().await.database();
    assert_eq!(
        pending(&database.url()).await.unwrap(),
        ["first tables", "usage sums", "budgets", "provider addressing", "prepaid", "usage team sums", "surface formats"]
    );
    assert_eq!(database.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    let store = PostgresStore::open(&database.url(), &PostgresOptions::default()).await.unwrap();
    assert!(pending(&database.url()).await.unwrap().is_empty());
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err_and(|error| error.is_temporary()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_start_together_all_start() {
    for _ in 0..3 {
        let database = Postgres::shared().await.database();
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let url = database.url();
            tasks.spawn(async move { PostgresStore::open(&url, &PostgresOptions::default()).await.map(|_| ()) });
        }
        for opened in tasks.join_all().await {
            assert!(opened.is_ok(), "{opened:?}");
        }
        assert_eq!(database.run("SELECT count(*) FROM _sqlx_migrations"), "7");
    }
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_applied_by_the_next_start() {
    let database = Postgres::shared().await.database();
    // It fails at the last table but one, which is in its way.
    database.run("CREATE TABLE changes (is_in_the_way BOOLEAN)");
    assert!(matches!(refused(&database.url()).await, OpenError::Migrate(_)));
    database.run("DROP TABLE changes");
    PostgresStore::open(&database.url(), &PostgresOptions::default()).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_name() {
    let database = Postgres::shared().await.database();
    PostgresStore::open(&database.url(), &PostgresOptions::default()).await.unwrap().close().await;
    database.run("INSERT INTO _sqlx_migrations VALUES (9999, 'x', now(), TRUE, '', 0)");
    for refused in [refused(&database.url()).await, pending(&database.url()).await.err().unwrap()] {
        assert!(matches!(refused, OpenError::NewerSchema { found: 9999, .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_keep_every_text_is_refused() {
    let server = Postgres::own().await;
    let database = server.database();
    database.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    let url = database.url();
    let refused = refused(&format!("{}/latin", url.rsplit_once('/').unwrap().0)).await;
    assert!(matches!(&refused, OpenError::Encoding { found } if found == "LATIN1"), "{refused:?}");
}

#[tokio::test]
async fn no_error_tells_the_password() {
    let database = Postgres::shared().await.database();
    let url = database.url();
    let (start, rest) = url.split_once('@').unwrap();
    let wrong_password = format!("{start}0@{rest}");
    let no_server = format!("{start}@127.0.0.1:1/test");
    let no_port = format!("{start}@127.0.0.1:x/test");
    let secret = start.rsplit_once(':').unwrap().1;
    for url in [wrong_password, no_server, no_port, format!("{url}-gone")] {
        let error: Box<dyn std::error::Error> = Box::new(refused(&url).await);
        let mut told = format!("{error:?}");
        let mut cause = Some(&*error);
        while let Some(error) = cause {
            told.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_as_that() {
    let database = Postgres::shared().await.database();
    let nobody = format!("{}@127.0.0.1:1/test", database.url().split_once('@').unwrap().0);
    for refused in [refused(&nobody).await, pending(&nobody).await.err().unwrap()] {
        assert!(refused.to_string().contains("does not answer: is it running"), "{refused}");
    }
}

#[tokio::test]
async fn connections_carry_a_name_and_end_with_the_store() {
    let database = Postgres::shared().await.database();
    let options = PostgresOptions { application_name: "wardgate test".to_owned(), ..PostgresOptions::default() };
    let store = PostgresStore::open(&database.url(), &options).await.unwrap();
    let count =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wardgate test' AND datname = current_database()";
    assert_ne!(database.run(count), "0");
    drop(store);
    let gone = async || database.run(count) == "0";
    wardgate_testkit::until("the connections are closed", Duration::from_secs(5), gone).await;
}
