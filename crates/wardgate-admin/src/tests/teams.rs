//! Teams.

use super::Gateway;
use serde_json::json;

#[tokio::test]
async fn a_team_is_made_found_changed_and_deleted() {
    let gateway = Gateway::start().await;
    let made = gateway.post("/teams", &json!({"name": "research", "description": "models"})).await.json();
    let path = format!("/teams/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["isDefault"], &made["tier"]), (&json!(false), &json!(null)));
    for (query, count) in [("?name=research", 1), ("?name=resear", 0), ("?search=MODEL", 1), ("", 2), ("?tier=free", 0)] {
        let listed = gateway.get(&format!("/teams{query}")).await.json();
        assert_eq!(listed["teams"].as_array().unwrap().len(), count, "{query}");
    }
    let taken = gateway.post("/teams", &json!({"name": "research"})).await;
    assert_eq!(taken.verdict(), (409, "already_exists".to_owned(), "ERR_NGROK_27607".to_owned()));
    let changed = gateway.patch(&path, &json!({"name": "science", "description": null, "metadata": "m"})).await.json();
    assert_eq!((&changed["name"], changed.get("description"), &changed["metadata"]), (&json!("science"), None, &json!("m")));
    for (body, code) in [
        (json!({"name": null}), "missing_field"),
        (json!({"name": ""}), "missing_field"),
        (json!({"name": "n".repeat(256)}), "name_too_long"),
        (json!({"tier": "none"}), "unknown_tier"),
        (json!({"isDefault": true}), "unknown_field"),
    ] {
        let answer = gateway.patch(&path, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
    let key = gateway.made("/access-keys", &json!({"teamId": made["id"]})).await;
    assert_eq!(gateway.delete(&path).await.verdict(), (409, "in_use".to_owned(), "ERR_NGROK_27615".to_owned()));
    gateway.delete(&format!("/access-keys/{key}")).await;
    assert_eq!(gateway.delete(&path).await.status, 204);
}

#[tokio::test]
async fn the_default_team_stays() {
    let gateway = Gateway::start().await;
    let path = format!("/teams/{}", gateway.acme.team_id);
    assert_eq!(gateway.get(&path).await.json()["isDefault"], true);
    assert_eq!(gateway.patch(&path, &json!({"name": "x"})).await.verdict().1, "default_team");
    assert_eq!(gateway.patch(&path, &json!({"description": "x"})).await.status, 200);
    assert_eq!(gateway.delete(&path).await.verdict().1, "in_use");
}
