//! Budgets.

use super::Gateway;
use serde_json::json;

#[tokio::test]
async fn a_budget_is_made_found_changed_and_deleted() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "all", "window": "month", "hardLimit": "100", "softLimit": "79.999999999"});
    let made = gateway.post("/budgets", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let path = format!("/budgets/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["hardLimit"], &made["softLimit"]), (&json!("100.00"), &json!("79.999999999")));
    assert_eq!((&made["teamId"], &made["accessKeyId"], &made["window"]), (&json!(null), &json!(null), &json!("month")));
    let team = gateway.made("/teams", &json!({"name": "research"})).await;
    let key = gateway.made("/access-keys", &json!({})).await;
    gateway.made("/budgets", &json!({"name": "of team", "window": "day", "softLimit": "1", "teamId": team})).await;
    gateway.made("/budgets", &json!({"name": "of key", "window": "total", "hardLimit": "0.01", "accessKeyId": key})).await;
    let queries = [
        (String::new(), 3),
        ("?name=all".to_owned(), 1),
        ("?search=OF".to_owned(), 2),
        (format!("?teamId={team}"), 1),
        (format!("?accessKeyId={key}"), 1),
    ];
    for (query, count) in queries {
        let listed = gateway.get(&format!("/budgets{query}")).await.json();
        assert_eq!(listed["budgets"].as_array().unwrap().len(), count, "{query}");
    }
    let changed = gateway.patch(&path, &json!({"hardLimit": null, "softLimit": "5", "description": "d"})).await.json();
    assert_eq!(
        (&changed["hardLimit"], &changed["softLimit"], &changed["description"]),
        (&json!(null), &json!("5.00"), &json!("d"))
    );
    assert_eq!(gateway.post("/budgets", &body).await.verdict().1, "already_exists");
    assert_eq!(gateway.delete(&path).await.status, 204);
    assert_eq!(gateway.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_budget_that_cannot_work_is_refused_with_its_path() {
    let gateway = Gateway::start().await;
    let team = gateway.made("/teams", &json!({"name": "research"})).await;
    let key = gateway.made("/access-keys", &json!({})).await;
    let budget = |field: &str, value| {
        let mut body = json!({"name": "b", "window": "day", "hardLimit": "1"});
        body[field] = value;
        body
    };
    let mut several = budget("teamId", json!(team));
    several["accessKeyId"] = json!(key);
    for (body, code, path) in [
        (budget("hardLimit", json!("0")), "bad_amount", "hardLimit"),
        (budget("hardLimit", json!("-1")), "bad_amount", "hardLimit"),
        (budget("hardLimit", json!(1)), "wrong_type", "hardLimit"),
        (budget("hardLimit", json!("1e3")), "bad_amount", "hardLimit"),
        (budget("hardLimit", json!("0.0000000001")), "bad_amount", "hardLimit"),
        (budget("hardLimit", json!("100000000.000000001")), "bad_amount", "hardLimit"),
        (budget("hardLimit", json!(null)), "missing_field", "hardLimit"),
        (budget("softLimit", json!("1.01")), "soft_above_hard", "softLimit"),
        (budget("window", json!("year")), "unknown_window", "window"),
        (budget("window", json!(null)), "missing_field", "window"),
        (budget("teamId", json!("nobody")), "unknown_team", "teamId"),
        (budget("amount", json!("1")), "unknown_field", "amount"),
        (several, "several_owners", "accessKeyId"),
    ] {
        let answer = gateway.post("/budgets", &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
        assert!(answer.json()["details"].get(path).is_some(), "{path}: {}", answer.text);
    }
    let made = gateway.made("/budgets", &budget("softLimit", json!("0.5"))).await;
    for (change, code) in [
        (json!({"hardLimit": "0.49"}), "soft_above_hard"),
        (json!({"hardLimit": null, "softLimit": null}), "missing_field"),
        (json!({"window": "week"}), "unknown_field"),
    ] {
        assert_eq!(gateway.patch(&format!("/budgets/{made}"), &change).await.code(), code);
    }
}
