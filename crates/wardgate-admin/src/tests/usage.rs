//! The ledger.

use super::{Gateway, URL};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, ProviderKeyId, RequestId, UsageEventId};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::ProviderName;
use wardgate_core::time::Clock as _;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};
use wardgate_store::Store as _;

const SINCE: &str = "/usage?startTime=2026-01-01T00:00:00Z";

/// An event that ends now; time moves on by a second.
fn event(gateway: &Gateway) -> UsageEvent {
    gateway.clock.advance(Duration::from_secs(1));
    let (now, random) = (gateway.clock.now(), &*gateway.random);
    UsageEvent {
        id: UsageEventId::new(now, random),
        request_id: RequestId::new(now, random),
        account_id: gateway.acme.id,
        team_id: gateway.acme.team_id,
        access_key_id: AccessKeyId::from_bytes([1; 16]),
        event_time: now,
        surface: Surface::ChatCompletions,
        provider: ProviderName::new("openai").unwrap(),
        model: Arc::from("gpt-4o"),
        virtual_model: None,
        provider_key_id: Some(ProviderKeyId::from_bytes([2; 16])),
        managed_key_id: None,
        provider_key_redacted: Some("sk-proj-01***wxyz".to_owned()),
        attempt_number: 1,
        is_final: true,
        status_code: 200,
        completion: Completion::Succeeded,
        is_streaming: true,
        stop_reason: Some("stop".to_owned()),
        usage: Usage {
            input_uncached: 100,
            cache_read: 20,
            cache_write_5m: 3,
            cache_write_1h: 4,
            cache_write_other: 5,
            output: 60,
            reasoning: 7,
            ..Usage::default()
        },
        usage_source: UsageSource::Provider,
        cost: Some(NanoUsd::new(1_234_567)),
        duration_us: 1_500_999,
        first_token_us: Some(250_000),
    }
}

#[tokio::test]
async fn an_event_is_shown_with_every_field() {
    let gateway = Gateway::start().await;
    let event = event(&gateway);
    gateway.store.append_usage(std::slice::from_ref(&event)).await.unwrap();
    let body = gateway.get(SINCE).await.json();
    assert_eq!((&body["uri"], &body["nextPageUri"]), (&json!(format!("{URL}/usage")), &json!(null)));
    let expected = json!({
        "id": event.id, "eventTime": event.event_time, "requestId": event.request_id, "accessKeyId": event.access_key_id,
        "teamId": event.team_id,
        "provider": "openai", "providerDisplayName": "openai", "model": "gpt-4o", "modelDisplayName": "gpt-4o",
        "attemptNumber": 1, "isFinalAttempt": true, "statusCode": 200, "timedOut": false, "isError": false,
        "isStreaming": true, "stopReason": "stop", "inputTokens": 132, "outputTokens": 60, "cacheReadTokens": 20,
        "reasoningTokens": 7, "cacheWriteTokens": 12, "cacheWrite5mTokens": 3, "cacheWrite1hTokens": 4,
        "inputTokensEstimate": 0, "outputTokensEstimate": 0, "usageEstimated": false, "totalCost": "0.00123",
        "costUnknown": false, "keySource": "user", "providerKeyId": event.provider_key_id,
        "providerKeyDisplayName": "sk-proj-01***wxyz", "completion": "succeeded", "durationMs": 1_500,
        "timeToFirstTokenMs": 250,
    });
    assert_eq!(body["aiGatewayUsage"], json!([expected]));
}

