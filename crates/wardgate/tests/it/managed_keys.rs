//! The operator's keys: for whom they were granted, for models whose price is known, and for nobody's eyes.
//!
//! They are for built-in providers, which no test calls: what is looked at here is all that comes before a call. That one is
//! called with such a key is tested in `wardgate-proxy`.

use crate::scene::{configured_key, listed, text};
use crate::{dev, serve};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gateway, Key};

const SECRET: &str = "sk-operator-canary-0123456789abcdef";

async fn operate(gateway: &Gateway, method: &str, path: &str, body: Option<Value>) -> Value {
    let answer = gateway.operate(method, path, body.as_ref()).await;
    assert!(matches!(answer.status, 200 | 201 | 204), "{method} {path}: {} {}", answer.status, answer.text());
    assert!(!answer.text().contains(SECRET), "{}", answer.text());
    if answer.status == 204 { Value::Null } else { answer.json() }
}

/// A managed key for `openai`, and the path of a grant to the first account.
async fn managed_key(gateway: &Gateway) -> (String, String) {
    let body = json!({"providerId": "openai", "name": "shared", "value": SECRET});
    let path = format!("/managed-keys/{}", text(&operate(gateway, "POST", "/managed-keys", Some(body)).await["id"]));
    let config = gateway.manage("GET".parse().unwrap(), "/gateway-config", None).await.json();
    let grant = format!("{path}/grants/{}", text(&config["accountId"]));
    (path, grant)
}

async fn code(gateway: &Gateway, key: &Key, model: &str) -> (u16, String) {
    let answer = Ask::new(Dialect::Chat, model).key(key).send(gateway).await;
    assert!(!answer.text().contains(SECRET) && !answer.text().contains("sk-operator"), "{}", answer.text());
    (answer.status, Dialect::Chat.error_code(&answer.json()))
}

async fn has_openai(gateway: &Gateway, key: &Key) -> bool {
    listed(gateway, key).await.contains(&"gpt-4o".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_takes_a_grant_and_ends_with_it() {
    let gateway = dev().start().await;
    let (path, grant) = managed_key(&gateway).await;
    let key = gateway.create_key("plain").await;
    let rules = json!({"router": {"rules": [{"provider": "openai", "steps": [{"type": "managed"}]}]}});
    let ruled = configured_key(&gateway, rules).await;
    let refused = |code: &str| (400, code.to_owned());
    for _ in 0..2 {
        assert!(!has_openai(&gateway, &key).await && !has_openai(&gateway, &ruled).await);
        assert_eq!(code(&gateway, &key, "gpt-4o").await, refused("no_provider_key"));
        assert_eq!(code(&gateway, &ruled, "gpt-4o").await, refused("no_managed_key"));
        operate(&gateway, "PUT", &grant, None).await;
        assert!(has_openai(&gateway, &key).await && has_openai(&gateway, &ruled).await);
        assert_eq!(code(&gateway, &key, "openai:not-catalogued").await, refused("not_for_managed_keys"));
        assert_eq!(code(&gateway, &ruled, "openai:not-catalogued").await, refused("not_for_managed_keys"));
        // A key of this account's own would be another thing; the operator's opens no other provider.
        assert_eq!(code(&gateway, &key, "claude-opus-5-5").await.1, "no_provider_key");
        operate(&gateway, "DELETE", &grant, None).await;
    }
    operate(&gateway, "PUT", &grant, None).await;
    assert!(has_openai(&gateway, &key).await);
    operate(&gateway, "DELETE", &path, None).await;
    assert!(!has_openai(&gateway, &key).await);
    assert_eq!(code(&gateway, &ruled, "gpt-4o").await, refused("no_managed_key"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_holds_for_it_too() {
    let gateway = dev().start().await;
    let (_, grant) = managed_key(&gateway).await;
    operate(&gateway, "PUT", &grant, None).await;
    let key = configured_key(&gateway, json!({"access": {"providers": {"deny": ["openai"]}}})).await;
    assert!(!has_openai(&gateway, &key).await);
    assert_eq!(code(&gateway, &key, "gpt-4o").await, (403, "provider_not_allowed".to_owned()));
    // An account's own keys only: what is not listed is not tried.
    let own = gateway.add_provider_key("groq", "gsk-own").await;
    let rules = json!([{"provider": "groq", "steps": [{"type": "user", "keys": [{"id": own}]}]}, {"provider": "openai", "steps": [{"type": "managed"}]}]);
    let ruled =
        configured_key(&gateway, json!({"access": {"models": {"deny": ["openai/gpt-4o"]}}, "router": {"rules": rules}})).await;
    assert!(!has_openai(&gateway, &ruled).await);
    assert_eq!(code(&gateway, &ruled, "openai:GPT-4o").await, (403, "model_not_allowed".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tenant_sees_it() {
    let gateway = serve().with("--log", "trace").start().await;
    let (path, grant) = managed_key(&gateway).await;
    operate(&gateway, "PUT", &grant, None).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let answer = gateway.manage("GET".parse().unwrap(), &path, None).await;
    assert!(matches!(answer.status, 403 | 404), "{} {}", answer.status, answer.text());
    let mut seen = String::new();
    for path in
        ["/provider-keys", "/access-key-configurations", "/providers", "/virtual-models", "/gateway-config", "/audit-log"]
    {
        let answer = gateway.manage("GET".parse().unwrap(), path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        seen.push_str(&answer.text());
    }
    let key = gateway.create_key("plain").await;
    seen.push_str(&listed(&gateway, &key).await.join(" "));
    assert!(!seen.contains(&id) && !seen.contains("sk-operator"), "{seen}");
    assert!(!gateway.log_text().contains(SECRET));
}
