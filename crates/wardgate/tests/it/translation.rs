//! A client of one format, a provider of another: every pair, every way in which an answer comes or does not come.

use crate::dev;
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gateway, Reply, Said, Upstream, until};

/// Who asks.
const CLIENTS: [Dialect; 5] = [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Gemini, Dialect::Completions];
/// Who answers.
const PROVIDERS: [Dialect; 4] = [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Gemini];

/// The pairs that do not speak the same.
fn pairs() -> impl Iterator<Item = (Dialect, Dialect)> {
    let all = CLIENTS.into_iter().flat_map(|client| PROVIDERS.into_iter().map(move |provider| (client, provider)));
    all.filter(|(client, provider)| client != provider)
}

fn has_tools(client: Dialect) -> bool {
    client != Dialect::Completions
}

/// A gateway in front of one upstream that speaks one dialect alone.
async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

fn ask(client: Dialect) -> Ask {
    let ask = Ask::new(client, "up:some-model");
    // Usage comes to those who ask for it.
    if matches!(client, Dialect::Chat | Dialect::Completions) {
        ask.field("stream_options", json!({"include_usage": true}))
    } else {
        ask
    }
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

fn read(client: Dialect, answer: &Answer, is_stream: bool) -> Said {
    assert_eq!(answer.status, 200, "{}", answer.text());
    if is_stream { client.read_stream(&answer.text()) } else { client.read_whole(&answer.json()) }
}

/// What came in: the model is the provider's own, and the path is that of its format.
fn check_asked(upstream: &Upstream, provider: Dialect, is_stream: bool) {
    let seen = upstream.only();
    let body: Value = serde_json::from_str(&seen.text()).unwrap();
    match provider {
        Dialect::Gemini => {
            let verb = if is_stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            assert_eq!(seen.target, format!("/v1beta/models/some-model:{verb}"));
        }
        _ => {
            assert_eq!((seen.target.as_str(), &body["model"]), (provider.path(), &"some-model".into()));
            assert_eq!(body["stream"] == true, is_stream, "{body}");
        }
    }
    assert_eq!(seen.header("anthropic-version").is_empty(), provider != Dialect::Messages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text() {
    for (client, provider) in pairs() {
        for is_stream in [false, true] {
            let what = format!("{client:?} to {provider:?}, stream {is_stream}");
            let reply = if is_stream { Reply::streams(provider, &["Good ", "day"]) } else { Reply::says(provider, "Good day") };
            let upstream = Upstream::always(reply).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).stream(is_stream).send(&gateway).await;
            let said = read(client, &answer, is_stream);
            assert_eq!((said.text.as_str(), said.calls.len(), said.tokens), ("Good day", 0, Some((12, 3))), "{what}");
            check_asked(&upstream, provider, is_stream);
            let kind = if is_stream { "text/event-stream" } else { "application/json" };
            assert_eq!(answer.header("content-type"), kind, "{what}");
            assert_eq!(answer.header("x-wardgate-warnings"), "", "{what}");
            let event = &gateway.usage(1).await[0];
            let counted = [&event["inputTokens"], &event["cacheReadTokens"], &event["outputTokens"]].map(Value::as_u64);
            assert_eq!(counted, [Some(12), Some(4), Some(3)], "{what}");
            assert_eq!((&event["completion"], &event["usageEstimated"]), (&"succeeded".into(), &false.into()), "{what}");
            assert_eq!(event["totalCost"], "0.00000", "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools() {
    for (client, provider) in pairs().filter(|(client, _)| has_tools(*client)) {
        for is_stream in [false, true] {
            let what = format!("{client:?} to {provider:?}, stream {is_stream}");
            let reply = if is_stream {
                Reply::events(&provider.call_stream("weather", &["{\"city\":", "\"Rome\"}"]))
            } else {
                Reply::json(200, &provider.whole_call("weather", r#"{"city":"Rome"}"#))
            };
            let upstream = Upstream::always(reply).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).stream(is_stream).tool("weather", &schema()).send(&gateway).await;
            let said = read(client, &answer, is_stream);
            assert_eq!(said.calls, [("weather".to_owned(), json!({"city": "Rome"}))], "{what}: {}", answer.text());
            assert!(said.is_for_tools, "{what}: {}", answer.text());
            assert!(upstream.only().text().contains(&schema().to_string()), "{what}: {}", upstream.only().text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_in_the_clients_form_with_the_providers_words() {
    for (client, provider) in pairs() {
        for is_stream in [false, true] {
            let upstream = Upstream::always(Reply::json(400, &provider.error("that is wrong"))).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).stream(is_stream).send(&gateway).await;
            assert_eq!(answer.status, 400, "{client:?} {provider:?}");
            assert_eq!(client.error_code(&answer.json()), "upstream_invalid_request");
            assert_eq!(answer.json()["error"]["message"], "that is wrong");
            assert_eq!(gateway.usage(1).await[0]["completion"], "failed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_behind_the_first_content_is_told_in_the_clients_form() {
    for (client, provider) in pairs() {
        let error = provider.error_event("it broke");
        let breaks: [(&str, &str); 3] =
            [("", "upstream_truncated"), (&error, "upstream_error"), ("data: {\"half\n\n", "upstream_unreadable")];
        for (last, code) in breaks {
            let what = format!("{client:?} to {provider:?}: {code}");
            let reply = Reply::begin_stream().chunk(provider.opening() + &provider.content("some text") + last).close();
            let upstream = Upstream::always(reply).await;
            let gateway = before(&upstream, provider).await;
            let other = Upstream::always(Reply::streams(provider, &["never"])).await;
            gateway.add_speaker("other", other.url(), provider).await;
            let answer = ask(client).or(&["other:m"]).stream(true).send(&gateway).await;
            let (status, text) = (answer.status, answer.text());
            assert!(status == 200 && text.contains("some text"), "{what}: {text}");
            let error = client.stream_error(&text);
            if client != Dialect::Responses && client != Dialect::Gemini {
                assert_eq!(error["code"], code, "{what}");
            }
            assert!(other.seen().is_empty(), "{what}: what was said belongs to the client");
            let event = &gateway.usage(1).await[0];
            assert_eq!((&event["completion"], &event["usageEstimated"]), (&"stream_failed".into(), &true.into()), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_before_the_first_content_leads_to_a_provider_of_another_format() {
    for (client, provider) in pairs() {
        let ill = [
            Reply::begin_stream().chunk(provider.opening()).close(),
            Reply::begin_stream().chunk(provider.opening() + &provider.error_event("no")).end(),
            Reply::begin_stream().chunk("data: {\"half\n\n").end(),
            Reply::json(503, &provider.error("busy")),
        ];
        for (number, reply) in ill.into_iter().enumerate() {
            let upstream = Upstream::always(reply).await;
            let gateway = before(&upstream, provider).await;
            let well = Upstream::always(Reply::streams(client, &["from ", "the other"])).await;
            gateway.add_speaker("other", well.url(), client).await;
            let answer = ask(client).or(&["other:some-model"]).stream(true).send(&gateway).await;
            assert_eq!(answer.header("x-wardgate-attempts"), "2", "{client:?} {provider:?} {number}");
            assert_eq!(answer.header("x-wardgate-provider"), "other");
            assert_eq!(answer.text(), client.stream(&["from ", "the other"]).concat(), "one's own format passes as it is");
            assert_eq!(gateway.usage(2).await[0]["completion"], "failed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attempt_is_written_anew() {
    for (client, provider) in pairs() {
        let own = Upstream::always(Reply::json(500, &client.error("ill"))).await;
        let gateway = before(&own, client).await;
        let foreign = Upstream::always(Reply::streams(provider, &["hello"])).await;
        gateway.add_speaker("other", foreign.url(), provider).await;
        let answer = ask(client).or(&["other:some-model"]).stream(true).send(&gateway).await;
        assert_eq!(read(client, &answer, true).text, "hello", "{client:?} {provider:?}");
        check_asked(&foreign, provider, true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_answers_are_a_502_in_the_clients_form() {
    for (client, provider) in pairs() {
        for body in ["", "<html>", "{\"half", "[]", "{}"] {
            let upstream = Upstream::always(Reply::whole(200, "application/json", body)).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).send(&gateway).await;
            assert_eq!(answer.status, 502, "{client:?} {provider:?} {body:?}: {}", answer.text());
            assert_eq!(client.error_code(&answer.json()), "upstream_unreadable");
            let event = &gateway.usage(1).await[0];
            assert_eq!((&event["completion"], &event["statusCode"]), (&"failed".into(), &200.into()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_answer_to_a_request_for_a_stream_is_told_as_a_stream() {
    for (client, provider) in pairs() {
        // It may be long.
        let said = "all at once ".repeat(6_000);
        let upstream = Upstream::always(Reply::says(provider, &said)).await;
        let gateway = before(&upstream, provider).await;
        let answer = ask(client).stream(true).send(&gateway).await;
        assert!(read(client, &answer, true).text == said, "{client:?} {provider:?}");
        assert_eq!(gateway.usage(1).await[0]["outputTokens"], 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losses_are_named_or_refused_where_nothing_may_be_lost() {
    // A field that this gateway has never heard of.
    for (client, provider) in pairs() {
        let upstream = Upstream::always(Reply::says(provider, "hello")).await;
        let gateway = before(&upstream, provider).await;
        let asked = ask(client).field("odd_one", 1);
        let answer = asked.send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-warnings")), (200, "unknown_field;odd_one"));
        until("the loss in the log", DEADLINE, async || gateway.log_text().contains(r#""lost":"unknown_field;odd_one""#)).await;
        let strict = asked.header("x-wardgate-strict", "true").send(&gateway).await;
        assert_eq!((strict.status, client.error_code(&strict.json()).as_str()), (400, "unknown_field"), "{client:?}");
        assert_eq!(upstream.seen().len(), 1, "nothing was sent the second time");
        assert!(strict.json()["error"]["message"].as_str().unwrap().contains("odd_one"));
        assert_eq!(gateway.usage(1).await.len(), 1, "what was not sent is no attempt");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_format_can_say_is_refused_by_its_path_or_left_to_one_that_can() {
    let upstream = Upstream::always(Reply::says(Dialect::Messages, "hello")).await;
    let gateway = before(&upstream, Dialect::Messages).await;
    let audio =
        json!([{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]}]);
    let asked = ask(Dialect::Chat).field("messages", audio);
    let answer = asked.send(&gateway).await;
    let error = answer.json()["error"].clone();
    assert_eq!((answer.status, &error["code"]), (400, &"unsupported_modality".into()), "{error}");
    assert_eq!(error["param"], "messages[0].content[0]");
    assert!(upstream.seen().is_empty());
    let own = Upstream::always(Reply::says(Dialect::Chat, "heard")).await;
    gateway.add_speaker("other", own.url(), Dialect::Chat).await;
    let answer = asked.or(&["other:m"]).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "1"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_providers_own_surface_in_the_clients_format_is_preferred() {
    let upstream = crate::scene::bilingual().await;
    let gateway = crate::gateway(&upstream).await;
    for client in Dialect::ALL {
        assert_eq!(Ask::new(client, "up:m").send(&gateway).await.json(), client.whole("hello"));
    }
    let targets: Vec<_> = upstream.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/v1/chat/completions", "/v1/messages"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nasty_answers_are_a_502_in_the_clients_form_and_counted_once_each() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let zipped = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab\x56\x2a".to_vec();
    for (client, provider) in pairs() {
        let member = |name: &str| format!(r#"{{"{name}":{deep}}}"#);
        let whole = provider.whole("half").to_string();
        let nasty: [Vec<u8>; 7] = [
            deep.clone().into_bytes(),
            member("choices").into_bytes(),
            member("content").into_bytes(),
            zipped.clone(),
            b"\0\0\0\0".to_vec(),
            [whole.as_bytes(), b"}"].concat(),
            whole.replace("half", "\\ud800\u{0}").into_bytes(),
        ];
        let count = nasty.len();
        let upstream = Upstream::queue(nasty.map(|body| Reply::whole(200, "application/json", body))).await;
        let gateway = before(&upstream, provider).await;
        for number in 0..count {
            let answer = ask(client).send(&gateway).await;
            let what = format!("{client:?} to {provider:?}: {number}: {}", answer.text());
            assert_eq!((answer.status, client.error_code(&answer.json()).as_str()), (502, "upstream_unreadable"), "{what}");
        }
        let events = gateway.usage(count).await;
        assert!(events.iter().all(|event| event["completion"] == "failed"), "{client:?} to {provider:?}");
    }
}

/// Clients divide by it. The ledger has the same numbers, as an estimate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_that_nobody_told_is_reckoned_for_the_client() {
    let without = |text: &str| text.replace("\"usage\"", "\"unknown\"").replace("\"usageMetadata\"", "\"unknown\"");
    for (client, provider) in pairs() {
        for is_stream in [false, true] {
            let what = format!("{client:?} to {provider:?}, stream {is_stream}");
            let reply = if is_stream {
                Reply::events(
                    &provider.stream(&["Good ", "day, all of you"]).iter().map(|event| without(event)).collect::<Vec<_>>(),
                )
            } else {
                Reply::whole(200, "application/json", without(&provider.whole("Good day, all of you").to_string()))
            };
            let upstream = Upstream::always(reply).await;
            let gateway = before(&upstream, provider).await;
            let answer = ask(client).stream(is_stream).send(&gateway).await;
            let said = read(client, &answer, is_stream);
            let event = &gateway.usage(1).await[0];
            let counted = [&event["inputTokensEstimate"], &event["outputTokensEstimate"]].map(|count| count.as_u64().unwrap());
            assert_eq!(said.tokens, Some((counted[0], counted[1])), "{what}: {event} {}", answer.text());
            assert!(counted[0] > 0 && counted[1] > 0 && event["usageEstimated"] == true, "{what}: {event}");
            // A stream's headers may be gone by then.
            assert!(is_stream || answer.header("x-wardgate-warnings") == "usage_estimated;usage", "{what}");
        }
    }
}

/// Whoever did not ask for usage gets none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_stream_has_usage_for_those_alone_who_asked() {
    for provider in PROVIDERS.into_iter().filter(|provider| *provider != Dialect::Chat) {
        let upstream = Upstream::always(Reply::streams(provider, &["Good ", "day"])).await;
        let gateway = before(&upstream, provider).await;
        for client in [Dialect::Chat, Dialect::Completions] {
            let answer = Ask::new(client, "up:some-model").stream(true).send(&gateway).await;
            assert_eq!(read(client, &answer, true).tokens, None, "{client:?} to {provider:?}: {}", answer.text());
        }
    }
}
