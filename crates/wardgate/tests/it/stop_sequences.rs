//! Stop sequences that a provider does not take: the gateway ends the answer, and asks the provider for no more of it.

use crate::dev;
use serde_json::{Value, json};
use std::time::Duration;
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gateway, Reply, Upstream};

/// A gateway in front of one upstream that speaks one dialect alone.
async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

/// A question with more stop sequences than the provider takes; the last one is what the answer holds.
fn ask(client: Dialect, provider: Dialect) -> Ask {
    let stops = if provider == Dialect::Responses { json!(["no", "END"]) } else { json!(["1", "2", "3", "4", "5", "END"]) };
    let ask = Ask::new(client, "up:some-model").header("x-wardgate-strict", "true");
    match client {
        Dialect::Messages => ask.field("stop_sequences", stops),
        Dialect::Gemini => ask.field("generationConfig", json!({"stopSequences": stops, "maxOutputTokens": 100})),
        Dialect::Chat => ask.field("stop", stops).field("stream_options", json!({"include_usage": true})),
        _ => ask.field("stop", stops),
    }
}

/// The sequences that the provider was asked to stop at.
fn sent(upstream: &Upstream) -> Value {
    serde_json::from_str::<Value>(&upstream.only().text()).unwrap()["stop"].clone()
}

/// What the client reads as the cause of the end.
fn check_stop(client: Dialect, answer: &Answer) {
    let text = answer.text();
    let expected = match client {
        Dialect::Messages => r#""stop_reason":"stop_sequence","stop_sequence":"END""#,
        Dialect::Gemini => r#""finishReason":"STOP""#,
        _ => r#""finish_reason":"stop""#,
    };
    assert!(text.contains(expected), "{client:?}: {text}");
    // Nothing was lost that a strict request would have to hear of.
    assert_eq!((answer.status, answer.header("x-wardgate-warnings")), (200, ""), "{text}");
}

const PAIRS: [(Dialect, Dialect); 6] = [
    (Dialect::Chat, Dialect::Responses),
    (Dialect::Messages, Dialect::Responses),
    (Dialect::Gemini, Dialect::Responses),
    (Dialect::Completions, Dialect::Responses),
    (Dialect::Messages, Dialect::Chat),
    (Dialect::Gemini, Dialect::Chat),
];

fn check_sent(upstream: &Upstream, provider: Dialect) {
    let expected = if provider == Dialect::Chat { json!(["1", "2", "3", "4"]) } else { Value::Null };
    assert_eq!(sent(upstream), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_answer_is_cut_and_its_usage_is_the_providers() {
    for (client, provider) in PAIRS {
        let upstream = Upstream::always(Reply::says(provider, "one EN END two")).await;
        let gateway = before(&upstream, provider).await;
        let answer = ask(client, provider).send(&gateway).await;
        assert_eq!(client.read_whole(&answer.json()).text, "one EN ", "{client:?} to {provider:?}");
        check_stop(client, &answer);
        check_sent(&upstream, provider);
        let event = &gateway.usage(1).await[0];
        assert_eq!((&event["completion"], &event["usageEstimated"]), (&"succeeded".into(), &false.into()), "{event}");
        assert_eq!((&event["stopReason"], &event["outputTokens"]), (&"stop_sequence".into(), &3.into()), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_cut_and_the_provider_is_left_at_once() {
    for (client, provider) in PAIRS {
        // The provider would go on for ever, and no event holds the sequence whole.
        let pieces = ["one E", "N E", "N", "D two"].map(|piece| provider.content(piece));
        let reply = Reply::begin_stream().chunk(provider.opening());
        let upstream = Upstream::always(pieces.iter().fold(reply, |reply, piece| reply.chunk(piece)).hang()).await;
        let gateway = before(&upstream, provider).await;
        let answer = ask(client, provider).stream(true).send(&gateway).await;
        upstream.wait_for_gone(1, Duration::from_secs(2)).await;
        let said = client.read_stream(&answer.text());
        assert_eq!(said.text, "one EN ", "{client:?} to {provider:?}");
        check_stop(client, &answer);
        check_sent(&upstream, provider);
        // Who asked for usage gets what the ledger has: fourteen bytes arrived, or about four tokens.
        let event = &gateway.usage(1).await[0];
        assert_eq!((&event["completion"], &event["usageEstimated"]), (&"succeeded".into(), &true.into()), "{event}");
        assert_eq!((&event["stopReason"], &event["outputTokensEstimate"]), (&"stop_sequence".into(), &4.into()), "{event}");
        if client != Dialect::Completions {
            assert_eq!(said.tokens, Some((event["inputTokensEstimate"].as_u64().unwrap(), 4)), "{}", answer.text());
        }
        wardgate_testkit::until("a line that says so", DEADLINE, async || gateway.log_text().contains("\"succeeded\"")).await;
        assert!(!gateway.log_text().contains("client_closed"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequence_before_any_text_still_ends_the_answer() {
    let (client, provider) = (Dialect::Messages, Dialect::Chat);
    let reply = Reply::begin_stream().chunk(provider.opening() + &provider.content("EN")).chunk(provider.content("D")).hang();
    let upstream = Upstream::always(reply).await;
    let gateway = before(&upstream, provider).await;
    let answer = ask(client, provider).stream(true).send(&gateway).await;
    assert_eq!(client.read_stream(&answer.text()).text, "");
    assert!(!answer.text().contains("content_block"), "there is nothing to open a block for: {}", answer.text());
    check_stop(client, &answer);
    upstream.wait_for_gone(1, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_looks_like_one_comes_whole() {
    for (client, provider) in PAIRS {
        let upstream = Upstream::always(Reply::streams(provider, &["one E", "N", " two EN"])).await;
        let gateway = before(&upstream, provider).await;
        let answer = ask(client, provider).stream(true).send(&gateway).await;
        let said = client.read_stream(&answer.text());
        assert_eq!(said.text, "one EN two EN", "{client:?} to {provider:?}");
        let event = &gateway.usage(1).await[0];
        assert_eq!((&event["usageEstimated"], &event["outputTokens"]), (&false.into(), &3.into()), "{event}");
    }
}
