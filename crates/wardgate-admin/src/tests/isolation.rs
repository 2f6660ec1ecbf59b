//! The wall between accounts, on every endpoint that names an object.

use super::Gateway;
use crate::route::{Access, Route};
use crate::router::routes;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One object of each kind that accounts have, by the path of its collection.
async fn one_of_each(gateway: &Gateway) -> BTreeMap<&'static str, String> {
    let bodies = [
        ("/access-keys", json!({})),
        ("/teams", json!({"name": "research"})),
        ("/provider-keys", json!({"providerId": "openai", "name": "production", "value": "sk-canary-0123456789"})),
        ("/providers", json!({"providerId": "ollama", "name": "Ollama", "baseUrl": "http://127.0.0.1:11434"})),
        ("/access-key-configurations", json!({"name": "OpenAI only", "access": {"providers": {"allow": ["openai"]}}})),
        ("/virtual-models", json!({"name": "fast", "models": ["openai:gpt-4o"]})),
        ("/api-keys", json!({"role": "viewer"})),
        ("/credits/purchases", json!({"amount": 100})),
        ("/budgets", json!({"name": "all of it", "window": "month", "hardLimit": "100"})),
    ];
    let mut made = BTreeMap::new();
    for (path, body) in bodies {
        made.insert(path, gateway.made(path, &body).await);
    }
    made
}

/// The endpoints that name an object of an account.
fn item_routes() -> Vec<Route> {
    let is_item = |route: &Route| matches!(route.access, Access::Account(_)) && route.path.contains("/{id}");
    routes().into_iter().filter(is_item).collect()
}

#[tokio::test]
async fn another_accounts_objects_are_not_found() {
    let gateway = Gateway::start().await;
    let made = one_of_each(&gateway).await;
    for route in item_routes() {
        let collection = route.path.split("/{id}").next().unwrap();
        let id = made.get(collection).unwrap_or_else(|| panic!("no sample for {collection}: add one above"));
        let item = route.path.replace("{id}", id);
        let missing = route.path.replace("{id}", &format!("{}_{}", id.split('_').next().unwrap(), "0".repeat(22)));
        let malformed = route.path.replace("{id}", "none");
        let body = route.operation.body.as_ref().map(|body| (body.example)());
        let before = gateway.get(&format!("{collection}/{id}")).await.json();
        for path in [&item, &missing, &malformed] {
            let answer = gateway.send(route.method.as_str(), path, &gateway.other.admin, body.as_ref()).await;
            let expected = (404, "not_found".to_owned(), "ERR_NGROK_27611".to_owned());
            assert_eq!(answer.verdict(), expected, "{} {path}: {}", route.method, answer.text);
            if route.method == Method::GET {
                assert_eq!(gateway.send("HEAD", path, &gateway.other.admin, None).await.status, 404, "{path}");
            }
        }
        assert_eq!(gateway.get(&format!("{collection}/{id}")).await.json(), before, "{} is untouched", route.path);
    }
}

#[tokio::test]
async fn another_accounts_objects_are_not_listed() {
    let gateway = Gateway::start().await;
    for (path, id) in one_of_each(&gateway).await {
        let listed = gateway.send("GET", path, &gateway.other.admin, None).await;
        assert_eq!(listed.status, 200);
        assert!(!listed.text.contains(&id), "{path}");
        assert!(gateway.get(path).await.text.contains(&id), "{path}");
    }
}

#[tokio::test]
async fn another_accounts_objects_cannot_be_named() {
    let gateway = Gateway::start().await;
    let made = one_of_each(&gateway).await;
    let router =
        json!({"rules": [{"provider": "openai", "steps": [{"type": "user", "keys": [{"id": made["/provider-keys"]}]}]}]});
    let budget = |owner: &str, id: &String| json!({"name": "n", "window": "day", "hardLimit": "1", owner: id});
    let cases: [(&str, Value, &str); 6] = [
        ("/access-keys", json!({"accessKeyConfigurationId": made["/access-key-configurations"]}), "unknown_configuration"),
        ("/access-key-configurations", json!({"name": "n", "router": router}), "unknown_provider_key"),
        ("/provider-keys", json!({"providerId": "ollama", "name": "n", "value": "0123456789"}), "unknown_provider"),
        ("/access-keys", json!({"teamId": made["/teams"]}), "unknown_team"),
        ("/budgets", budget("teamId", &made["/teams"]), "unknown_team"),
        ("/budgets", budget("accessKeyId", &made["/access-keys"]), "unknown_access_key"),
    ];
    for (path, body, code) in cases {
        let answer = gateway.send("POST", path, &gateway.other.admin, Some(&body)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
}
