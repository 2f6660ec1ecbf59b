//! Tiers.

use super::Gateway;
use serde_json::{Value, json};

#[tokio::test]
async fn those_of_files_and_those_that_were_made() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "batch", "requestsPerMinute": 60, "modelClasses": ["free"]});
    let made = gateway.operate("POST", "/tiers", Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let path = format!("/tiers/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["requestsPerMinute"], &made["requestsPerDay"]), (&json!(60), &Value::Null));
    let listed = gateway.send("GET", "/tiers", &gateway.acme.viewer, None).await.json();
    let names: Vec<_> = listed["tiers"].as_array().unwrap().iter().map(|tier| (&tier["name"], &tier["source"])).collect();
    assert_eq!(names, [(&json!("batch"), &json!("api")), (&json!("free"), &json!("file"))]);
    assert_eq!(gateway.send("GET", &path, &gateway.other.viewer, None).await.json(), made);

    let change = json!({"requestsPerMinute": null, "tokensPerMinute": 1_000.0, "modelClasses": null});
    let changed = gateway.operate("PATCH", &path, Some(&change)).await.json();
    assert_eq!(
        (&changed["requestsPerMinute"], &changed["tokensPerMinute"], &changed["modelClasses"]),
        (&Value::Null, &json!(1_000), &Value::Null)
    );
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"name": "Bad"}), "bad_tier_name"),
        (json!({"name": "x", "requestsPerMinute": 0}), "out_of_range"),
        (json!({"name": "x", "requestsPerMinute": -1}), "out_of_range"),
        (json!({"name": "x", "requestsPerMinute": 1.5}), "wrong_type"),
        (json!({"name": "x", "requestsPerMinute": 1e300}), "out_of_range"),
        (json!({"name": "x", "modelClasses": []}), "too_few_items"),
        (json!({"name": "x", "modelClasses": ["cheap"]}), "unknown_model_class"),
        (json!({"name": "x", "rpm": 1}), "unknown_field"),
    ] {
        let answer = gateway.operate("POST", "/tiers", Some(&body)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
    for name in ["batch", "free"] {
        let taken = gateway.operate("POST", "/tiers", Some(&json!({"name": name}))).await;
        assert_eq!((taken.status.as_u16(), taken.code().as_str()), (409, "already_exists"), "{name}");
    }
}

#[tokio::test]
async fn one_that_is_used_stays() {
    let gateway = Gateway::start().await;
    let made = gateway.operate("POST", "/tiers", Some(&json!({"name": "batch"}))).await.json();
    let path = format!("/tiers/{}", made["id"].as_str().unwrap());
    let account = format!("/accounts/{}", gateway.acme.id);
    for (place, name) in [(json!({"tier": "batch"}), "batch"), (json!({"tier": "free"}), "free")] {
        let placed = gateway.operate("PATCH", &account, Some(&place)).await;
        assert_eq!(placed.json()["tier"], name, "{}", placed.text);
        let found = gateway.operate("GET", &format!("/accounts?tier={name}"), None).await.json();
        assert_eq!(found["accounts"].as_array().unwrap().len(), 1);
        let team = gateway.post("/teams", &json!({"name": name, "tier": name})).await.json();
        let team = format!("/teams/{}", team["id"].as_str().unwrap());
        if name == "batch" {
            assert_eq!(gateway.operate("DELETE", &path, None).await.code(), "in_use");
        }
        gateway.delete(&team).await;
    }
    assert_eq!(gateway.operate("DELETE", &path, None).await.status, 204);
}
