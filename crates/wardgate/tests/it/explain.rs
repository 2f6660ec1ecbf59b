//! How a request would be routed can be asked for: on the data plane with the key itself, on the management API for any key, and
//! along with an answer.

use crate::scene::{bilingual, configured_key};
use crate::{ask, gateway, started};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gateway, Key, Reply, Upstream, until};

/// Asks on the data plane.
async fn explained(gateway: &Gateway, key: &Key, body: Value) -> Answer {
    Ask::new(Dialect::Chat, "").body(body.to_string()).target("/v1/route/explain").key(key).send(gateway).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_is_told_and_nothing_is_sent() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let key = configured_key(&gateway, json!({"access": {"models": {"deny": ["up:bad"]}}})).await;
    let request = json!({"model": "up:bad", "models": ["up:good", "UP:x", "openai:gpt-4o"], "messages": []});
    let mut on_messages = request.clone();
    on_messages["surface"] = json!("messages");
    for (body, surface) in [(request, "chat-completions"), (on_messages, "messages")] {
        let answer = explained(&gateway, &key, body).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["surface"]), (200, &json!(surface)), "{told}");
        if surface == "chat-completions" {
            let summary = "4 candidates: 1 to try, 1 unknown, 1 out of scope, 1 without a credential";
            assert_eq!(told["summary"], summary);
            let candidate = json!({"asked": "up:good", "virtual_model": null, "provider": "up", "model": "good",
                "credential": "none", "price": {"input": "0", "output": "0"}});
            for (field, value) in candidate.as_object().unwrap() {
                assert_eq!(&told["candidates"][0][field], value, "{field}");
            }
        }
        assert_eq!(told["dropped"][0]["filter"], "scope", "{told}");
    }
    assert_eq!(upstream.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_be_refused_is_told_as_the_client_would_be() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let key = configured_key(&gateway, json!({"access": {"providers": {"allow": ["openai"]}}})).await;
    let request = json!({"model": "up:good", "models": ["up:bad", "gpt-4o"], "messages": []});
    let told = explained(&gateway, &key, request.clone()).await.json();
    let refused = Ask::new(Dialect::Chat, "").body(request.to_string()).key(&key).send(&gateway).await;
    let (status, code) = (&told["refusal"]["status"], &told["refusal"]["code"]);
    assert_eq!((status, code), (&json!(refused.status), &refused.json()["error"]["code"]), "{told}");
    assert_eq!(told["refusal"]["message"], refused.json()["error"]["message"]);
    let counted = "3 candidates: 2 out of scope, 1 without a credential. ";
    assert!(refused.text().contains(counted), "{}", refused.text());
    for (body, code) in [
        (json!({"messages": []}), "missing_model"),
        (json!({"model": "up:good", "surface": "telex"}), "unknown_surface"),
        (json!([]), "not_an_object"),
    ] {
        let answer = explained(&gateway, &key, body).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(code)));
    }
    let get = gateway.client().send("GET".parse().unwrap(), "/v1/route/explain", &[], "").await;
    assert_eq!((get.status, get.header("allow")), (405, "POST"));
    let nobody = Ask::new(Dialect::Chat, "m").target("/v1/route/explain").token("").send(&gateway).await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_management_api_explains_for_any_key_of_the_account() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let key = configured_key(&gateway, json!({"access": {"models": {"deny": ["up:bad"]}}})).await;
    let request = json!({"model": "up:bad", "models": ["up:good"], "messages": []});
    let body = json!({"accessKeyId": key.id, "request": request});
    let answer = gateway.manage("POST".parse().unwrap(), "/explain", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["summary"], "2 candidates: 1 to try, 1 out of scope");
    assert_eq!((&told["candidates"][0]["model"], &told["dropped"][0]["filter"]), (&json!("good"), &json!("scope")));
    let body = json!({"accessKeyId": key.id, "request": {"messages": []}});
    let answer = gateway.manage("POST".parse().unwrap(), "/explain", Some(&body)).await;
    assert_eq!((answer.status, &answer.json()["details"]["code"]), (400, &json!("missing_model")));
    assert_eq!(upstream.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_tells_its_route_when_asked_and_the_log_tells_failed_attempts() {
    let ill = Upstream::always(Reply::json(500, &json!({}))).await;
    let well = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = started(crate::dev(), &ill).await;
    gateway.add_provider("well", well.url()).await;
    let asking = ask(Dialect::Chat).or(&["nobody:x", "well:m"]);
    let quiet = asking.send(&gateway).await;
    assert_eq!((quiet.status, quiet.header("x-wardgate-explain")), (200, ""));
    let told = asking.header("x-wardgate-explain", "true").send(&gateway).await;
    let expected = "3 candidates: 2 to try, 1 unknown; ";
    assert!(told.header("x-wardgate-explain").starts_with(expected), "{}", told.header("x-wardgate-explain"));
    assert!(told.header("x-wardgate-explain").ends_with("; not nobody:x (name)"));
    let refused = Ask::new(Dialect::Chat, "nobody:x").header("x-wardgate-explain", "true").send(&gateway).await;
    assert_eq!(
        (refused.status, refused.header("x-wardgate-explain")),
        (400, "1 candidate: 0 to try, 1 unknown; not nobody:x (name)")
    );
    let line = r#""attempts":2,"failed":["up:some-model 500 server"],"candidates":2,"left_out":"1 unknown""#;
    until("the attempts in the log", DEADLINE, async || gateway.log_text().contains(line)).await;
}
