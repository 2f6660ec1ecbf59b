//! Why answers end, where that is out of the ordinary: words that nobody knows, words for failures, and more answers than one.

use crate::{dev, gateway};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gateway, Reply, Upstream, until};

/// A gateway in front of one upstream that speaks one dialect alone.
async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

fn ask(client: Dialect) -> Ask {
    Ask::new(client, "up:some-model")
}

/// An answer that ends with this word.
fn ends_with(provider: Dialect, word: &str, is_stream: bool) -> Reply {
    let usual = if provider == Dialect::Gemini { "STOP" } else { "stop" };
    let with_word = |text: String| text.replace(&format!("\"{usual}\""), &format!("\"{word}\""));
    if is_stream {
        let events: Vec<String> = provider.stream(&["hello"]).into_iter().map(with_word).collect();
        assert!(events.concat().contains(word));
        return Reply::events(&events);
    }
    let body = with_word(provider.whole("hello").to_string());
    assert!(body.contains(word), "{body}");
    Reply::whole(200, "application/json", body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_nobody_knows_is_the_usual_end_and_is_told() {
    let check = async |client: Dialect, target: &str, is_stream: bool, expected: &[&str]| {
        let upstream = Upstream::always(ends_with(Dialect::Gemini, "TIRED", is_stream)).await;
        let gateway = before(&upstream, Dialect::Gemini).await;
        let answer = ask(client).target(target).stream(is_stream).send(&gateway).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        assert!(expected.iter().all(|part| text.contains(part)), "{client:?}, stream {is_stream}: {text}");
        // A stream's head is gone by the time that it ends.
        let told = if is_stream { "" } else { "unknown_finish_reason;TIRED" };
        assert_eq!(answer.header("x-wardgate-warnings"), told);
        let is_logged = async || gateway.log_text().contains(r#""lost":"unknown_finish_reason;TIRED""#);
        until("the loss in the log", DEADLINE, is_logged).await;
        assert_eq!(gateway.usage(1).await[0]["stopReason"], "TIRED");
    };
    for is_stream in [false, true] {
        check(Dialect::Messages, "/v1/messages", is_stream, &[r#""stop_reason":"end_turn""#]).await;
        let native = [r#""finish_reason":"stop""#, r#""native_finish_reason":"TIRED""#];
        check(Dialect::Chat, "/v1/chat/completions", is_stream, &native).await;
        check(Dialect::Chat, "/api/v1/chat/completions", is_stream, &native).await;
        check(Dialect::Responses, "/v1/responses", is_stream, &[r#""status":"completed""#]).await;
    }
}

/// Words for failures at providers of two formats.
const FAILURES: [(Dialect, &str, &str); 4] = [
    (Dialect::Gemini, "MALFORMED_FUNCTION_CALL", "upstream_unreadable"),
    (Dialect::Chat, "network_error", "upstream_error"),
    (Dialect::Chat, "insufficient_system_resource", "upstream_error"),
    (Dialect::Chat, "error", "upstream_error"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_for_a_failure_is_a_502_before_any_content_and_the_next_provider_is_asked() {
    for (provider, word, code) in FAILURES {
        for client in [Dialect::Chat, Dialect::Messages, Dialect::Gemini] {
            let upstream = Upstream::always(ends_with(provider, word, false)).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).send(&gateway).await;
            let what = format!("{word} of {provider:?} for {client:?}: {}", answer.text());
            assert_eq!((answer.status, client.error_code(&answer.json()).as_str()), (502, code), "{what}");
            let well = Upstream::always(Reply::says(client, "well")).await;
            gateway.add_speaker("other", well.url(), client).await;
            let answer = ask(client).or(&["other:m"]).send(&gateway).await;
            assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "other"), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_for_a_failure_behind_content_is_an_error_event() {
    for (provider, word, _) in FAILURES {
        for client in [Dialect::Chat, Dialect::Messages] {
            if client == provider && word == "error" {
                continue;
            }
            let upstream = Upstream::always(ends_with(provider, word, true)).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).stream(true).send(&gateway).await;
            assert!(answer.status == 200 && answer.text().contains("hello"), "{}", answer.text());
            let _ = client.stream_error(&answer.text());
            assert_eq!(gateway.usage(1).await[0]["completion"], "stream_failed", "{word} of {provider:?} for {client:?}");
        }
    }
}

fn several(client: Dialect) -> (Ask, &'static str) {
    match client {
        Dialect::Gemini => {
            let config = json!({"candidateCount": 2, "maxOutputTokens": 100});
            (ask(client).field("generationConfig", config), "generationConfig.candidateCount")
        }
        _ => (ask(client).field("n", 2), "n"),
    }
}

fn check_refused(client: Dialect, answer: &Answer, path: &str) {
    assert_eq!(
        (answer.status, client.error_code(&answer.json()).as_str()),
        (400, "unsupported_parameter"),
        "{}",
        answer.text()
    );
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with(&format!("{path}: ")), "{message}");
    if client != Dialect::Gemini {
        assert_eq!(answer.json()["error"]["param"], path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_answers_are_refused_by_name_or_left_to_who_speaks_the_clients_format() {
    for (client, provider) in [
        (Dialect::Chat, Dialect::Messages),
        (Dialect::Chat, Dialect::Responses),
        (Dialect::Completions, Dialect::Chat),
        (Dialect::Gemini, Dialect::Messages),
    ] {
        for is_stream in [false, true] {
            let upstream = Upstream::always(Reply::says(provider, "never")).await;
            let gateway = before(&upstream, provider).await;
            let (asked, path) = several(client);
            let asked = asked.stream(is_stream);
            check_refused(client, &asked.send(&gateway).await, path);
            let reply = if is_stream { Reply::streams(client, &["two"]) } else { Reply::says(client, "two") };
            let own = Upstream::always(reply).await;
            gateway.add_speaker("other", own.url(), client).await;
            let answer = asked.or(&["other:m"]).send(&gateway).await;
            let found = (answer.status, answer.header("x-wardgate-attempts"), answer.header("x-wardgate-provider"));
            assert_eq!(found, (200, "1", "other"), "{client:?} to {provider:?}: {}", answer.text());
            let sent: Value = serde_json::from_str(&own.only().text()).unwrap();
            assert!(sent["n"] == 2 || sent["generationConfig"]["candidateCount"] == 2, "{sent}");
            assert!(upstream.seen().is_empty());
        }
    }
}

/// A provider's answer of two answers, and of tokens with their probabilities.
fn two(provider: Dialect, is_stream: bool) -> Reply {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let usage_of_gemini = json!({"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5});
    let whole = match (provider, is_stream) {
        (Dialect::Gemini, _) => {
            let candidate = |index: u64, text: &str| {
                let probable = json!({"chosenCandidates": [{"token": text, "logProbability": -0.5}]});
                let content = json!({"role": "model", "parts": [{"text": text}]});
                json!({"index": index, "content": content, "finishReason": "STOP", "logprobsResult": probable})
            };
            json!({"candidates": [candidate(0, "one"), candidate(1, "two")], "usageMetadata": usage_of_gemini, "responseId": "r"})
        }
        (_, _) => {
            let choice = |index: u64, text: &str| {
                let probable = json!({"content": [{"token": text, "logprob": -0.5, "bytes": null, "top_logprobs": []}]});
                let place = if is_stream { "delta" } else { "message" };
                json!({"index": index, place: {"role": "assistant", "content": text}, "logprobs": probable, "finish_reason": "stop"})
            };
            json!({"id": "c", "model": "m", "choices": [choice(0, "one"), choice(1, "two")], "usage": usage})
        }
    };
    match (is_stream, provider) {
        (false, _) => Reply::whole(200, "application/json", whole.to_string()),
        (true, Dialect::Gemini) => Reply::events(&[format!("data: {whole}\n\n")]),
        (true, _) => Reply::events(&[format!("data: {whole}\n\n"), "data: [DONE]\n\n".to_owned()]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_answers_come_each_under_its_number_and_with_its_tokens() {
    for (client, provider) in [(Dialect::Chat, Dialect::Gemini), (Dialect::Gemini, Dialect::Chat)] {
        for is_stream in [false, true] {
            let upstream = Upstream::always(two(provider, is_stream)).await;
            let gateway = before(&upstream, provider).await;
            let asked = match client {
                Dialect::Gemini => {
                    let config = json!({"candidateCount": 2, "responseLogprobs": true, "logprobs": 4, "maxOutputTokens": 100});
                    ask(client).field("generationConfig", config)
                }
                _ => ask(client).field("n", 2).field("logprobs", true).field("top_logprobs", 4),
            };
            let answer = asked.header("x-wardgate-strict", "true").stream(is_stream).send(&gateway).await;
            assert_eq!(answer.status, 200, "{client:?}: {}", answer.text());
            let sent: Value = serde_json::from_str(&upstream.only().text()).unwrap();
            let config = &sent["generationConfig"];
            let found = if provider == Dialect::Gemini {
                (&config["candidateCount"], &config["responseLogprobs"], &config["logprobs"])
            } else {
                (&sent["n"], &sent["logprobs"], &sent["top_logprobs"])
            };
            assert_eq!(found, (&2.into(), &true.into(), &4.into()), "{sent}");
            let messages: Vec<Value> = match is_stream {
                false => vec![answer.json()],
                true => {
                    let text = answer.text();
                    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
                    data.map(|data| serde_json::from_str(data).unwrap()).collect()
                }
            };
            for (index, word) in [(0, "one"), (1, "two")] {
                let of_one = messages.iter().flat_map(|message| match client {
                    Dialect::Gemini => message["candidates"].as_array(),
                    _ => message["choices"].as_array(),
                });
                let of_one: String = of_one.flatten().filter(|it| it["index"] == index).map(Value::to_string).collect();
                let other = if index == 0 { "two" } else { "one" };
                let has = [&format!("\"{word}\""), "-0.5", "stop"].map(|part| of_one.to_ascii_lowercase().contains(part));
                assert_eq!((has, of_one.contains(other)), ([true; 3], false), "{client:?}, stream {is_stream}: {of_one}");
            }
            assert_eq!(gateway.usage(1).await[0]["outputTokens"], 2, "{}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_nobody_knows_passes_where_nothing_is_translated() {
    let upstream = Upstream::always(ends_with(Dialect::Chat, "tired", false)).await;
    let gateway = gateway(&upstream).await;
    let answer = ask(Dialect::Chat).send(&gateway).await;
    assert_eq!((answer.status, &answer.json()["choices"][0]["finish_reason"]), (200, &"tired".into()));
    assert_eq!(answer.header("x-wardgate-warnings"), "");
}
