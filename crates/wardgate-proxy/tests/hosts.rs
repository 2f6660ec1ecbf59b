//! One model at several providers: who is asked, and who is asked when that one fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod data_plane;

use data_plane::DataPlane;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_model::{Catalog, Origin, Provider};
use wardgate_testkit::{Answer, Dialect, Reply, Upstream};

/// Who has the model, the cheapest first.
const HOSTS: [&str; 3] = ["deepinfra", "groq", "cerebras"];
const MODEL: &str = "openai/gpt-oss-120b";

const V1: &str = "/v1/chat/completions";
const OPENROUTERS: &str = "/api/v1/chat/completions";

/// A built-in provider with an upstream of the test in the place of its host.
fn at(name: &str, upstream: &Upstream) -> Provider {
    let mut provider = Provider::clone(Catalog::built_in().unwrap().provider(name).unwrap());
    provider.origin = Origin::Operator;
    provider.endpoints.retain(|endpoint| endpoint.surface == Surface::ChatCompletions);
    for endpoint in &mut provider.endpoints {
        Arc::make_mut(endpoint).url = format!("{}/v1/chat/completions", upstream.url()).into();
    }
    provider
}

/// These replies at these providers.
async fn scene(replies: [Reply; 3]) -> (DataPlane, Vec<Upstream>) {
    let mut upstreams = Vec::new();
    for reply in replies {
        upstreams.push(Upstream::always(reply).await);
    }
    let providers = HOSTS.iter().zip(&upstreams).map(|(name, upstream)| (at(name, upstream), "sk-0123456789"));
    (DataPlane::start(providers.collect()).await, upstreams)
}

fn hello() -> Reply {
    Reply::says(Dialect::Chat, "hello")
}

async fn ask(plane: &DataPlane, path: &str, fields: &Value) -> Answer {
    let mut body = json!({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    plane.post(path, &body.to_string()).await
}

/// Who answers.
async fn answerer(plane: &DataPlane, path: &str, fields: Value) -> String {
    let answer = ask(plane, path, &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-wardgate-provider").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_asked_of_whoever_is_preferred() {
    let (plane, upstreams) = scene([hello(), hello(), hello()]).await;
    assert_eq!(answerer(&plane, V1, json!({})).await, "groq", "the catalog's choice");
    assert_eq!(answerer(&plane, V1, json!({"provider": {"sort": "price"}})).await, "deepinfra");
    assert_eq!(answerer(&plane, V1, json!({"model": "gpt-oss-120b:floor"})).await, "deepinfra");
    assert_eq!(answerer(&plane, V1, json!({"provider": {"order": ["Cerebras"]}})).await, "cerebras");
    assert_eq!(answerer(&plane, V1, json!({"provider": {"ignore": ["deepinfra", "groq"]}})).await, "cerebras");
    // Each provider knows the model by an id of its own.
    let body: Value = serde_json::from_str(&upstreams[2].seen()[0].text()).unwrap();
    assert_eq!((&body["model"], body.get("provider")), (&json!("gpt-oss-120b"), None));
    assert_eq!(plane.events().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_stays_where_it_is_and_others_go_elsewhere() {
    let (plane, _upstreams) = scene([hello(), hello(), hello()]).await;
    let mut all = BTreeSet::new();
    for session in 0..40 {
        let session = format!("session-{session}");
        let first = answerer(&plane, OPENROUTERS, json!({"session_id": session})).await;
        let messages = json!([{"role": "user", "content": "Hello"}, {"role": "user", "content": "?"}]);
        assert_eq!(answerer(&plane, OPENROUTERS, json!({"session_id": session, "messages": messages})).await, first);
        all.insert(first);
    }
    assert!(all.len() > 1, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_provider_answers_and_whoever_asked_for_a_rest_comes_last() {
    let limited = Reply::with_headers(429, &[("retry-after", "60")], "{}");
    let (plane, upstreams) = scene([limited, hello(), hello()]).await;
    let by_price = json!({"provider": {"sort": "price"}});
    for attempts in ["2", "1"] {
        let answer = ask(&plane, V1, &by_price).await;
        assert_eq!((answer.header("x-wardgate-provider"), answer.header("x-wardgate-attempts")), ("groq", attempts));
    }
    let only = ask(&plane, V1, &json!({"provider": {"only": ["deepinfra"]}})).await;
    assert_eq!((only.status, upstreams[0].seen().len()), (429, 2), "nobody else is left, so it is asked");
    let pinned = ask(&plane, V1, &json!({"provider": {"order": ["deepinfra"], "allow_fallbacks": false}})).await;
    assert_eq!(pinned.status, 429);
}
