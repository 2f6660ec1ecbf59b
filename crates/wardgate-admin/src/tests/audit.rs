//! What the audit log gets.

use super::Gateway;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::{Value, json};
use std::net::SocketAddr;
use wardgate_core::audit::AuditEvent;
use wardgate_store::{AuditQuery, Store as _};

async fn newest(gateway: &Gateway) -> AuditEvent {
    let query = AuditQuery { limit: 1, ..AuditQuery::default() };
    gateway.store.audit_log(&query).await.unwrap().items.pop().unwrap()
}

#[tokio::test]
async fn every_write_leaves_an_entry_without_secrets() {
    let gateway = Gateway::start().await;
    let made = gateway.post("/access-keys", &json!({"name": "ci"})).await.json();
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    let path = format!("/access-keys/{id}");
    let event = newest(&gateway).await;
    assert_eq!((event.action.as_str(), event.object_id.as_str(), event.before), ("access_key.create", id, None));
    assert_eq!((event.account_id, event.actor.as_str()), (Some(gateway.acme.id), made["createdBy"]["id"].as_str().unwrap()));
    let after = event.after.unwrap();
    assert!(!after.contains(token) && !after.contains(token.rsplit('-').next().unwrap()), "{after}");

    gateway.patch(&path, &json!({"name": "cd"})).await;
    let event = newest(&gateway).await;
    let name = |text: Option<String>| serde_json::from_str::<Value>(&text.unwrap()).unwrap()["name"].clone();
    assert_eq!(event.action, "access_key.update");
    assert_eq!((name(event.before), name(event.after)), (json!("ci"), json!("cd")));

    let rotated = gateway.post(&format!("{path}/rotate"), &json!({})).await.json();
    let event = newest(&gateway).await;
    let token = rotated["token"].as_str().unwrap();
    assert_eq!(event.action, "access_key.rotate");
    assert!(!event.after.unwrap().contains(token));

    gateway.delete(&path).await;
    let event = newest(&gateway).await;
    assert_eq!((event.action.as_str(), event.after), ("access_key.delete", None));
    assert_eq!(name(event.before), json!("cd"));
}

#[tokio::test]
async fn an_entry_says_from_where() {
    let gateway = Gateway::start().await;
    let mut request = Request::post("/teams")
        .header("authorization", format!("Bearer {}", gateway.acme.admin))
        .header("content-type", "application/json")
        .body(Body::from("{\"name\": \"research\"}"))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 1234))));
    assert_eq!(gateway.request(request).await.status, 201);
    assert_eq!(newest(&gateway).await.address, Some([192, 0, 2, 7].into()));
}

#[tokio::test]
async fn the_log_is_an_accounts_own_or_the_gateways() {
    let gateway = Gateway::start().await;
    gateway.made("/teams", &json!({"name": "one"})).await;
    gateway.made("/teams", &json!({"name": "two"})).await;
    gateway.operate("POST", "/accounts", Some(&json!({"name": "new"}))).await;
    let own = gateway.get("/audit-log").await.json();
    let actions: Vec<_> = own["auditEvents"].as_array().unwrap().iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions, ["team.create", "team.create"]);
    let event = &own["auditEvents"][0];
    assert_eq!((&event["after"]["name"], &event["before"], &event["address"]), (&json!("two"), &Value::Null, &Value::Null));
    assert_eq!(event["accountId"], gateway.acme.id.to_string());
    assert_eq!(event["objectName"], "two");
    let pages = gateway.pages("/audit-log?action=team.&limit=1", "auditEvents").await;
    assert_eq!(pages.len(), 2);
    let id = event["objectId"].as_str().unwrap();
    for (query, count) in
        [(format!("objectId={id}"), 1), ("actor=nobody".to_owned(), 0), ("endTime=2026-01-01T00:00:00Z".to_owned(), 0)]
    {
        let found = gateway.get(&format!("/audit-log?{query}")).await.json();
        assert_eq!(found["auditEvents"].as_array().unwrap().len(), count, "{query}");
    }
    let all = gateway.operate("GET", "/audit-log?scope=gateway&action=account.create", None).await.json();
    assert_eq!((&all["auditEvents"][0]["after"]["name"], &all["auditEvents"][0]["accountId"]), (&json!("new"), &Value::Null));
    assert_eq!(gateway.operate_acme("GET", "/audit-log?action=team.", None).await.json()["auditEvents"], own["auditEvents"]);
    assert_eq!(gateway.operate("GET", "/audit-log", None).await.code(), "account_header_missing");
    assert_eq!(gateway.get("/audit-log?scope=gateway").await.code(), "operator_only");
    let other = gateway.send("GET", "/audit-log", &gateway.other.admin, None).await.json();
    assert_eq!(other["auditEvents"], json!([]));
}

#[tokio::test]
async fn who_acted_is_named_as_far_as_whoever_asks_may_know() {
    let gateway = Gateway::start().await;
    let key = gateway.post("/api-keys", &json!({"name": "terraform"})).await.json();
    let made = gateway.send("POST", "/teams", key["token"].as_str().unwrap(), Some(&json!({"name": "search"}))).await;
    assert_eq!(made.status, 201);
    let named = |answer: super::Answer| {
        let newest = answer.json()["auditEvents"][0].clone();
        (newest["actor"]["name"].clone(), newest["objectName"].clone())
    };
    let path = "/audit-log?action=team.create";
    assert_eq!(named(gateway.get(path).await), (json!("terraform"), json!("search")));
    // Once the key is gone, its id is left.
    gateway.delete(&format!("/api-keys/{}", key["id"].as_str().unwrap())).await;
    assert_eq!(named(gateway.get(path).await).0, Value::Null);
}
