//! The description of the API.

use super::Gateway;
use crate::body::JsonObject;
use crate::openapi::document;
use crate::router::routes;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn the_snapshot_is_up_to_date() {
    expect_test::expect_file!["../../../../docs/openapi.json"].assert_eq(&document(&routes(), ""));
}

#[test]
fn every_operation_is_described_and_named_once() {
    let mut ids = BTreeSet::new();
    for route in routes() {
        let operation = &route.operation;
        assert!(!operation.tag.is_empty() && operation.summary.ends_with('.'), "{}: {}", route.path, operation.summary);
        assert!(ids.insert(operation.id.clone()), "{} is the id of two operations", operation.id);
        assert_eq!(operation.path_ids.len(), route.path.matches('{').count(), "{}", route.path);
        let has_body = matches!(route.method, Method::POST | Method::PATCH);
        assert!(!has_body || operation.body.is_some(), "{} {}", route.method, route.path);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(document: &Value, value: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|value| check(document, value)),
            Value::Array(items) => items.iter().for_each(|value| check(document, value)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&document(&routes(), "")).unwrap();
    check(&document, &document);
    assert!(document["components"]["schemas"].as_object().unwrap().len() > 10);
}

#[tokio::test]
async fn it_is_served_to_everyone() {
    let gateway = Gateway::start().await;
    let answer = gateway.send("GET", "/openapi.json", "no key", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["servers"], json!([{"url": super::URL}]));
}

/// Every declared parameter of a list is read: with a value that fits no parameter, the answer is about it.
#[tokio::test]
async fn every_declared_parameter_is_read() {
    let gateway = Gateway::start().await;
    for route in routes().iter().filter(|route| !route.operation.parameters.is_empty()) {
        for param in &route.operation.parameters {
            // Of the items with parameters, these are read before the item is looked for.
            let id = if route.path.starts_with("/managed-keys") {
                "aigmk_0000000000000000000000"
            } else {
                "acct_0000000000000000000000"
            };
            let path = route.path.replace("{id}", id);
            let answer = gateway.send(route.method.as_str(), &format!("{path}?{}=", param.name), &gateway.operator, None).await;
            let answer = if answer.code() == "account_header_missing" {
                gateway.send(route.method.as_str(), &format!("{path}?{}=", param.name), &gateway.acme.admin, None).await
            } else {
                answer
            };
            assert_eq!(answer.status, 400, "{} {}", route.path, param.name);
            let about_it = answer.json()["details"].get(param.name).is_some() || answer.code() == "missing_parameter";
            assert!(about_it, "{} {}: {}", route.path, param.name, answer.text);
        }
    }
}

#[test]
fn every_example_is_an_object_with_declared_fields() {
    for body in routes().into_iter().filter_map(|route| route.operation.body) {
        let (schema, example) = ((body.schema)(), (body.example)());
        let object: JsonObject = JsonObject(example.as_object().unwrap().clone());
        for name in object.0.keys() {
            assert!(schema["properties"].get(name).is_some(), "{}: {name}", body.name);
        }
    }
}
