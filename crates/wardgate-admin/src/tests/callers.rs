//! Who may do what.

use super::{Answer, Gateway, audit};
use axum::body::Body;
use axum::http::{Method, Request, header};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use wardgate_core::api_key::{ApiKey, Role};
use wardgate_core::id::{AccessKeyId, ApiKeyId};
use wardgate_core::label::Label;
use wardgate_core::stamp::Stamp;
use wardgate_core::time::Clock as _;
use wardgate_keys::mint::mint;
use wardgate_keys::token;
use wardgate_store::Store as _;

/// Sends a request with these headers.
async fn with(gateway: &Gateway, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.request(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn keys_that_open_nothing() {
    let gateway = Gateway::start().await;
    let good = gateway.acme.admin.clone();
    let id = token::parse::<ApiKeyId>(&good).unwrap().id;
    let wrong_secret = token::write(id, &[1; 32]);
    let unknown_id = token::write(ApiKeyId::from_bytes([9; 16]), &[1; 32]);
    let access_key = token::write(AccessKeyId::from_bytes([9; 16]), &[1; 32]);
    let bearer = |token: &str| format!("Bearer {token}");
    let cases = [
        (None, "missing_key"),
        (Some("Bearer".to_owned()), "missing_key"),
        (Some(format!("Basic {good}")), "missing_key"),
        (Some(bearer("nga-short")), "malformed_key"),
        (Some(bearer(&good[..good.len() - 1])), "malformed_key"),
        (Some(bearer(access_key.expose())), "malformed_key"),
        (Some(bearer(wrong_secret.expose())), "unknown_key"),
        (Some(bearer(unknown_id.expose())), "unknown_key"),
    ];
    let mut unknown = Vec::new();
    for (value, code) in cases {
        let headers: Vec<_> = value.iter().map(|value| ("authorization", value.as_str())).collect();
        let answer = with(&gateway, &Method::GET, "/access-keys", &headers).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, code), "{}", answer.text);
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        for part in value.iter().flat_map(|value| value.split(['-', ' '])).filter(|part| part.len() > 8) {
            assert!(!answer.text.contains(part), "{}", answer.text);
        }
        if code == "unknown_key" {
            unknown.push(answer.text);
        }
    }
    assert_eq!(unknown[0], unknown[1], "an unknown id and a wrong secret read the same");
    let lower = format!("bearer  {good}");
    assert_eq!(with(&gateway, &Method::GET, "/access-keys", &[("authorization", &lower)]).await.status, 200);
}

#[tokio::test]
async fn operator_keys_name_an_account() {
    let gateway = Gateway::start().await;
    let operator = format!("Bearer {}", gateway.operator);
    let api_key = format!("Bearer {}", gateway.acme.admin);
    let acme_id = gateway.acme.id.to_string();
    let cases = [
        (&operator, None, 400, "account_header_missing"),
        (&operator, Some(""), 400, "account_header_missing"),
        (&operator, Some("acme"), 200, ""),
        (&operator, Some(acme_id.as_str()), 200, ""),
        (&operator, Some("nobody"), 404, "account_not_found"),
        (&operator, Some("acct_0000000000000000000000"), 404, "account_not_found"),
        (&api_key, Some("acme"), 400, "account_header_not_allowed"),
    ];
    for (key, account, status, code) in cases {
        let mut headers = vec![("authorization", key.as_str())];
        headers.extend(account.map(|account| ("x-wardgate-account", account)));
        let answer = with(&gateway, &Method::GET, "/access-keys", &headers).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{account:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_a_wrong_key() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/access-keys").await.status, 200);
    gateway.store.set_away(true);
    for key in [&gateway.acme.admin, &gateway.operator] {
        let answer = gateway.send("GET", "/access-keys", key, None).await;
        assert_eq!(answer.verdict(), (503, "store_unavailable".to_owned(), String::new()));
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
    }
    gateway.store.set_away(false);
    assert_eq!(gateway.get("/access-keys").await.status, 200);
}

#[tokio::test]
async fn a_deleted_key_reads_as_unknown() {
    let gateway = Gateway::start().await;
    let id = ApiKeyId::new(gateway.clock.now(), &*gateway.random);
    let minted = mint(id, &*gateway.random).unwrap();
    let now = gateway.clock.now();
    let key = ApiKey {
        id,
        account_id: gateway.acme.id,
        role: Role::Admin,
        label: Label::default(),
        secret_hash: minted.secret_hash,
        redacted: minted.redacted,
        expires_at: None,
        last_used_at: None,
        stamp: Stamp::first(now, "wardgate"),
        deleted_at: Some(now),
    };
    gateway.store.tenant(gateway.acme.id).create(&key, &audit(&gateway.clock, &gateway.random)).await.unwrap();
    let answer = gateway.send("GET", "/access-keys", minted.token.expose(), None).await;
    assert_eq!(answer.verdict(), (401, "unknown_key".to_owned(), String::new()));
}

#[tokio::test]
async fn a_full_lane_is_busy_and_not_a_wrong_key() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/access-keys").await.status, 200);
    let (release, released) = mpsc::channel::<()>();
    let lane = Arc::clone(&gateway.lane);
    let running = tokio::spawn(async move { lane.run(move || released.recv().unwrap_or(())).await });
    tokio::task::yield_now().await;
    let unchecked = gateway.send("GET", "/access-keys", &gateway.acme.viewer, None).await;
    assert_eq!(unchecked.verdict(), (503, "busy".to_owned(), String::new()));
    assert_eq!(gateway.get("/access-keys").await.status, 200, "a key that was checked goes past the lane");
    drop(release);
    running.await.unwrap().unwrap();
    assert_eq!(gateway.send("GET", "/access-keys", &gateway.acme.viewer, None).await.status, 200);
}

#[tokio::test]
async fn a_checked_key_stays_good_after_its_minute() {
    let gateway = Gateway::start().await;
    for _ in 0..3 {
        assert_eq!(gateway.get("/access-keys").await.status, 200);
        gateway.clock.advance(Duration::from_secs(61));
    }
}

#[tokio::test]
async fn a_write_ends_although_its_client_went_away() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/access-keys").await.status, 200, "so that the key is checked already");
    let mut changes = wardgate_store::changes::Heard::from(&gateway.store);
    let request = Request::post("/access-keys")
        .header("authorization", format!("Bearer {}", gateway.acme.admin))
        .header("content-type", "application/json")
        .body(Body::from("{}"));
    let mut answer = Box::pin(gateway.request(request.unwrap()));
    // Polled once, up to where the write begins, and dropped.
    let polled = std::future::poll_fn(|context| std::task::Poll::Ready(answer.as_mut().poll(context).is_ready())).await;
    assert!(!polled);
    drop(answer);
    let told = tokio::time::timeout(Duration::from_secs(5), changes.next()).await;
    assert!(matches!(told, Ok(Some(wardgate_store::Change::AccessKey(_)))), "{told:?}");
}
