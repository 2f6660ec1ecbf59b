//! How a request would be routed.

use super::Gateway;
use serde_json::{Value, json};

async fn check(gateway: &Gateway, body: Value, status: u16, expected: &str) {
    let answer = gateway.post("/explain", &body).await;
    let told = if status == 200 { answer.json()["refusal"]["message"].clone() } else { answer.code().into() };
    assert_eq!((answer.status.as_u16(), told.as_str()), (status, Some(expected)), "{body}: {}", answer.text);
}

#[tokio::test]
async fn the_key_must_be_the_accounts_and_the_request_an_object() {
    let gateway = Gateway::start().await;
    let key = gateway.made("/access-keys", &json!({"disabled": true})).await;
    let request = json!({"model": "gpt-4o"});
    check(&gateway, json!({"accessKeyId": key, "request": request}), 200, &format!("gpt-4o on chat-completions by {key}"))
        .await;
    let body = json!({"accessKeyId": key, "surface": "messages", "request": request});
    check(&gateway, body.clone(), 200, &format!("gpt-4o on messages by {key}")).await;
    check(&gateway, json!({"accessKeyId": key, "request": {}}), 400, "missing_model").await;
    check(&gateway, json!({"accessKeyId": key, "request": "gpt-4o"}), 400, "wrong_type").await;
    check(&gateway, json!({"accessKeyId": key, "surface": "telex", "request": request}), 400, "unknown_surface").await;
    let foreign = gateway.send("POST", "/explain", &gateway.other.admin, Some(&body)).await;
    assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (400, "unknown_access_key"), "{}", foreign.text);
}
