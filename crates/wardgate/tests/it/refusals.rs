//! A request that nothing is left to try for is refused by what left it, on every surface in its own form, and says so for each model.

use crate::dev;
use crate::scene::configured_key;
use serde_json::json;
use wardgate_testkit::{Ask, Dialect, Gateway, Key, Reply, Upstream};

/// Who may ask in vain, and what for.
struct Case<'c> {
    key: &'c Key,
    models: [&'c str; 2],
    told: &'static str,
    /// How the causes are counted.
    tally: &'static str,
}

async fn check(gateway: &Gateway, dialect: Dialect, case: &Case<'_>) {
    let Case { key, models: [model, other], told, tally } = case;
    let ask = Ask::new(dialect, model).or(&[*other]).key(key);
    let answer = ask.send(gateway).await;
    let text = answer.text();
    let body = answer.json();
    let found = format!("{} {}", answer.status, dialect.error_code(&body));
    assert_eq!(found, *told, "{dialect:?} {model}: {text}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(tally) && message.contains(model) && message.contains(other), "{dialect:?} {model}: {text}");
    assert_eq!((answer.header("x-wardgate-attempts"), answer.header("retry-after")), ("", ""), "{dialect:?} {model}");
    let status = match answer.status {
        403 => ("permission_error", "PERMISSION_DENIED"),
        404 => ("not_found_error", "NOT_FOUND"),
        _ => ("invalid_request_error", "INVALID_ARGUMENT"),
    };
    match dialect {
        Dialect::Messages => assert_eq!(body["error"]["type"], status.0, "{text}"),
        Dialect::Gemini | Dialect::BatchEmbedContents => {
            assert_eq!((&body["error"]["status"], &body["error"]["code"]), (&status.1.into(), &answer.status.into()), "{text}");
        }
        _ => assert!(body["error"]["type"].is_string(), "{text}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cause_on_every_surface() {
    let upstream = Upstream::always(Reply::silence().close()).await;
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), Dialect::Chat).await;
    gateway.add_speaker("dumb", upstream.url(), Dialect::Embeddings).await;
    let open = configured_key(&gateway, json!({"access": {}})).await;
    let no_models = configured_key(&gateway, json!({"access": {"models": {"deny": ["up:*"]}}})).await;
    let no_providers = configured_key(&gateway, json!({"access": {"providers": {"allow": ["openai"]}}})).await;
    let choosy = configured_key(&gateway, json!({"model_selection": {"strategy": ["ai.models.only(['three'])"]}})).await;
    let strict =
        configured_key(&gateway, json!({"admit": [{"expression": "'paid' in tags", "message": "up:one, up:two: pay"}]})).await;
    let ruled = json!({"router": {"rules": [{"provider": "openai", "steps": [{"type": "managed"}]}]}});
    let ruled = configured_key(&gateway, ruled).await;
    let (up, openai) = (["up:one", "up:two"], ["openai:one", "openai:two"]);
    let cases = [
        Case { key: &no_models, models: up, told: "403 model_not_allowed", tally: "2 out of scope" },
        Case { key: &no_providers, models: up, told: "403 provider_not_allowed", tally: "2 out of scope" },
        Case { key: &choosy, models: up, told: "403 model_not_selected", tally: "2 not selected" },
        Case { key: &strict, models: up, told: "403 not_admitted", tally: "pay" },
        Case { key: &open, models: ["dumb:one", "dumb:two"], told: "404 unsupported_endpoint", tally: "2 without the surface" },
        Case { key: &open, models: ["auto", "wardgate/free"], told: "404 no_able_model", tally: "1 too dear, 1 not able to" },
    ];
    for dialect in [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Gemini] {
        for case in &cases {
            check(&gateway, dialect, case).await;
        }
        for (key, code) in [(&open, "400 no_provider_key"), (&ruled, "400 no_managed_key")] {
            let case = Case { key, models: openai, told: code, tally: "2 without a credential" };
            check(&gateway, dialect, &case).await;
        }
    }
    assert!(upstream.seen().is_empty());
}
