//! Provider keys.

use super::Gateway;
use serde_json::json;
use wardgate_core::account::Account;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_store::kinds::PROVIDER_KEYS_PER_PROVIDER_MAX;
use wardgate_store::{Collection as _, Store as _};

/// Something to look for in every answer.
const CANARY: &str = "sk-proj-CANARYcanaryCANARYcanary-wxyz";

#[tokio::test]
async fn a_value_goes_in_sealed_and_never_comes_out() {
    let gateway = Gateway::start().await;
    let body = json!({"providerId": "openai", "name": "production", "value": CANARY, "description": "d"});
    let made = gateway.post("/provider-keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let shown = made.json();
    assert_eq!(shown["keyRedacted"], "sk-proj-CA***wxyz");
    assert_eq!((&shown["providerId"], &shown["lastUsed"]), (&json!("openai"), &json!(null)));

    let id: ProviderKeyId = shown["id"].as_str().unwrap().parse().unwrap();
    let account: Account = gateway.store.get(gateway.acme.id).await.unwrap().unwrap();
    let stored: ProviderKey = gateway.store.tenant(gateway.acme.id).get(id).await.unwrap().unwrap();
    let data_key = gateway.master_key.open_data_key(account.id, &account.sealed_data_key).unwrap();
    assert_eq!(data_key.open(id, &stored.sealed_value).unwrap().expose(), CANARY);

    let wrong = [
        json!({"providerId": "nobody", "name": "n", "value": CANARY}),
        json!({"providerId": "openai", "name": "n", "value": format!("{CANARY}\n")}),
        json!({"providerId": "openai", "name": "n", "value": CANARY.repeat(1_000)}),
        json!({"providerId": "openai", "name": "n", "value": [CANARY]}),
        json!({"providerId": "openai", "name": "n", "value": {"a": CANARY}, "values": CANARY}),
    ];
    let mut answers = vec![made];
    for body in &wrong {
        let answer = gateway.post("/provider-keys", body).await;
        assert!(answer.status == 400 || answer.status == 413, "{}", answer.text);
        answers.push(answer);
    }
    let path = format!("/provider-keys/{id}");
    for (method, path) in [("GET", path.as_str()), ("GET", "/provider-keys"), ("DELETE", path.as_str())] {
        answers.push(gateway.send(method, path, &gateway.acme.admin, None).await);
    }
    for answer in answers {
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    let cases = [
        (json!({}), "missing_field", "ERR_NGROK_27510"),
        (json!({"providerId": "openai", "name": "", "value": "v"}), "missing_field", "ERR_NGROK_27510"),
        (json!({"providerId": "openai", "name": "n"}), "missing_field", "ERR_NGROK_27507"),
        (json!({"providerId": "openai", "name": "n", "value": ""}), "missing_field", "ERR_NGROK_27507"),
        (json!({"providerId": "openai", "name": "n", "value": "v\r\nx: y"}), "value_not_printable", ""),
        (json!({"providerId": "openai", "name": "n", "value": " v"}), "value_not_printable", ""),
        (json!({"providerId": "openai", "name": "n", "value": "schlüssel"}), "value_not_printable", ""),
        (json!({"providerId": "openai", "name": "n", "value": "v".repeat(8_193)}), "value_too_long", ""),
        (json!({"providerId": "OpenAI", "name": "n", "value": "v"}), "unknown_provider", "ERR_NGROK_27508"),
        (json!({"providerId": "ollama", "name": "n", "value": "v"}), "unknown_provider", "ERR_NGROK_27508"),
        (json!({"providerId": "openai", "name": "n".repeat(256), "value": "v"}), "name_too_long", "ERR_NGROK_27501"),
        (
            json!({"providerId": "openai", "name": "n", "value": "v", "description": "d".repeat(256)}),
            "description_too_long",
            "ERR_NGROK_27502",
        ),
        (
            json!({"providerId": "openai", "name": "n", "value": "v", "metadata": "m".repeat(4_097)}),
            "metadata_too_long",
            "ERR_NGROK_27503",
        ),
        (json!({"providerId": "openai", "name": "n", "value": "v", "lastUsed": null}), "unknown_field", ""),
    ];
    for (body, code, error_code) in cases {
        let answer = gateway.post("/provider-keys", &body).await;
        assert_eq!(answer.verdict(), (400, code.to_owned(), error_code.to_owned()), "{}", answer.text);
    }
    let value = "v".repeat(8_192);
    assert_eq!(gateway.post("/provider-keys", &json!({"providerId": "openai", "name": "n", "value": value})).await.status, 201);
}

#[tokio::test]
async fn lists_filter_by_provider_across_pages() {
    let gateway = Gateway::start().await;
    let mut ids = Vec::new();
    for provider in ["openai", "openai", "anthropic", "openai"] {
        let body = json!({"providerId": provider, "name": "n", "value": "0123456789"});
        ids.insert(0, gateway.made("/provider-keys", &body).await);
    }
    let pages = gateway.pages("/provider-keys?provider=openai&limit=2", "aiGatewayProviderKeys").await;
    assert_eq!(pages, [vec![ids[0].clone(), ids[2].clone()], vec![ids[3].clone()]]);
    assert_eq!(gateway.pages("/provider-keys?limit=4", "aiGatewayProviderKeys").await, [ids]);
}

#[tokio::test]
async fn one_provider_has_so_many_keys_and_no_more() {
    let gateway = Gateway::start().await;
    let body = json!({"providerId": "openai", "name": "n", "value": "0123456789"});
    for _ in 0..PROVIDER_KEYS_PER_PROVIDER_MAX {
        gateway.made("/provider-keys", &body).await;
    }
    let refused = gateway.post("/provider-keys", &body).await;
    assert_eq!(refused.verdict(), (409, "limit_reached".to_owned(), "ERR_NGROK_27506".to_owned()));
}

#[tokio::test]
async fn a_rotated_key_keeps_its_id() {
    let gateway = Gateway::start().await;
    let path = format!(
        "/provider-keys/{}",
        gateway.made("/provider-keys", &json!({"providerId": "openai", "name": "n", "value": CANARY})).await
    );
    let changed = gateway.patch(&path, &json!({"name": "m", "description": "d"})).await.json();
    assert_eq!((&changed["name"], &changed["description"]), (&json!("m"), &json!("d")));
    let rotated = gateway.post(&format!("{path}/rotate"), &json!({"name": "new", "value": "sk-proj-another-value-0123"})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let rotated = rotated.json();
    assert_eq!((&rotated["id"], &rotated["keyRedacted"]), (&changed["id"], &json!("sk-proj-an***0123")));
    let id: ProviderKeyId = rotated["id"].as_str().unwrap().parse().unwrap();
    let account: Account = gateway.store.get(gateway.acme.id).await.unwrap().unwrap();
    let stored: ProviderKey = gateway.store.tenant(gateway.acme.id).get(id).await.unwrap().unwrap();
    let data_key = gateway.master_key.open_data_key(account.id, &account.sealed_data_key).unwrap();
    assert_eq!(data_key.open(id, &stored.sealed_value).unwrap().expose(), "sk-proj-another-value-0123");
    for (body, error_code) in [
        (json!({"value": "v"}), "ERR_NGROK_27510"),
        (json!({"name": "n"}), "ERR_NGROK_27507"),
        (json!({"name": "n", "value": ""}), "ERR_NGROK_27507"),
    ] {
        let answer = gateway.post(&format!("{path}/rotate"), &body).await;
        assert_eq!(answer.verdict(), (400, "missing_field".to_owned(), error_code.to_owned()));
    }
    assert_eq!(gateway.patch(&path, &json!({"value": "v"})).await.code(), "unknown_field");
}