#[tokio::test]
async fn what_is_not_known_or_not_well_says_so() {
    let gateway = Gateway::start().await;
    let unknown = UsageEvent { cost: None, provider_key_id: None, provider_key_redacted: None, ..event(&gateway) };
    let estimated = UsageEvent { usage_source: UsageSource::Estimated, ..event(&gateway) };
    let ends = [
        (Completion::Succeeded, 200, false, false),
        (Completion::Failed, 0, true, false),
        (Completion::Failed, 500, true, false),
        (Completion::TimedOut, 0, true, true),
        (Completion::StreamFailed, 200, true, false),
        (Completion::ClientClosed, 200, false, false),
    ];
    let mut events = vec![unknown, estimated];
    events.extend(ends.map(|(completion, status_code, ..)| UsageEvent { completion, status_code, ..event(&gateway) }));
    gateway.store.append_usage(&events).await.unwrap();
    let mut shown = gateway.get(SINCE).await.json()["aiGatewayUsage"].as_array().unwrap().clone();
    shown.reverse();

    assert_eq!((&shown[0]["totalCost"], &shown[0]["costUnknown"]), (&json!("0.00000"), &json!(true)));
    assert!(shown[0].get("providerKeyId").is_none() && shown[0].get("providerKeyDisplayName").is_none());
    assert_eq!((&shown[1]["usageEstimated"], &shown[1]["inputTokens"]), (&json!(true), &json!(0)));
    assert_eq!((&shown[1]["inputTokensEstimate"], &shown[1]["outputTokensEstimate"]), (&json!(132), &json!(60)));
    for ((completion, status, is_error, timed_out), shown) in ends.iter().zip(&shown[2..]) {
        assert_eq!(
            (&shown["isError"], &shown["timedOut"], &shown["completion"]),
            (&json!(is_error), &json!(timed_out), &json!(completion.name())),
            "{completion:?} {status}"
        );
    }
}

#[tokio::test]
async fn pages_and_filters() {
    let gateway = Gateway::start().await;
    let mut events: Vec<_> = (0..5).map(|_| event(&gateway)).collect();
    events[1].is_final = false;
    events[3].access_key_id = AccessKeyId::from_bytes([9; 16]);
    events[3].event_time = events[2].event_time;
    gateway.store.append_usage(&events).await.unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.id.to_string()).collect();
    let key = events[0].access_key_id;
    let upto = events[2].event_time;
    let cases = [
        (format!("{SINCE}&limit=2"), vec![vec![4, 3], vec![2, 0]]),
        (format!("{SINCE}&limit=2&includeRetries=true"), vec![vec![4, 3], vec![2, 1], vec![0]]),
        (format!("{SINCE}&limit=1&accessKeyId={key}&endTime={upto}"), vec![vec![2], vec![0]]),
        (format!("/usage?startTime={upto}"), vec![vec![4, 3, 2]]),
        ("/usage?startTime=2099-01-01T01:00:00%2B01:00".to_owned(), vec![vec![]]),
    ];
    for (path, expected) in cases {
        let expected: Vec<Vec<String>> =
            expected.iter().map(|page| page.iter().map(|at: &usize| ids[*at].clone()).collect()).collect();
        assert_eq!(gateway.pages(&path, "aiGatewayUsage").await, expected, "{path}");
    }
    let stranger = gateway.send("GET", &format!("{SINCE}&accessKeyId={key}"), &gateway.other.admin, None).await;
    assert_eq!(stranger.json()["aiGatewayUsage"], json!([]));
}

