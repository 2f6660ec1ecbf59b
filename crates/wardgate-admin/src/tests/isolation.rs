//! The wall between accounts.

use super::Gateway;
use serde_json::json;

#[tokio::test]
async fn another_accounts_objects_are_not_found() {
    let gateway = Gateway::start().await;
    let provider = json!({"providerId": "ollama", "name": "Ollama", "baseUrl": "http://127.0.0.1:11434"});
    let provider_key = json!({"providerId": "openai", "name": "production", "value": "sk-canary-0123456789"});
    let made = [
        ("/access-keys", "aiGatewayAccessKeys", gateway.made("/access-keys", &json!({})).await),
        ("/provider-keys", "aiGatewayProviderKeys", gateway.made("/provider-keys", &provider_key).await),
        ("/providers", "aiGatewayProviders", gateway.made("/providers", &provider).await),
    ];
    for (path, envelope, id) in &made {
        let item = format!("{path}/{id}");
        let missing = format!("{path}/{}", "x".repeat(27));
        for method in ["GET", "HEAD", "DELETE"] {
            for path in [&item, &missing] {
                let answer = gateway.send(method, path, &gateway.other.admin, None).await;
                assert_eq!(answer.status, 404, "{method} {path}");
                if method != "HEAD" {
                    assert_eq!(answer.verdict(), (404, "not_found".to_owned(), "ERR_NGROK_27611".to_owned()));
                }
            }
        }
        let listed = gateway.send("GET", path, &gateway.other.admin, None).await;
        assert_eq!(listed.json()[envelope], json!([]));
        assert_eq!(gateway.get(&item).await.status, 200, "{item} is untouched");
        let head = gateway.send("HEAD", &item, &gateway.acme.viewer, None).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    }
    let body = json!({"providerId": "ollama", "name": "n", "value": "0123456789"});
    let answer = gateway.send("POST", "/provider-keys", &gateway.other.admin, Some(&body)).await;
    assert_eq!(answer.code(), "unknown_provider", "another account's provider cannot be named");
}
