//! Access keys.

use super::{Gateway, URL};
use serde_json::{Value, json};
use wardgate_core::id::AccessKeyId;
use wardgate_keys::{hash, token};
use wardgate_store::Store as _;

#[tokio::test]
async fn a_made_key_works_and_its_token_is_shown_once() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "ci", "description": "d", "metadata": "m", "accessKeyConfigurationId": null});
    let made = gateway.post("/access-keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut made = made.json();
    let token_text = made["token"].as_str().unwrap().to_owned();
    let token = token::parse::<AccessKeyId>(&token_text).unwrap();
    let stored = gateway.store.access_key(token.id).await.unwrap().unwrap();
    assert!(hash::verify(token.secret, &stored.secret_hash).unwrap());

    let id = token.id.to_string();
    let actor = made["createdBy"]["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": id, "uri": format!("{URL}/access-keys/{id}"), "name": "ci", "description": "d", "metadata": "m",
        "teamId": gateway.acme.team_id.to_string(), "accessKeyConfiguration": null, "keyRedacted": stored.redacted,
        "lastUsed": null, "createdAt": "2026-11-22T05:30:45.001Z", "updatedAt": "2026-11-22T05:30:45.001Z",
        "createdBy": {"id": actor, "uri": format!("{URL}/api-keys/{actor}")},
        "lastUpdatedBy": {"id": actor, "uri": format!("{URL}/api-keys/{actor}")},
    });
    made.as_object_mut().unwrap().remove("token");
    assert_eq!(made, expected);
    let shown = gateway.get(&format!("/access-keys/{id}")).await;
    assert_eq!(shown.json(), expected);
    let listed = gateway.get("/access-keys").await;
    assert_eq!(
        listed.json(),
        json!({"aiGatewayAccessKeys": [expected], "uri": format!("{URL}/access-keys"), "nextPageUri": null})
    );
    assert!(!shown.text.contains(token.secret) && !listed.text.contains(token.secret));
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    let long = |length: usize| "ü".repeat(length);
    let other_team = gateway.other.team_id.to_string();
    let cases = [
        (json!({"name": long(256)}), "name_too_long", "ERR_NGROK_27603"),
        (json!({"description": long(256)}), "description_too_long", "ERR_NGROK_27004"),
        (json!({"metadata": long(4_097)}), "metadata_too_long", "ERR_NGROK_27604"),
        (json!({"name": ["x"]}), "wrong_type", ""),
        (json!({"teamId": "team_x"}), "unknown_team", ""),
        (json!({"teamId": other_team}), "unknown_team", ""),
        (json!({"accessKeyConfigurationId": "aigac_x"}), "not_supported", ""),
        (json!({"token": "ng-mine"}), "unknown_field", ""),
    ];
    for (body, code, error_code) in cases {
        let answer = gateway.post("/access-keys", &body).await;
        assert_eq!(answer.verdict(), (400, code.to_owned(), error_code.to_owned()), "{}", answer.text);
    }
    assert_eq!(gateway.get("/access-keys").await.json()["aiGatewayAccessKeys"], json!([]));
    let fits = json!({"name": long(255), "metadata": long(4_096), "teamId": gateway.acme.team_id.to_string()});
    assert_eq!(gateway.post("/access-keys", &fits).await.status, 201);
}

#[tokio::test]
async fn pages_hold_every_key_once_newest_first() {
    let gateway = Gateway::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, gateway.made("/access-keys", &json!({})).await);
    }
    let pages = gateway.pages("/access-keys?limit=2", "aiGatewayAccessKeys").await;
    assert_eq!(pages, [&ids[0..2], &ids[2..4], &ids[4..5]]);
    let head = gateway.send("HEAD", "/access-keys", &gateway.acme.viewer, None).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn a_deleted_key_is_gone() {
    let gateway = Gateway::start().await;
    let path = format!("/access-keys/{}", gateway.made("/access-keys", &json!({})).await);
    let deleted = gateway.delete(&path).await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    assert_eq!(gateway.get(&path).await.status, 404);
    assert_eq!(gateway.delete(&path).await.status, 404);
    assert_eq!(gateway.get("/access-keys").await.json()["aiGatewayAccessKeys"], Value::Array(Vec::new()));
}
