//! Names that stand for lists of models.

use crate::dev;
use crate::scene::{bilingual, change, configured_key, create, forget_health, listed, text};
use serde_json::json;
use wardgate_testkit::{Ask, DEADLINE, Dialect, Gateway, Reply, Upstream, until};

/// A gateway with the providers `ill` and `well`, both without a key.
async fn gateway(ill: &Upstream, well: &Upstream) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_provider("ill", ill.url()).await;
    gateway.add_provider("well", well.url()).await;
    gateway
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_models_are_tried_in_order() {
    let ill = Upstream::always(Reply::json(500, &json!({}))).await;
    let well = bilingual().await;
    let gateway = gateway(&ill, &well).await;
    create(&gateway, "/virtual-models", json!({"name": "Chat.Default", "models": ["ill:a", "well:b", "well:c"]})).await;
    for dialect in Dialect::ALL {
        for is_stream in [false, true] {
            for name in ["Chat.Default", "chat.default", "CHAT.DEFAULT"] {
                forget_health(&gateway).await;
                let answer = Ask::new(dialect, name).stream(is_stream).send(&gateway).await;
                let told = (answer.status, answer.header("x-wardgate-attempts"), answer.header("x-wardgate-model"));
                assert_eq!(told, (200, "2", "b"), "{name}: {}", answer.text());
            }
        }
    }
    let events = gateway.usage(24).await;
    for event in &events {
        assert_eq!(event["virtualModel"], "Chat.Default", "{event}");
    }
    let models: Vec<_> = events.iter().map(|event| text(&event["model"])).collect();
    assert_eq!(models, ["a", "b"].repeat(12));
    let logged = r#""asked_model":"chat.default","provider":"well","model":"b","virtual_model":"Chat.Default""#;
    until("a line in the log", DEADLINE, async || gateway.log_text().contains(logged)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stands_among_other_models_and_they_are_tried_once() {
    let ill = Upstream::always(Reply::json(500, &json!({}))).await;
    let well = Upstream::always(Reply::json(500, &json!({}))).await;
    let gateway = gateway(&ill, &well).await;
    create(&gateway, "/virtual-models", json!({"name": "two", "models": ["ill:a", "well:b"]})).await;
    let answer = Ask::new(Dialect::Chat, "well:c").or(&["two", "well:B", "ill:a", "two"]).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (502, "4"), "{}", answer.text());
    let tried: Vec<_> =
        gateway.usage(4).await.iter().map(|event| format!("{} {}", event["model"], event["virtualModel"])).collect();
    assert_eq!(tried, [r#""c" null"#, r#""a" "two""#, r#""b" "two""#, r#""B" null"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_listed_for_whom_it_leads_somewhere_and_a_change_is_in_force_at_once() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream, &upstream).await;
    let open = gateway.create_key("open").await;
    let scoped = configured_key(&gateway, json!({"access": {"providers": {"allow": ["well"]}}})).await;
    let made = create(&gateway, "/virtual-models", json!({"name": "name", "models": ["ill:a"]})).await;
    let path = format!("/virtual-models/{}", text(&made["id"]));
    let status = async |key, name: &str| {
        let answer = Ask::new(Dialect::Chat, name).key(key).send(&gateway).await;
        (answer.status, answer.header("x-wardgate-provider").to_owned())
    };
    let is_listed = async |key| listed(&gateway, key).await.contains(&"name".to_owned());
    assert_eq!((is_listed(&open).await, is_listed(&scoped).await), (true, false));
    assert_eq!((status(&open, "name").await, status(&scoped, "name").await), ((200, "ill".into()), (403, String::new())));
    change(&gateway, &path, json!({"models": ["ill:a", "well:b"]})).await;
    assert_eq!((is_listed(&open).await, is_listed(&scoped).await), (true, true));
    assert_eq!(status(&scoped, "NAME").await, (200, "well".to_owned()));
    let deleted = gateway.manage("DELETE".parse().unwrap(), &path, None).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!((is_listed(&open).await, status(&open, "name").await), (false, (400, String::new())));
}
