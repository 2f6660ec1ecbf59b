//! The same suite behind a pooler that lends sessions by transaction.

use super::{account, hears};
use wardgate_store::Store as _;
use wardgate_store::changes::Heard;
use wardgate_store::conformance::Fresh;
use wardgate_store_sql::{PostgresOptions, PostgresStore};
use wardgate_testkit::{Pooler, Postgres};

async fn open(pooler: &Pooler, database: &wardgate_testkit::Database) -> PostgresStore {
    let (url, direct_url) = (pooler.url(database), database.url());
    PostgresStore::open_pooled(&url, &direct_url, &PostgresOptions::default()).await.unwrap()
}

async fn fresh() -> Fresh {
    let server = Postgres::shared().await;
    let pooler = Pooler::start(&server).await;
    let database = server.database();
    Fresh::keeping(open(&pooler, &database).await, (pooler, database))
}

wardgate_store::conformance_suite!(fresh);

#[tokio::test]
async fn news_comes_past_the_pooler() {
    let server = Postgres::shared().await;
    let (pooler, database) = (Pooler::start(&server).await, server.database());
    let (writer, reader) = (open(&pooler, &database).await, open(&pooler, &database).await);
    let mut heard = Heard::from(&reader);
    let (_, change) = account(&writer).await;
    hears(&mut heard, change).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_share_few_sessions() {
    let server = Postgres::shared().await;
    let (pooler, database) = (Pooler::start(&server).await, server.database());
    let store = open(&pooler, &database).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..20 {
                let (account, _) = account(&store).await;
                let found = store.account_by_name(&account.name).await.unwrap();
                assert_eq!(found.map(|found| found.id), Some(account.id));
            }
        });
    }
    tasks.join_all().await;
    // Nothing of ours is left in a session that others get.
    let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    assert_eq!(database.run(left), "0");
}
