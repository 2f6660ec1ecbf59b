//! Keys that expire, are disabled, rotated, or bound to networks; accounts that are suspended.

use crate::{ask, dev, gateway, started};
use serde_json::{Value, json};
use std::time::Duration;
use wardgate_core::time::Timestamp;
use wardgate_testkit::{DEADLINE, Dialect, Gateway, Key, Reply, Upstream, until};

async fn upstream() -> Upstream {
    Upstream::always(Reply::says(Dialect::Chat, "hello")).await
}

async fn status_and_code(gateway: &Gateway, token: &str) -> (u16, String) {
    let answer = ask(Dialect::Chat).token(token).send(gateway).await;
    let code = if answer.status == 200 { String::new() } else { Dialect::Chat.error_code(&answer.json()) };
    (answer.status, code)
}

async fn manage(gateway: &Gateway, method: &str, target: &str, body: Value) -> Value {
    let answer = gateway.manage(method.parse().unwrap(), target, Some(&body)).await;
    assert!(matches!(answer.status, 200 | 201), "{method} {target}: {} {}", answer.status, answer.text());
    answer.json()
}

async fn patch(gateway: &Gateway, key: &Key, body: Value) {
    manage(gateway, "PATCH", &format!("/access-keys/{}", key.id), body).await;
}

fn ok() -> (u16, String) {
    (200, String::new())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_key_is_refused_until_it_is_enabled() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let key = gateway.create_key("app").await;
    for _ in 0..3 {
        assert_eq!(status_and_code(&gateway, &key.token).await, ok());
        patch(&gateway, &key, json!({"disabled": true})).await;
        assert_eq!(status_and_code(&gateway, &key.token).await, refused(401, "disabled_access_key"));
        patch(&gateway, &key, json!({"disabled": false})).await;
    }
    assert_eq!(upstream.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_key_is_refused_until_its_end_is_moved() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let key = gateway.create_key("app").await;
    let shown = manage(&gateway, "PATCH", &format!("/access-keys/{}", key.id), json!({})).await;
    let now = Timestamp::parse(shown["createdAt"].as_str().unwrap()).unwrap();
    patch(&gateway, &key, json!({"expiresAt": now.plus(Duration::from_secs(3)).to_string()})).await;
    assert_eq!(status_and_code(&gateway, &key.token).await, ok());
    until("the end of the key's time", DEADLINE, async || {
        status_and_code(&gateway, &key.token).await == refused(401, "expired_access_key")
    })
    .await;
    patch(&gateway, &key, json!({"expiresAt": "2120-01-01T00:00:00Z"})).await;
    assert_eq!(status_and_code(&gateway, &key.token).await, ok());
    patch(&gateway, &key, json!({"expiresAt": null})).await;
    assert_eq!(status_and_code(&gateway, &key.token).await, ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_of_a_rotated_key_work_while_they_overlap() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let key = gateway.create_key("app").await;
    assert_eq!(status_and_code(&gateway, &key.token).await, ok());
    let rotate = format!("/access-keys/{}/rotate", key.id);
    let rotated = manage(&gateway, "POST", &rotate, json!({"overlap": "1h"})).await;
    let second = rotated["token"].as_str().unwrap().to_owned();
    assert_eq!(rotated["id"], Value::from(key.id.as_str()));
    assert_ne!(second, key.token);
    for token in [&key.token, &second, &key.token] {
        assert_eq!(status_and_code(&gateway, token).await, ok());
    }
    // A rotation without an overlap ends every older secret at once.
    let rotated = manage(&gateway, "POST", &rotate, json!({"overlap": "0s"})).await;
    assert_eq!(status_and_code(&gateway, rotated["token"].as_str().unwrap()).await, ok());
    for token in [&key.token, &second] {
        assert_eq!(status_and_code(&gateway, token).await, refused(401, "unknown_access_key"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_works_from_its_networks_only() {
    let upstream = upstream().await;
    let gateway = started(dev().with("--trusted-proxies", "127.0.0.0/8"), &upstream).await;
    let key = gateway.create_key("app").await;
    patch(&gateway, &key, json!({"allowedNetworks": ["198.51.100.0/24", "2001:db8::1"]})).await;
    let from = async |forwarded: &str| {
        let answer = ask(Dialect::Chat).key(&key).header("x-forwarded-for", forwarded).send(&gateway).await;
        answer.status
    };
    assert_eq!(from("198.51.100.7").await, 200);
    assert_eq!(from("2001:db8::1").await, 200);
    // What a client writes in front of what the proxy saw is not believed.
    assert_eq!(from("198.51.100.7, 203.0.113.1").await, 403);
    assert_eq!(from("2001:db8::2").await, 403);
    assert_eq!(status_and_code(&gateway, &key.token).await, refused(403, "address_not_allowed"));
    patch(&gateway, &key, json!({"allowedNetworks": []})).await;
    assert_eq!(from("203.0.113.1").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_trusted_proxies_the_connection_counts() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let key = gateway.create_key("app").await;
    patch(&gateway, &key, json!({"allowedNetworks": ["198.51.100.0/24"]})).await;
    let answer = ask(Dialect::Chat).key(&key).header("x-forwarded-for", "198.51.100.7").send(&gateway).await;
    assert_eq!(answer.status, 403);
    patch(&gateway, &key, json!({"allowedNetworks": ["127.0.0.1"]})).await;
    assert_eq!(status_and_code(&gateway, &key.token).await, ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_account_is_not_served() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let token = gateway.key().token.clone();
    assert_eq!(status_and_code(&gateway, &token).await, ok());
    let accounts = gateway.operate("GET", "/accounts", None).await.json();
    let id = accounts["accounts"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let suspended = gateway.operate("PATCH", &format!("/accounts/{id}"), Some(&json!({"suspended": true}))).await;
        assert_eq!(suspended.status, 200, "{}", suspended.text());
        assert_eq!(status_and_code(&gateway, &token).await, refused(403, "account_suspended"));
        let resumed = gateway.operate("PATCH", &format!("/accounts/{id}"), Some(&json!({"suspended": false}))).await;
        assert_eq!(resumed.status, 200, "{}", resumed.text());
        assert_eq!(status_and_code(&gateway, &token).await, ok());
    }
}
