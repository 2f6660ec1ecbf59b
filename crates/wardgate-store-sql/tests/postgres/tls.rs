//! A server that speaks TLS, as the parameters of the URL ask.

use wardgate_store::Store as _;
use wardgate_store_sql::{PostgresOptions, PostgresStore};
use wardgate_testkit::{Certificate, Postgres};

async fn open(url: &str) -> Result<PostgresStore, String> {
    PostgresStore::open(url, &PostgresOptions::default()).await.map_err(|error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    })
}

#[tokio::test]
async fn only_the_server_with_the_right_certificate_is_talked_to() {
    let (right, wrong) = (Certificate::new(), Certificate::new());
    let server = Postgres::own_with(&right).await;
    let database = server.database();
    let url = database.url();
    let verified =
        |certificate: &Certificate| format!("{url}?sslmode=verify-full&sslrootcert={}", certificate.chain().display());

    let store = open(&verified(&right)).await.unwrap();
    store.ping().await.unwrap();
    let in_clear = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'wardgate' AND NOT ssl AND datname = current_database()";
    assert_eq!(database.run(in_clear), "0");
    store.close().await;

    let cases = [
        (verified(&wrong), "a certificate that cannot be trusted"),
        // Nobody whom this machine trusts has signed it.
        (format!("{url}?sslmode=verify-full"), "a certificate that cannot be trusted"),
        (format!("{url}?sslmode=verify-full&sslrootcert=/nowhere.pem"), "names cannot be read: sslrootcert"),
        (format!("{url}?sslmode=strict"), "unknown value \"strict\""),
    ];
    for (url, expected) in cases {
        let told = open(&url).await.err().unwrap();
        assert!(told.contains(expected), "{told}");
    }
    // Whoever does not ask who it is gets TLS all the same.
    open(&format!("{url}?sslmode=require")).await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let database = Postgres::shared().await.database();
    let told = open(&format!("{}?sslmode=require", database.url())).await.err().unwrap();
    assert!(told.contains("its server speaks none"), "{told}");
}
