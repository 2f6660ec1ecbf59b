//! Access-key configurations.

use super::Gateway;
use serde_json::{Value, json};

const PATH: &str = "/access-key-configurations";

#[tokio::test]
async fn one_is_made_linked_and_deleted() {
    let gateway = Gateway::start().await;
    let key =
        gateway.made("/provider-keys", &json!({"providerId": "openai", "name": "main", "value": "sk-0123456789abcdef"})).await;
    let steps = json!([{"type": "user", "keys": [{"id": key}]}, {"type": "ngrok"}]);
    let body = json!({
        "name": "OpenAI only", "access": {"providers": {"allow": ["openai"]}},
        "router": {"rules": [{"provider": "openai", "steps": steps}]},
    });
    let made = gateway.post(PATH, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    assert_eq!((&made["access"], &made["accessKeyCount"]), (&body["access"], &json!(0)));
    let shown_key = &made["router"]["rules"][0]["steps"][0]["keys"][0];
    assert_eq!(*shown_key, json!({"id": key, "name": "main", "keyRedacted": "***cdef"}));

    let access_key = gateway.post("/access-keys", &json!({"accessKeyConfigurationId": id})).await.json();
    assert_eq!(access_key["accessKeyConfiguration"], json!({"id": id, "uri": made["uri"], "name": "OpenAI only"}));
    let access_key = format!("/access-keys/{}", access_key["id"].as_str().unwrap());
    assert_eq!(gateway.get(&path).await.json()["accessKeyCount"], 1);
    assert_eq!(gateway.delete(&path).await.verdict(), (409, "in_use".to_owned(), "ERR_NGROK_27615".to_owned()));
    let key_path = format!("/provider-keys/{key}");
    assert_eq!(gateway.delete(&key_path).await.verdict(), (409, "in_use".to_owned(), "ERR_NGROK_27511".to_owned()));
    gateway.patch(&access_key, &json!({"accessKeyConfigurationId": null})).await;
    assert_eq!(gateway.delete(&path).await.status, 204);
    assert_eq!(gateway.delete(&key_path).await.status, 204);
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "n", "access": {"models": {"allow": ["gpt-4o"]}}});
    let path = format!("{PATH}/{}", gateway.made(PATH, &body).await);
    let cases = [
        (json!({"description": "d"}), json!({"models": {"allow": ["gpt-4o"]}})),
        (
            json!({"access": {"models": {"add": ["openai:gpt-4o-mini"]}}}),
            json!({"models": {"allow": ["gpt-4o", "openai:gpt-4o-mini"]}}),
        ),
        (json!({"access": {"models": {"remove": ["gpt-4o"]}}}), json!({"models": {"allow": ["openai:gpt-4o-mini"]}})),
        (json!({"access": {"providers": {"allow": ["groq"]}}}), json!({"providers": {"allow": ["groq"]}})),
        (json!({"access": null}), Value::Null),
    ];
    for (change, access) in cases {
        let changed = gateway.patch(&path, &change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(changed.json()["access"], access, "{change}");
        assert_eq!(changed.json()["description"], "d");
    }
}

#[tokio::test]
async fn documents_that_are_refused() {
    let gateway = Gateway::start().await;
    let path = format!("{PATH}/{}", gateway.made(PATH, &json!({"name": "n"})).await);
    let cases = [
        (json!({"access": {"providers": {"allow": ["nowhere"]}}}), "unknown_provider", "27605"),
        (json!({"access": {"models": {"allow": ["gpt-4a"]}}}), "unknown_model", "27605"),
        (json!({"router": {"rules": [{"provider": "openai", "steps": []}]}}), "missing_field", "27605"),
        (json!({"router": {"rule": []}}), "unknown_field", "27605"),
        (json!({"router": []}), "malformed_field", "27605"),
        (
            json!({"access": {"models": {"add": ["gpt-4o"]}}}),
            "allow_list_not_configured",
            "AI_GATEWAY_ACCESS_CONFIG_ALLOWLIST_NOT_CONFIGURED",
        ),
        (json!({"name": null}), "missing_field", "27602"),
        (json!({"name": "n".repeat(256)}), "name_too_long", "27603"),
        (json!({"rules": []}), "unknown_field", ""),
    ];
    for (body, code, number) in cases {
        let answer = gateway.patch(&path, &body).await;
        let error_code = if number.is_empty() { String::new() } else { format!("ERR_NGROK_{number}") };
        assert_eq!(answer.verdict(), (400, code.to_owned(), error_code), "{body}: {}", answer.text);
    }
    assert_eq!(gateway.post(PATH, &json!({})).await.verdict().1, "missing_field");
    assert_eq!(gateway.get(&path).await.headers["etag"], "\"1\"");
}

/// The body of a configuration that brings keys along.
fn with_keys(name: &Value, values: &[&str]) -> Value {
    let keys: Vec<_> = values.iter().map(|value| json!({"name": "inline", "value": value})).collect();
    json!({"name": name, "router": {"rules": [{"provider": "openai", "steps": [{"type": "user", "keys": keys}]}]}})
}

#[tokio::test]
async fn keys_that_come_along_are_made_with_it_or_not_at_all() {
    let gateway = Gateway::start().await;
    let canary = "sk-canary-0123456789abcdef";
    let made = gateway.post(PATH, &with_keys(&json!("n"), &[canary, "sk-second-0123456789"])).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let count = async || gateway.get("/provider-keys").await.json()["aiGatewayProviderKeys"].as_array().unwrap().len();
    assert_eq!(count().await, 2);
    let path = format!("{PATH}/{}", made.json()["id"].as_str().unwrap());
    let changed = gateway.patch(&path, &with_keys(&json!("n"), &["sk-third-0123456789"])).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(count().await, 3);
    let key = &changed.json()["router"]["rules"][0]["steps"][0]["keys"][0];
    assert_eq!((&key["name"], &key["keyRedacted"]), (&json!("inline"), &json!("***6789")));

    for refused in [
        gateway.post(PATH, &with_keys(&json!("n"), &["sk-good-0123456789", "sk-line\nbreak"])).await,
        gateway.post(PATH, &with_keys(&json!(5), &["sk-good-0123456789"])).await,
        gateway
            .send_with(
                "PATCH",
                &path,
                &gateway.acme.admin,
                &[("if-match", "\"1\"")],
                Some(&with_keys(&json!("n"), &["sk-good-0123456789"])),
            )
            .await,
    ] {
        assert!(refused.status.is_client_error(), "{}", refused.text);
        assert!(!refused.text.contains("sk-"), "{}", refused.text);
    }
    assert_eq!(count().await, 3, "nothing is left of what was refused");
    for answer in [made, changed, gateway.get(&path).await, gateway.get("/audit-log").await] {
        assert!(!answer.text.contains(canary), "{}", answer.text);
    }
}

#[tokio::test]
async fn keys_beyond_the_limit_leave_nothing_behind() {
    let gateway = Gateway::start().await;
    let value = json!({"providerId": "openai", "name": "n", "value": "0123456789"});
    for _ in 0..wardgate_store::kinds::PROVIDER_KEYS_PER_PROVIDER_MAX - 1 {
        gateway.made("/provider-keys", &value).await;
    }
    let refused = gateway.post(PATH, &with_keys(&json!("n"), &["sk-first-0123456789", "sk-second-0123456789"])).await;
    assert_eq!(refused.verdict(), (409, "limit_reached".to_owned(), "ERR_NGROK_27506".to_owned()));
    assert_eq!(gateway.get(PATH).await.json()["aiGatewayAccessKeyConfigurations"], json!([]));
    gateway.made("/provider-keys", &value).await;
}
