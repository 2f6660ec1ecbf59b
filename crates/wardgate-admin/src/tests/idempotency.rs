//! Requests that are made once.

use super::{Answer, Gateway};
use serde_json::{Value, json};
use std::time::Duration;
use wardgate_store::Idempotency as _;

async fn post(gateway: &Gateway, path: &str, key: &str, idempotency_key: &str, body: &Value) -> Answer {
    gateway.clock.advance(Duration::from_millis(1));
    gateway.send_with("POST", path, key, &[("idempotency-key", idempotency_key)], Some(body)).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotency-replayed")
}

#[tokio::test]
async fn the_second_time_the_first_answer_comes_again() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "ci"});
    let first = post(&gateway, "/access-keys", &gateway.acme.admin, "one", &body).await;
    assert_eq!((first.status.as_u16(), is_replayed(&first)), (201, false));
    let second = post(&gateway, "/access-keys", &gateway.acme.admin, " one ", &body).await;
    assert_eq!((second.status.as_u16(), is_replayed(&second)), (201, true));
    assert_eq!(second.text, first.text, "the token is part of it");
    assert_eq!((&second.headers["etag"], &second.headers["location"]), (&first.headers["etag"], &first.headers["location"]));
    assert_eq!(second.headers["content-type"], "application/json");

    let other_body = post(&gateway, "/access-keys", &gateway.acme.admin, "one", &json!({"name": "other"})).await;
    assert_eq!(other_body.verdict(), (422, "idempotency_key_reuse".to_owned(), String::new()));
    // Another key, caller, path or account is another request.
    for (path, key, idempotency_key) in [
        ("/access-keys", &gateway.acme.admin, "two"),
        ("/access-keys", &gateway.acme.editor, "one"),
        ("/teams", &gateway.acme.admin, "one"),
        ("/access-keys", &gateway.other.admin, "one"),
    ] {
        let answer = post(&gateway, path, key, idempotency_key, &body).await;
        assert_eq!((answer.status.as_u16(), is_replayed(&answer)), (201, false), "{path} {idempotency_key}");
    }
    gateway.clock.advance(Duration::from_secs(24 * 3_600));
    let day_after = post(&gateway, "/access-keys", &gateway.acme.admin, "one", &body).await;
    assert!(day_after.status == 201 && !is_replayed(&day_after));
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let gateway = Gateway::start().await;
    let body = json!({"name": 5});
    let first = post(&gateway, "/teams", &gateway.acme.admin, "one", &body).await;
    let second = post(&gateway, "/teams", &gateway.acme.admin, "one", &body).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16(), is_replayed(&second)), (400, 400, true));
    for key in ["", "  ", &"k".repeat(256), "schlüssel"] {
        let answer = post(&gateway, "/teams", &gateway.acme.admin, key, &json!({"name": "t"})).await;
        assert_eq!(answer.verdict(), (400, "invalid_idempotency_key".to_owned(), String::new()), "{key}");
    }
    assert_eq!(post(&gateway, "/teams", &gateway.acme.admin, &"k".repeat(255), &json!({"name": "t"})).await.status, 201);
}

#[tokio::test]
async fn the_operators_own_requests_are_made_once_too() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "new"});
    let first = post(&gateway, "/accounts", &gateway.operator, "one", &body).await;
    let second = post(&gateway, "/accounts", &gateway.operator, "one", &body).await;
    assert_eq!((first.status.as_u16(), second.text == first.text, is_replayed(&second)), (201, true, true), "{}", first.text);
}

#[tokio::test]
async fn a_request_that_runs_is_not_run_beside_itself() {
    use wardgate_keys::hash::digest_of_parts;
    let gateway = Gateway::start().await;
    let body = json!({"name": "t"});
    let actor = gateway.post("/teams", &json!({"name": "x"})).await.json()["createdBy"]["id"].as_str().unwrap().to_owned();
    let digest = digest_of_parts(&[b"one", actor.as_bytes(), b"POST", b"/teams"]);
    let key = wardgate_store::IdempotencyKey { account_id: Some(gateway.acme.id), digest };
    let now = wardgate_core::time::Clock::now(&*gateway.clock);
    gateway.store.begin(key, [0; 32], now, now.plus(Duration::from_secs(60))).await.unwrap();
    let answer = post(&gateway, "/teams", &gateway.acme.admin, "one", &body).await;
    assert_eq!(answer.verdict(), (409, "request_in_progress".to_owned(), String::new()));
    gateway.clock.advance(Duration::from_secs(60));
    assert_eq!(post(&gateway, "/teams", &gateway.acme.admin, "one", &body).await.status, 201, "it never ended");
}
