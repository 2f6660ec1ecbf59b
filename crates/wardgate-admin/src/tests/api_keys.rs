//! API keys.

use super::Gateway;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_made_key_works_with_its_role_until_its_time_is_over() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "dashboard", "role": "viewer", "expiresAt": "2026-11-22T06:00:00Z"});
    let made = gateway.post("/api-keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let token = made["token"].as_str().unwrap();
    let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["role"], &made["lastUsed"]), (&json!("viewer"), &Value::Null));
    assert!(gateway.get(&path).await.json().get("token").is_none());
    assert_eq!(gateway.send("GET", "/teams", token, None).await.status, 200);
    assert_eq!(gateway.send("POST", "/teams", token, Some(&json!({"name": "t"}))).await.code(), "role_too_low");

    gateway.patch(&path, &json!({"role": "editor"})).await;
    assert_eq!(gateway.send("POST", "/teams", token, Some(&json!({"name": "t"}))).await.status, 201);
    assert_eq!(gateway.send("GET", "/api-keys", token, None).await.code(), "role_too_low", "only admins see API keys");

    gateway.clock.advance(Duration::from_secs(3_600));
    assert_eq!(gateway.send("GET", "/teams", token, None).await.verdict().1, "expired_key");
    gateway.patch(&path, &json!({"expiresAt": null})).await;
    assert_eq!(gateway.send("GET", "/teams", token, None).await.status, 200);
    gateway.delete(&path).await;
    assert_eq!(gateway.send("GET", "/teams", token, None).await.verdict().1, "unknown_key");
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    for (body, code) in [
        (json!({"role": "owner"}), "unknown_role"),
        (json!({"role": 1}), "wrong_type"),
        (json!({"expiresAt": "2026-01-01T00:00:00Z"}), "time_is_past"),
        (json!({"name": "n".repeat(256)}), "name_too_long"),
        (json!({"tags": []}), "unknown_field"),
    ] {
        let answer = gateway.post("/api-keys", &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
    let full = gateway.made("/api-keys", &json!({})).await;
    assert_eq!(
        gateway.get(&format!("/api-keys/{full}")).await.json()["role"],
        "admin",
        "as the API we are compatible with has it"
    );
    let viewers = gateway.pages("/api-keys?role=viewer&limit=1", "aiGatewayApiKeys").await;
    assert_eq!(viewers.concat().len(), 1);
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_now_and_then() {
    let gateway = Gateway::start().await;
    let made = gateway.post("/api-keys", &json!({})).await.json();
    let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
    let token = made["token"].as_str().unwrap().to_owned();
    let mut noted = Vec::new();
    for advance in [0, 60, 241] {
        gateway.clock.advance(Duration::from_secs(advance));
        assert_eq!(gateway.send("GET", "/teams", &token, None).await.status, 200);
        // The note is written by a task of its own, which the runtime of this test runs when this one yields.
        tokio::task::yield_now().await;
        noted.push(gateway.get(&path).await.json()["lastUsed"].as_str().map(str::to_owned));
    }
    assert_eq!(noted[0].as_deref(), Some("2026-11-22T05:30:45.001Z"));
    assert_eq!(noted[1], noted[0], "a minute later it is recent enough");
    assert_eq!(noted[2].as_deref(), Some("2026-11-22T05:35:46.001Z"));
}
