//! The management API, as far as tests need it to set the scene.

use crate::{Answer, DEADLINE, Gateway, until};
use http::Method;
use serde_json::{Value, json};

/// An access key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// What a client sends.
    pub token: String,
}

impl Gateway {
    /// One call of the management API.
    pub async fn manage(&self, method: Method, target: &str, body: Option<&Value>) -> Answer {
        let authorization = format!("Bearer {}", self.api_key());
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let body = body.map(Value::to_string).unwrap_or_default();
        self.admin().send(method, target, &headers, body).await
    }

    /// One call of the management API with the operator's key.
    pub async fn operate(&self, method: &str, target: &str, body: Option<&Value>) -> Answer {
        let authorization = format!("Bearer {}", self.operator_key());
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let body = body.map(Value::to_string).unwrap_or_default();
        self.admin().send(method.parse().unwrap(), target, &headers, body).await
    }

    async fn create(&self, path: &str, body: &Value) -> Value {
        let answer = self.manage(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        answer.json()
    }

    /// Another access key.
    pub async fn create_key(&self, name: &str) -> Key {
        let made = self.create("/access-keys", &json!({"name": name})).await;
        let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
        Key { id: text("id"), token: text("token") }
    }

    /// Revokes an access key.
    pub async fn revoke(&self, key: &Key) {
        let answer = self.manage(Method::DELETE, &format!("/access-keys/{}", key.id), None).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    /// A custom provider that speaks both APIs. Without provider keys it is called without a credential.
    pub async fn add_provider(&self, name: &str, url: &str) -> String {
        let surfaces = json!([{"format": "openai"}, {"format": "anthropic"}]);
        let body = json!({"providerId": name, "name": name, "baseUrl": url, "supportedApiSurfaces": surfaces});
        self.create("/providers", &body).await["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A custom provider that speaks one API alone.
    pub async fn add_speaker(&self, name: &str, url: &str, dialect: crate::Dialect) {
        let (format, surface) = dialect.surface();
        let surfaces = json!([{"format": format, "surface": surface}]);
        self.create("/providers", &json!({"providerId": name, "name": name, "baseUrl": url, "supportedApiSurfaces": surfaces}))
            .await;
    }

    /// A credential for a provider. Returns its id.
    pub async fn add_provider_key(&self, provider: &str, value: &str) -> String {
        let body = json!({"providerId": provider, "name": "a key", "value": value});
        self.create("/provider-keys", &body).await["id"].as_str().unwrap_or_default().to_owned()
    }

    /// The usage events that are stored, oldest first, retries included.
    pub async fn stored_usage(&self) -> Vec<Value> {
        let mut events = Vec::new();
        let mut next = Some("/usage?startTime=2000-01-01T00:00:00Z&includeRetries=true&limit=100".to_owned());
        while let Some(target) = next {
            let answer = self.manage(Method::GET, &target, None).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.json();
            events.extend(page["aiGatewayUsage"].as_array().unwrap().iter().cloned());
            // The URL of the next page, less scheme and host.
            next =
                page["nextPageUri"].as_str().and_then(|uri| uri.split_once("/usage")).map(|(_, rest)| format!("/usage{rest}"));
        }
        events.reverse();
        events
    }

    /// The usage events, oldest first, once there are so many.
    pub async fn usage(&self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        until(&format!("{count} usage events"), DEADLINE, async || {
            events = self.stored_usage().await;
            events.len() >= count
        })
        .await;
        assert_eq!(events.len(), count, "{events:?}");
        events
    }

    /// The metrics as they are exposed.
    pub async fn metrics(&self) -> String {
        self.admin().send(Method::GET, "/metrics", &[], "").await.text()
    }
}
