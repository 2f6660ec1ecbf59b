//! Virtual models.

use super::Gateway;
use serde_json::json;

const PREFIX: &str = "ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_";

#[tokio::test]
async fn one_is_made_changed_and_deleted() {
    let gateway = Gateway::start().await;
    let made = gateway.post("/virtual-models", &json!({"name": "Fast", "models": ["openai:gpt-4o", "groq:anything"]})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/virtual-models/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(made.json()["models"], json!(["openai:gpt-4o", "groq:anything"]));
    let taken = gateway.post("/virtual-models", &json!({"name": "fast", "models": ["gpt-4o"]})).await;
    assert_eq!(taken.verdict(), (409, "already_exists".to_owned(), format!("{PREFIX}NAME_ALREADY_EXISTS")));
    let changed = gateway.patch(&path, &json!({"name": "quick", "models": ["gpt-4o"], "metadata": "m"})).await;
    assert_eq!((&changed.json()["name"], &changed.json()["models"]), (&json!("quick"), &json!(["gpt-4o"])), "{}", changed.text);
    assert_eq!(gateway.delete(&path).await.status, 204);
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    gateway.made("/virtual-models", &json!({"name": "fast", "models": ["gpt-4o"]})).await;
    let cases = [
        (json!({"models": ["gpt-4o"]}), "name", "missing_field", "ERR_NGROK_27006".to_owned()),
        (json!({"name": "x"}), "models", "missing_field", String::new()),
        (json!({"name": "x", "models": []}), "models", "too_few_items", String::new()),
        (
            json!({"name": "x", "models": vec!["gpt-4o"; 51]}),
            "models",
            "too_many_items",
            format!("{PREFIX}TARGETS_OUT_OF_RANGE"),
        ),
        (json!({"name": "a:b", "models": ["gpt-4o"]}), "name", "malformed_field", format!("{PREFIX}NAME_ILLEGAL_CHARACTER")),
        (json!({"name": "x".repeat(65), "models": ["gpt-4o"]}), "name", "name_too_long", format!("{PREFIX}NAME_TOO_LONG")),
        (json!({"name": "gpt-4o", "models": ["gpt-4o"]}), "name", "duplicate", format!("{PREFIX}NAME_CONFLICT")),
        (json!({"name": "x", "models": ["nowhere:x"]}), "models[0]", "unknown_provider", format!("{PREFIX}TARGET_NOT_FOUND")),
        (json!({"name": "x", "models": ["gpt-4o", "fast"]}), "models[1]", "virtual_model_not_allowed", String::new()),
    ];
    for (body, field, code, error_code) in cases {
        let answer = gateway.post("/virtual-models", &body).await;
        assert_eq!(answer.verdict(), (400, code.to_owned(), error_code), "{}", answer.text);
        assert!(answer.json()["details"][field].is_string(), "{}", answer.text);
    }
}
