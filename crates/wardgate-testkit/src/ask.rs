//! A request for an answer of a model.

use crate::{Answer, Client, Dialect, Gateway, Key, Streaming};
use http::Method;
use serde_json::Value;

/// What is asked, of whom and how.
#[derive(Debug, Clone)]
pub struct Ask {
    dialect: Dialect,
    target: String,
    headers: Vec<(String, String)>,
    key: Option<String>,
    fields: Value,
    body: Option<Vec<u8>>,
}

impl Ask {
    /// A question to a model.
    #[must_use]
    pub fn new(dialect: Dialect, model: &str) -> Self {
        let target = match dialect {
            Dialect::Gemini => format!("{}/{model}:generateContent", dialect.path()),
            Dialect::BatchEmbedContents => format!("{}/{model}:batchEmbedContents", dialect.path()),
            _ => dialect.path().to_owned(),
        };
        Self { dialect, target, headers: Vec::new(), key: None, fields: dialect.question(model), body: None }
    }

    /// Asks for a stream.
    #[must_use]
    pub fn stream(mut self, is_stream: bool) -> Self {
        if !matches!(self.dialect, Dialect::Gemini | Dialect::BatchEmbedContents) {
            return self.field("stream", is_stream);
        }
        if is_stream {
            self.target = self.target.replace(":generateContent", ":streamGenerateContent?alt=sse");
        }
        self
    }

    /// Offers a tool.
    #[must_use]
    pub fn tool(self, name: &str, schema: &Value) -> Self {
        let tools = self.dialect.tools(name, schema);
        self.field("tools", tools)
    }

    /// Another field of the body.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields[name] = value.into();
        self
    }

    /// Models to fall back to.
    #[must_use]
    pub fn or(self, models: &[&str]) -> Self {
        self.field("models", models)
    }

    /// Exactly this body instead.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Another path or query.
    #[must_use]
    pub fn target(mut self, target: &str) -> Self {
        self.target = target.to_owned();
        self
    }

    /// A header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another key than the gateway's first.
    #[must_use]
    pub fn key(self, key: &Key) -> Self {
        self.token(&key.token)
    }

    /// Anything in a key's place; nothing when empty.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.key = Some(token.to_owned());
        self
    }

    /// Sends it on a connection of its own, and reads the answer to its end.
    pub async fn send(&self, gateway: &Gateway) -> Answer {
        self.open(gateway).await.whole().await
    }

    /// Sends it on a connection of its own, and returns with the head of the answer.
    pub async fn open(&self, gateway: &Gateway) -> Streaming {
        self.open_by(&gateway.client(), gateway).await
    }

    /// The same, by a certain client.
    pub async fn open_by(&self, client: &Client, gateway: &Gateway) -> Streaming {
        let (headers, body) = self.parts(gateway);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        client.connect().await.open(Method::POST, &self.target, &headers, body).await
    }

    /// The headers and the body that are sent.
    #[must_use]
    pub fn parts(&self, gateway: &Gateway) -> (Vec<(String, String)>, Vec<u8>) {
        let mut headers = Vec::new();
        if self.headers.iter().all(|(name, _)| name != "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let key = self.key.as_deref().unwrap_or(&gateway.key().token);
        if !key.is_empty() {
            headers.push(("authorization".to_owned(), format!("Bearer {key}")));
        }
        headers.extend(self.headers.iter().cloned());
        (headers, self.body.clone().unwrap_or_else(|| self.fields.to_string().into_bytes()))
    }
}
