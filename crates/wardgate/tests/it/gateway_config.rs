//! What an account sets for all its requests: times and caps.

use crate::scene::{bilingual, change};
use crate::{dev, gateway, started};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Reply, Upstream};

async fn set(gateway: &Gateway, fields: Value) {
    change(gateway, "/gateway-config", fields).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_accounts_times_take_the_place_of_the_gateways() {
    let mute = Upstream::always(Reply::silence().hang()).await;
    let well = bilingual().await;
    // The gateway's own time is in force as long as the account has set none.
    let gateway = started(dev().with("--per-request-timeout", "300ms"), &mute).await;
    gateway.add_provider("well", well.url()).await;
    let timed = async |ask: Ask| {
        let started = Instant::now();
        let answer = ask.send(&gateway).await;
        (answer.status, answer.header("x-wardgate-attempts").to_owned(), started.elapsed())
    };
    let ask = |dialect| Ask::new(dialect, "up:m");
    let (status, _, took) = timed(ask(Dialect::Chat)).await;
    assert!(status == 504 && took < Duration::from_millis(990), "{status} {took:?}");
    set(&gateway, json!({"perRequestTimeout": "1s"})).await;
    for dialect in Dialect::ALL {
        let (status, attempts, took) = timed(ask(dialect).or(&["well:m"]).stream(true)).await;
        assert!((status, attempts.as_str()) == (200, "2") && took >= Duration::from_secs(1), "{status} {attempts} {took:?}");
    }
    set(&gateway, json!({"perRequestTimeout": "60s", "totalTimeout": "1s"})).await;
    let (status, attempts, took) = timed(ask(Dialect::Chat).or(&["well:m"])).await;
    assert!((status, attempts.as_str()) == (504, "1") && took >= Duration::from_secs(1), "{status} {attempts} {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_over_the_cap_on_input_is_refused() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let send = async |dialect, text: &str| -> Answer {
        let messages = json!([{"role": "user", "content": text}]);
        Ask::new(dialect, "up:m").field("messages", messages).send(&gateway).await
    };
    let long = "word ".repeat(1_000);
    for dialect in Dialect::ALL {
        assert_eq!(send(dialect, &long).await.status, 200);
        set(&gateway, json!({"maxInputTokens": 1_000})).await;
        let answer = send(dialect, &long).await;
        assert_eq!((answer.status, dialect.error_code(&answer.json()).as_str()), (413, "input_too_long"), "{}", answer.text());
        assert_eq!(send(dialect, "short").await.status, 200);
        set(&gateway, json!({"maxInputTokens": null})).await;
    }
    assert_eq!(upstream.seen().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_is_capped_and_the_client_is_told() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    set(&gateway, json!({"maxOutputTokens": 50})).await;
    let messages = r#""messages":[{"role":"user","content":"Hello"}]"#;
    // Beside the model and the messages: what the client writes, what the provider reads, and what the client is told.
    let mut cases = vec![
        (Dialect::Messages, r#","max_tokens":100"#, json!({"max_tokens": 50}), "50"),
        (Dialect::Messages, "", json!({"max_tokens": 50}), "50"),
        (Dialect::Messages, r#","max_tokens":50"#, json!({"max_tokens": 50}), ""),
    ];
    cases.extend(
        [
            ("", json!({"max_tokens": 50}), "50"),
            (r#","max_tokens":49"#, json!({"max_tokens": 49}), ""),
            (r#","max_tokens":51"#, json!({"max_tokens": 50}), "50"),
            (r#","max_tokens":-1"#, json!({"max_tokens": 50}), "50"),
            (r#","max_tokens":null"#, json!({"max_tokens": 50}), "50"),
            (r#","max_completion_tokens":1e9"#, json!({"max_completion_tokens": 50}), "50"),
            (r#","max_completion_tokens":7,"max_tokens":7"#, json!({"max_completion_tokens": 7, "max_tokens": 7}), ""),
            (r#","max_completion_tokens":7,"max_tokens":99"#, json!({"max_completion_tokens": 50}), "50"),
            (r#","max_tokens":7,"max_tokens":99"#, json!({"max_tokens": 50}), "50"),
            (r#","models":["up:n"]"#, json!({"max_tokens": 50}), "50"),
        ]
        .map(|(members, expected, told)| (Dialect::Chat, members, expected, told)),
    );
    for (number, (dialect, members, expected, told)) in cases.into_iter().enumerate() {
        let body = format!(r#"{{"model":"up:m",{messages}{members}}}"#);
        let answer = Ask::new(dialect, "").body(body).send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-output-cap")), (200, told), "{members}: {}", answer.text());
        let mut seen: Value = serde_json::from_str(&upstream.seen()[number].text()).unwrap();
        assert_eq!(seen["model"], "m");
        let fields = seen.as_object_mut().unwrap();
        fields.retain(|name, _| name.starts_with("max_"));
        assert_eq!(seen, expected, "{members}");
    }
}
