//! Embeddings: OpenAI's surface and Google's two, to providers that speak the same and to those that speak another.

use crate::dev;
use crate::scene::{configured_key, create};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Reply, Upstream};

const BATCH: &str = "/v1beta/models/up:m:batchEmbedContents";
const ONE: &str = "/v1beta/models/up:m:embedContent";

async fn post(gateway: &Gateway, target: &str, body: &Value) -> Answer {
    Ask::new(Dialect::Embeddings, "").target(target).body(body.to_string()).send(gateway).await
}

/// A gateway in front of a provider `up` with this surface alone.
async fn before(upstream: &Upstream, surface: Value) -> Gateway {
    let gateway = dev().start().await;
    let made = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": [surface]});
    create(&gateway, "/providers", made).await;
    gateway
}

fn google(surface: &str) -> Value {
    json!({"format": "google", "surface": surface})
}

fn openai() -> Value {
    json!({"format": "openai", "surface": "embeddings"})
}

/// A request of a batch.
fn one(model: &str, text: &str) -> Value {
    json!({"model": model, "content": {"parts": [{"text": text}]}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embeddings_pass() {
    let reply = json!({
        "object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": "AACAPw=="}],
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    });
    let upstream = Upstream::always(Reply::json(200, &reply)).await;
    let gateway = dev().start().await;
    // What is declared without surfaces speaks these, too.
    let made = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url()});
    create(&gateway, "/providers", made).await;
    let body = json!({"model": "up:m", "input": ["a"], "encoding_format": "base64"});
    for path in ["/v1/embeddings", "/api/v1/embeddings"] {
        let answer = post(&gateway, path, &body).await;
        assert_eq!((answer.status, &answer.json()["data"]), (200, &reply["data"]));
        // OpenRouter's clients are told the cost along; others get what the provider wrote.
        let is_told = answer.json()["usage"]["cost"] == json!(0);
        assert_eq!((is_told, answer.json() == reply), (path.starts_with("/api"), !path.starts_with("/api")));
    }
    assert_eq!(upstream.seen()[0].target, "/v1/embeddings");
    assert_eq!(gateway.usage(2).await[0]["inputTokens"], 9);
    // What speaks no embeddings is told so.
    gateway.add_speaker("chat", upstream.url(), Dialect::Chat).await;
    let refused = post(&gateway, "/v1/embeddings", &json!({"model": "chat:m", "input": "a"})).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (404, &"unsupported_endpoint".into()));
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("the provider chat does not serve embeddings, but chat-completions, "), "{message}");
    assert!(message.ends_with("; use a model of sandbox, up"), "{message}");
    let vector = post(&gateway, "/v1/embeddings", &json!({"model": "sandbox:embed", "input": "a"})).await;
    assert_eq!(vector.json()["data"][0]["object"], "embedding", "{}", vector.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_passes_with_the_model_in_each_request_renamed() {
    let reply = r#"{ "embeddings":[{"values":[0.10]},{"values":[1e-9]}], "usageMetadata":{"promptTokenCount":9} }"#;
    let upstream = Upstream::always(Reply::whole(200, "application/json", reply)).await;
    let gateway = before(&upstream, google("batch-embed-contents")).await;
    let sent = r#"{"requests":[{"model":"models/up:m","content":{"parts":[{"text":"a"}]},"new":1.0},{"model":"up:m"}]}"#;
    let answer = Ask::new(Dialect::BatchEmbedContents, "up:m").body(sent).send(&gateway).await;
    assert_eq!((answer.status, answer.text().as_str(), answer.header("x-wardgate-warnings")), (200, reply, ""));
    let seen = upstream.only();
    assert_eq!(seen.target, "/v1beta/models/m:batchEmbedContents");
    let expected = r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"new":1.0},{"model":"models/m"}]}"#;
    assert_eq!(seen.text(), expected);
    assert_eq!(gateway.usage(1).await[0]["inputTokens"], 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_goes_to_one_model_which_the_key_may_call() {
    let upstream = Upstream::always(Reply::says(Dialect::BatchEmbedContents, "v")).await;
    let gateway = before(&upstream, google("batch-embed-contents")).await;
    let key = configured_key(&gateway, json!({"access": {"models": {"allow": ["up:m"]}}})).await;
    let ask = |path: &str, models: [&str; 2]| {
        let requests: Vec<_> = models.iter().map(|model| one(model, "a")).collect();
        Ask::new(Dialect::BatchEmbedContents, "").key(&key).target(path).body(json!({"requests": requests}).to_string())
    };
    let differs = ask(BATCH, ["models/up:m", "models/up:other"]).send(&gateway).await;
    assert_eq!((differs.status, Dialect::BatchEmbedContents.error_code(&differs.json()).as_str()), (400, "model_differs"));
    assert!(differs.text().contains("requests[1].model"), "{}", differs.text());
    let other = ask("/v1beta/models/up:other:batchEmbedContents", ["models/up:other"; 2]).send(&gateway).await;
    assert_eq!((other.status, Dialect::BatchEmbedContents.error_code(&other.json()).as_str()), (403, "model_not_allowed"));
    assert!(upstream.seen().is_empty());
    assert_eq!(ask(BATCH, ["models/up:m"; 2]).send(&gateway).await.status, 200);
    let nobody = ask(BATCH, ["models/up:m"; 2]).token("ng-nonsense").send(&gateway).await;
    assert_eq!(nobody.status, 401, "{}", nobody.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn googles_clients_get_vectors_of_a_provider_of_openais_form() {
    let data = json!([{"index": 1, "embedding": [2.5]}, {"index": 0, "embedding": [0.5]}]);
    let two = Reply::json(200, &json!({"object": "list", "data": data, "usage": {"prompt_tokens": 7, "total_tokens": 7}}));
    let one_only = Reply::json(200, &json!({"data": [{"index": 0, "embedding": [0.5]}]}));
    let upstream = Upstream::queue([two, one_only.clone(), one_only]).await;
    let gateway = before(&upstream, openai()).await;
    let mut requests = [one("models/up:m", "a"), one("models/up:m", "b")];
    for request in &mut requests {
        request["outputDimensionality"] = 1.into();
        request["taskType"] = "RETRIEVAL_QUERY".into();
    }
    let batch = json!({"requests": requests});
    let answer = post(&gateway, BATCH, &batch).await;
    let usage = json!({"promptTokenCount": 7, "totalTokenCount": 7});
    let expected = json!({"embeddings": [{"values": [0.5]}, {"values": [2.5]}], "usageMetadata": usage});
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(answer.header("x-wardgate-warnings"), "unsupported_parameter;requests[0].taskType");
    let sent: Value = serde_json::from_str(&upstream.seen()[0].text()).unwrap();
    assert_eq!(sent, json!({"model": "m", "input": ["a", "b"], "encoding_format": "float", "dimensions": 1}));
    assert_eq!(upstream.seen()[0].target, "/v1/embeddings");
    // An answer with too few vectors is none.
    let short = post(&gateway, BATCH, &batch).await;
    assert_eq!((short.status, Dialect::BatchEmbedContents.error_code(&short.json()).as_str()), (502, "upstream_unreadable"));
    let single = post(&gateway, ONE, &json!({"content": {"parts": [{"text": "a"}]}})).await;
    assert_eq!((single.status, single.json()), (200, json!({"embedding": {"values": [0.5]}})), "{}", single.text());
    assert_eq!(single.header("x-wardgate-warnings"), "usage_missing;usage");
    assert_eq!(gateway.usage(3).await.iter().filter(|event| event["inputTokens"] == 7).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openais_clients_get_vectors_of_a_provider_of_googles_form_in_one_call() {
    let reply = json!({"embeddings": [{"values": [0.5]}, {"values": [2.5]}]});
    let upstream = Upstream::always(Reply::json(200, &reply)).await;
    let gateway = before(&upstream, google("batch-embed-contents")).await;
    let answer = post(&gateway, "/v1/embeddings", &json!({"model": "up:m", "input": ["a", "b"]})).await;
    let vectors: Vec<_> = answer.json()["data"].as_array().unwrap().iter().map(|one| one["embedding"].clone()).collect();
    assert_eq!((answer.status, vectors), (200, vec![json!([0.5]), json!([2.5])]));
    assert_eq!(answer.header("x-wardgate-warnings"), "usage_missing;usage");
    let seen = upstream.only();
    assert_eq!(seen.target, "/v1beta/models/m:batchEmbedContents");
    let sent: Value = serde_json::from_str(&seen.text()).unwrap();
    assert_eq!(sent, json!({"requests": [one("models/m", "a"), one("models/m", "b")]}));
}
