//! What the management API is asked for to set a scene.

use serde_json::{Value, json};
use wardgate_testkit::{Dialect, Gateway, Key, Reply, Upstream};

/// An upstream that answers on both surfaces.
pub(crate) async fn bilingual() -> Upstream {
    Upstream::scripted(|seen| {
        let dialect = if seen.target.ends_with("/messages") { Dialect::Messages } else { Dialect::Chat };
        let is_stream = seen.text().contains(r#""stream":true"#);
        if is_stream { Reply::streams(dialect, &["hello"]) } else { Reply::says(dialect, "hello") }
    })
    .await
}

/// Makes something.
pub(crate) async fn create(gateway: &Gateway, path: &str, body: Value) -> Value {
    let answer = gateway.manage("POST".parse().unwrap(), path, Some(&body)).await;
    assert_eq!(answer.status, 201, "{path} {body}: {}", answer.text());
    answer.json()
}

/// Changes something.
pub(crate) async fn change(gateway: &Gateway, path: &str, body: Value) -> Value {
    let answer = gateway.manage("PATCH".parse().unwrap(), path, Some(&body)).await;
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
    answer.json()
}

/// Makes a configuration of these fields. Returns its id.
pub(crate) async fn configuration(gateway: &Gateway, mut fields: Value) -> String {
    fields["name"] = json!("a configuration");
    text(&create(gateway, "/access-key-configurations", fields).await["id"])
}

/// Makes an access key with a configuration.
pub(crate) async fn key_with(gateway: &Gateway, configuration_id: &str) -> Key {
    let made = create(gateway, "/access-keys", json!({"name": "a key", "accessKeyConfigurationId": configuration_id})).await;
    Key { id: text(&made["id"]), token: text(&made["token"]) }
}

/// Makes an access key with a configuration of these fields.
pub(crate) async fn configured_key(gateway: &Gateway, fields: Value) -> Key {
    let id = configuration(gateway, fields).await;
    key_with(gateway, &id).await
}

/// Makes a gateway forget who failed, so that a test meets each failure as the first one.
pub(crate) async fn forget_health(gateway: &Gateway) {
    let answer = gateway.manage("POST".parse().unwrap(), "/health/reset", Some(&json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The ids that `GET /v1/models` lists for a key.
pub(crate) async fn listed(gateway: &Gateway, key: &Key) -> Vec<String> {
    let authorization = format!("Bearer {}", key.token);
    let answer = gateway.client().send("GET".parse().unwrap(), "/v1/models", &[("authorization", &authorization)], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].as_array().unwrap().iter().map(|model| text(&model["id"])).collect()
}

/// The models that an upstream was asked for, in order.
pub(crate) fn asked_models(upstream: &Upstream) -> Vec<String> {
    upstream.seen().iter().map(|seen| text(&serde_json::from_str::<Value>(&seen.text()).unwrap()["model"])).collect()
}

/// A JSON text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
