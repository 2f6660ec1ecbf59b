//! The ledger: an event for each attempt, with the provider's numbers.

use crate::{ask, gateway};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Reply, Upstream};

/// The fields of an event that are asked for, as one object.
fn some(event: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), event[*field].clone())).collect::<serde_json::Map<_, _>>().into()
}

const TOKENS: [&str; 8] = [
    "inputTokens",
    "cacheReadTokens",
    "cacheWriteTokens",
    "cacheWrite5mTokens",
    "cacheWrite1hTokens",
    "outputTokens",
    "reasoningTokens",
    "usageEstimated",
];

async fn check(dialect: Dialect, usage: Value, expected: [u64; 7]) {
    let mut whole = dialect.whole("hello");
    whole["usage"] = usage;
    let upstream = Upstream::always(Reply::json(200, &whole)).await;
    let gateway = gateway(&upstream).await;
    let answer = ask(dialect).send(&gateway).await;
    assert_eq!((answer.status, answer.json()), (200, whole));
    assert_eq!(answer.header("x-wardgate-cost").trim_matches(['0', '.']), "", "a provider of one's own costs nothing");
    let event = &gateway.usage(1).await[0];
    let found = some(event, &TOKENS);
    let numbers: Vec<_> = TOKENS[..7].iter().map(|field| found[*field].as_u64().unwrap()).collect();
    assert_eq!((numbers.as_slice(), &found["usageEstimated"]), (&expected[..], &json!(false)));
    assert_eq!(some(event, &["totalCost", "costUnknown"]), json!({"totalCost": "0.00000", "costUnknown": false}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn classes_of_tokens() {
    let chat = json!({
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 20},
    });
    check(Dialect::Chat, chat, [100, 30, 0, 0, 0, 50, 20]).await;
    let messages = json!({
        "input_tokens": 10, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 70, "output_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
    });
    check(Dialect::Messages, messages, [100, 20, 70, 30, 40, 5, 0]).await;
    let undivided = json!({"input_tokens": 10, "cache_creation_input_tokens": 70, "output_tokens": 5});
    check(Dialect::Messages, undivided, [80, 0, 70, 70, 0, 5, 0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_report_too() {
    for dialect in Dialect::ALL {
        let upstream = Upstream::always(Reply::streams(dialect, &["one", "two"])).await;
        let gateway = gateway(&upstream).await;
        assert_eq!(ask(dialect).stream(true).send(&gateway).await.status, 200);
        let event = &gateway.usage(1).await[0];
        let fields =
            ["inputTokens", "cacheReadTokens", "outputTokens", "isStreaming", "completion", "statusCode", "stopReason"];
        let reason = if dialect == Dialect::Chat { "stop" } else { "end_turn" };
        let expected = json!({
            "inputTokens": 12, "cacheReadTokens": 4, "outputTokens": 3, "isStreaming": true, "completion": "succeeded",
            "statusCode": 200, "stopReason": reason,
        });
        assert_eq!(some(event, &fields), expected);
        assert!(event["timeToFirstTokenMs"].as_u64() <= event["durationMs"].as_u64(), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_an_attempt() {
    let ill = Upstream::always(Reply::json(500, &json!({"error": {"message": "ill"}}))).await;
    let gone = Upstream::always(Reply::silence().close()).await;
    let well = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = crate::dev().start().await;
    for (name, upstream) in [("ill", &ill), ("gone", &gone), ("well", &well)] {
        gateway.add_provider(name, upstream.url()).await;
    }
    let answer = Ask::new(Dialect::Chat, "ill:m").or(&["gone:m", "well:m"]).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "3"));
    let events = gateway.usage(3).await;
    let fields = ["provider", "attemptNumber", "isFinalAttempt", "statusCode", "completion", "requestId"];
    let found: Vec<_> = events.iter().map(|event| some(event, &fields)).collect();
    let id = answer.header("x-wardgate-request-id");
    let expected = |provider, number, is_final, status, completion| {
        json!({
            "provider": provider, "attemptNumber": number, "isFinalAttempt": is_final, "statusCode": status,
            "completion": completion, "requestId": id,
        })
    };
    assert_eq!(found[0], expected("ill", 1, false, 500, "failed"));
    assert_eq!(found[1], expected("gone", 2, false, 0, "failed"));
    assert_eq!(found[2], expected("well", 3, true, 200, "succeeded"));
    // Refused requests have none.
    assert_eq!(ask(Dialect::Chat).body("{}").send(&gateway).await.status, 400);
    assert_eq!(gateway.stored_usage().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_reported_is_reckoned_and_says_so() {
    for dialect in Dialect::ALL {
        let mut whole = dialect.whole(&"word ".repeat(100));
        whole.as_object_mut().unwrap().remove("usage");
        let upstream = Upstream::always(Reply::json(200, &whole)).await;
        let gateway = gateway(&upstream).await;
        assert_eq!(ask(dialect).send(&gateway).await.json(), whole);
        let event = &gateway.usage(1).await[0];
        assert_eq!(event["usageEstimated"], true);
        assert!(
            event["outputTokensEstimate"].as_u64().unwrap() > 50 && event["inputTokensEstimate"].as_u64().unwrap() > 5,
            "{event}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_names_do_not_grow_the_metrics() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let series = async || gateway.metrics().await.lines().filter(|line| line.contains('{')).count();
    let mut counts = Vec::new();
    for number in 0..20 {
        assert_eq!(Ask::new(Dialect::Chat, &format!("up:made-up-{number}")).send(&gateway).await.status, 200);
        assert_eq!(Ask::new(Dialect::Chat, &format!("made-up-{number}")).send(&gateway).await.status, 400);
        gateway.client().send("GET".parse().unwrap(), &format!("/made-up-{number}"), &[], "").await;
        counts.push(series().await);
    }
    assert_eq!(counts[1], counts[19], "{}", gateway.metrics().await);
    assert!(!gateway.metrics().await.contains("made-up"));
}
