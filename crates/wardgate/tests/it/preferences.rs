//! What a client prefers, said as to OpenRouter: it is obeyed or refused with its place, and no provider sees it.

use crate::scene::{asked_models, bilingual, create, text};
use crate::{dev, gateway};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Upstream};

/// Fields that steer the gateway.
fn steering() -> Value {
    json!({"provider": {"allow_fallbacks": true}, "route": "fallback", "models": ["up:other"], "transforms": ["middle-out"],
        "plugins": [{"id": "web", "enabled": false}], "session_id": "s-1", "trace": {"trace_id": "t"}, "debug": {},
        "usage": {"include": true}, "preset": "p", "stop_server_tools_when": []})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_steers_reaches_a_provider() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    for target in ["/v1/chat/completions", "/api/v1/chat/completions"] {
        let mut body = json!({"model": "up:some-model", "messages": [{"role": "user", "content": "Hello"}], "user": "u"});
        for (name, value) in steering().as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = Ask::new(Dialect::Chat, "").body(body.to_string()).target(target).send(&gateway).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for seen in upstream.seen() {
        let body: Value = serde_json::from_str(&seen.text()).unwrap();
        let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["messages", "model", "user"], "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_preferences_is_refused_with_its_place() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    for (field, value, place) in [
        ("provider", json!("up"), "provider must be an object"),
        ("provider", json!({"orders": []}), "provider.orders is not known here"),
        ("provider", json!({"order": ["up", 5]}), "provider.order[1] must be text"),
        ("provider", json!({"max_price": {"prompt": "much"}}), "provider.max_price.prompt must be a number"),
        ("route", json!("price"), "route must be \"fallback\" or \"sort\""),
        ("plugins", json!([{"id": "fusion"}]), "plugins[0].id \"fusion\" is no plugin of this gateway"),
    ] {
        for dialect in Dialect::ALL {
            let answer = Ask::new(dialect, "up:some-model").field(field, value.clone()).send(&gateway).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
            assert_eq!(dialect.error_code(&answer.json()), "invalid_preferences");
            assert!(text(&answer.json()["error"]["message"]).starts_with(place), "{place}: {}", answer.text());
        }
    }
    assert_eq!(upstream.seen().len(), 0);
}

/// What asking for three models with these preferences comes to: the status, and who was asked for what in order.
async fn tried(gateway: &Gateway, models: &[&str], provider: Value) -> (u16, String) {
    let asking = Ask::new(Dialect::Chat, models[0]).or(&models[1..]).field("provider", provider);
    let answer = asking.header("x-wardgate-explain", "true").send(gateway).await;
    let route = answer.header("x-wardgate-explain");
    let tried: Vec<&str> = route.split("; ").filter_map(|part| part.split_once(" with ").map(|(what, _)| what)).collect();
    let code = if answer.status == 200 { String::new() } else { text(&answer.json()["error"]["code"]) };
    (answer.status, if tried.is_empty() { code } else { tried.join(" ") })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_filter_and_order() {
    let upstream = bilingual().await;
    let gateway = dev().start().await;
    for name in ["one", "two"] {
        gateway.add_provider(name, upstream.url()).await;
    }
    let models = ["one:m", "two:m", "sandbox:echo"];
    for (provider, expected) in [
        (json!({}), (200, "one:m two:m sandbox:echo")),
        (json!({"only": ["Two", "SANDBOX"]}), (200, "two:m sandbox:echo")),
        (json!({"ignore": ["one"]}), (200, "two:m sandbox:echo")),
        (json!({"zdr": true}), (200, "sandbox:echo")),
        (json!({"sort": {"by": "price", "partition": "none"}, "order": ["two"]}), (200, "two:m one:m sandbox:echo")),
        (json!({"order": ["sandbox"], "allow_fallbacks": false}), (200, "sandbox:echo")),
        (json!({"only": []}), (404, "no_preferred_provider")),
        (json!({"require_parameters": true, "only": ["one"]}), (200, "one:m")),
    ] {
        let (status, tried) = tried(&gateway, &models, provider.clone()).await;
        assert_eq!((status, tried.as_str()), expected, "{provider}");
    }
    for (model, expected) in [
        ("one:m:nitro", (200, "one:m:nitro")),
        ("gpt-4o:online", (400, "no_web_search")),
        ("gpt-4o:free", (404, "no_provider_at_this_price")),
        ("gpt-4o:floor", (400, "no_provider_key")),
        ("auto", (404, "no_able_model")),
    ] {
        let (status, tried) = tried(&gateway, &[model], json!({})).await;
        assert_eq!((status, tried.as_str()), expected, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cools_down_is_asked_last_until_it_is_reset() {
    let limited = Upstream::scripted(|seen| match seen.number {
        0 => Reply::with_headers(429, &[("retry-after", "600")], "{}"),
        _ => Reply::says(Dialect::Chat, "back"),
    })
    .await;
    let well = Upstream::always(Reply::says(Dialect::Chat, "well")).await;
    let gateway = gateway(&limited).await;
    gateway.add_provider("well", well.url()).await;
    let ask = Ask::new(Dialect::Chat, "up:some-model").or(&["well:m"]);
    let answered = async |ask: &Ask, who: &str, attempts: &str| {
        let answer = ask.send(&gateway).await;
        let told = (answer.status, answer.header("x-wardgate-provider"), answer.header("x-wardgate-attempts"));
        assert_eq!(told, (200, who, attempts), "{}", answer.text());
    };
    let health = async || gateway.manage("GET".parse().unwrap(), "/health", None).await.json()["backends"].clone();
    answered(&ask, "well", "2").await;
    answered(&ask, "well", "1").await;
    assert_eq!(asked_models(&limited).len(), 1);
    let seen = health().await;
    let out = seen.as_array().unwrap().iter().find(|backend| backend["provider"] == "up").unwrap();
    assert_eq!((&out["class"], &out["model"]), (&json!("out"), &json!("*")), "{seen}");
    assert!(out["outForMs"].as_u64().unwrap() > 500_000, "{seen}");
    let metrics = gateway.metrics().await;
    assert!(metrics.contains(r#"wardgate_backend_turns_total{provider="custom",to="out"} 1"#), "{metrics}");
    // Alone it is asked all the same, and what it asked for stays in force.
    answered(&Ask::new(Dialect::Chat, "up:some-model"), "up", "1").await;
    answered(&ask, "well", "1").await;
    let reset = gateway.manage("POST".parse().unwrap(), "/health/reset", Some(&json!({"provider": "up"}))).await;
    assert_eq!((reset.status, &reset.json()["forgotten"]), (200, &json!(1)), "{}", reset.text());
    answered(&ask, "up", "1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_opens_after_failures_and_another_account_does_not_see_it() {
    let ill = Upstream::always(Reply::json(500, &json!({}))).await;
    let well = Upstream::always(Reply::says(Dialect::Chat, "well")).await;
    let gateway = gateway(&ill).await;
    gateway.add_provider("well", well.url()).await;
    create(&gateway, "/virtual-models", json!({"name": "both", "models": ["up:some-model", "well:m"]})).await;
    for number in 0..8 {
        let answer = Ask::new(Dialect::Chat, "both").send(&gateway).await;
        let attempts = if number < 5 { "2" } else { "1" };
        assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, attempts), "{number}");
    }
    assert_eq!((ill.seen().len(), well.seen().len()), (5, 8));
    let account = gateway.operate("POST", "/accounts", Some(&json!({"name": "other"}))).await;
    assert_eq!(account.status, 201, "{}", account.text());
    let everything = gateway.operate("GET", "/health", None).await;
    assert_eq!(everything.json()["backends"].as_array().unwrap().len(), 2, "{}", everything.text());
}
