//! The models that an account can call.

use super::Gateway;
use serde_json::{Value, json};

fn find<'l>(listed: &'l Value, id: &str) -> Option<&'l Value> {
    listed["data"].as_array().unwrap().iter().find(|model| model["id"] == id)
}

#[tokio::test]
async fn those_of_providers_with_a_credential() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/v1/models").await.json(), json!({"object": "list", "data": []}));
    gateway.made("/provider-keys", &json!({"providerId": "openai", "name": "n", "value": "0123456789"})).await;
    let provider = json!({"providerId": "ollama", "name": "Ollama", "baseUrl": "http://127.0.0.1:11434", "models": [{"modelId": "qwen3:8b"}]});
    gateway.made("/providers", &provider).await;
    let listed = gateway.get("/v1/models").await.json();
    let model = find(&listed, "openai/gpt-4o").unwrap();
    let provider = &model["providers"][0];
    assert_eq!((&model["slug"], &model["object"], &model["owned_by"]), (&json!("gpt-4o"), &json!("model"), &json!("ngrok")));
    assert_eq!((&provider["model_id"], &provider["status"]), (&json!("openai:gpt-4o"), &json!("active")));
    assert_eq!(provider["supported_api_formats"][0]["path"], "/v1/chat/completions");
    assert_eq!(provider["pricing"]["rates"][0], json!({"type": "prompt", "unit": "token", "price": "0.0000025"}));
    let own = find(&listed, "ollama:qwen3:8b").unwrap();
    assert_eq!((&own["owned_by"], &own["providers"][0]["id"]), (&json!("organization_owned"), &json!("ollama")));
    assert!(!listed["data"].as_array().unwrap().iter().any(|model| model["providers"][0]["id"] == "anthropic"));
    let other = gateway.send("GET", "/v1/models", &gateway.other.viewer, None).await.json();
    assert_eq!(other["data"], json!([]));
}