#[tokio::test]
async fn sums_by_day_and_group() {
    let gateway = Gateway::start().await;
    let mut events: Vec<_> = (0..3).map(|_| event(&gateway)).collect();
    events[0].is_final = false;
    events[0].cost = None;
    events[1].status_code = 500;
    events[2].provider = ProviderName::new("groq").unwrap();
    gateway.store.append_usage(&events).await.unwrap();
    let since = SINCE.replace("/usage?", "/usage/overview?");
    let day = "2026-11-22T00:00:00Z";
    let overview = gateway.get(&since).await.json();
    let bucket = |group: &str, cost: &str, requests: u32, errors: u32, events: u32| {
        json!({"bucketStart": day, "groupKey": group, "cost": cost, "requests": requests, "errors": errors,
               "attempts": events, "costUnknown": events - 1,
               "inputTokens": 132 * events, "outputTokens": 60 * events, "cacheReadTokens": 20 * events,
               "cacheWriteTokens": 12 * events, "reasoningTokens": 7 * events})
    };
    assert_eq!(overview["buckets"], json!([bucket("groq", "0.00123", 1, 0, 1), bucket("openai", "0.00123", 1, 1, 2)]));
    assert_eq!(
        overview["totals"],
        json!({"cost": "0.00247", "requests": 2, "errors": 1, "attempts": 3, "costUnknown": 1, "inputTokens": 396,
               "outputTokens": 180, "cacheReadTokens": 60, "cacheWriteTokens": 36, "reasoningTokens": 21})
    );
    for interval in ["hour", "all"] {
        let shown = gateway.get(&format!("{since}&groupBy=none&interval={interval}")).await.json();
        let buckets = shown["buckets"].as_array().unwrap();
        assert_eq!((buckets.len(), &buckets[0]["groupKey"], &buckets[0]["attempts"]), (1, &json!(""), &json!(3)));
        assert_eq!(buckets[0]["bucketStart"] == shown["startTime"], interval == "all", "{interval}");
    }
    let key = events[0].access_key_id.to_string();
    for (group_by, groups) in [
        ("provider", vec!["groq", "openai"]),
        ("accessKey", vec![key.as_str()]),
        ("team", vec![&*gateway.acme.team_id.to_string()]),
        ("model", vec!["groq:gpt-4o", "openai:gpt-4o"]),
    ] {
        let overview = gateway.get(&format!("{since}&groupBy={group_by}")).await.json();
        let found: Vec<_> = overview["buckets"].as_array().unwrap().iter().map(|bucket| bucket["groupKey"].clone()).collect();
        assert_eq!(json!(found), json!(groups), "{group_by}");
    }
    assert_eq!(gateway.get("/usage/overview").await.code(), "missing_parameter");
    assert_eq!(gateway.get(&format!("{since}&groupBy=day")).await.code(), "bad_parameter");
    let stranger = gateway.send("GET", &since, &gateway.other.viewer, None).await.json();
    assert_eq!(stranger["buckets"], json!([]));
}

#[tokio::test]
async fn the_attempts_of_one_request() {
    let gateway = Gateway::start().await;
    let first = UsageEvent {
        completion: Completion::Failed,
        status_code: 500,
        is_final: false,
        first_token_us: None,
        ..event(&gateway)
    };
    let second = UsageEvent { request_id: first.request_id, attempt_number: 2, ..event(&gateway) };
    let id = first.request_id;
    gateway.store.append_usage(&[second, first]).await.unwrap();
    let shown = gateway.get(&format!("/usage/requests/{id}")).await.json();
    assert_eq!((&shown["requestId"], &shown["uri"]), (&json!(id), &json!(format!("{URL}/usage/requests/{id}"))));
    let attempts: Vec<_> = shown["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| (attempt["event"]["attemptNumber"].clone(), attempt["served"].clone(), attempt["completion"].clone()))
        .collect();
    assert_eq!(attempts, [(json!(1), json!(false), json!("failed")), (json!(2), json!(true), json!("succeeded"))]);
    assert_eq!(shown["attempts"][1]["upstreamDurationMs"], 1_500);
    for id in [id.to_string(), "rq_0000000000000000000000".to_owned(), "none".to_owned()] {
        let answer = gateway.send("GET", &format!("/usage/requests/{id}"), &gateway.other.admin, None).await;
        assert_eq!(answer.verdict().1, "not_found");
    }
}

#[tokio::test]
async fn what_the_operators_credential_looks_like_is_not_shown() {
    let gateway = Gateway::start().await;
    let managed = UsageEvent {
        provider_key_id: None,
        managed_key_id: Some(wardgate_core::id::ManagedKeyId::from_bytes([3; 16])),
        virtual_model: Some(Arc::from("fast")),
        ..event(&gateway)
    };
    gateway.store.append_usage(&[managed]).await.unwrap();
    let shown = gateway.get(SINCE).await.json()["aiGatewayUsage"][0].clone();
    assert_eq!((&shown["keySource"], &shown["virtualModel"]), (&json!("ngrok"), &json!("fast")));
    assert_eq!((shown.get("providerKeyId"), shown.get("providerKeyDisplayName")), (None, None));
}
