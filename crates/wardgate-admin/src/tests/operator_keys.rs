//! Operator keys.

use super::Gateway;
use serde_json::json;
use wardgate_core::id::OperatorKeyId;
use wardgate_keys::token;

#[tokio::test]
async fn the_last_one_that_is_served_stays() {
    let gateway = Gateway::start().await;
    let own = format!("/operator-keys/{}", token::parse::<OperatorKeyId>(&gateway.operator).unwrap().id);
    let refused = gateway.operate("DELETE", &own, None).await;
    assert_eq!(refused.verdict(), (409, "last_operator_key".to_owned(), String::new()));

    let body = json!({"name": "second", "expiresAt": "2026-11-22T06:00:00Z"});
    let second = gateway.operate("POST", "/operator-keys", Some(&body)).await.json();
    let second_token = second["token"].as_str().unwrap();
    assert_eq!(gateway.send("GET", "/accounts", second_token, None).await.status, 200);
    gateway.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(gateway.operate("DELETE", &own, None).await.code(), "last_operator_key", "the other one is over");
    let path = format!("/operator-keys/{}", second["id"].as_str().unwrap());
    let changed = gateway.operate("PATCH", &path, Some(&json!({"expiresAt": null, "description": "d"}))).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["description"]), (200, &json!("d")));
    assert_eq!(gateway.operate("DELETE", &own, None).await.status, 204);
    assert_eq!(gateway.operate("GET", "/accounts", None).await.code(), "unknown_key");
    assert_eq!(gateway.send("GET", "/operator-keys?name=second", second_token, None).await.status, 200);
}
