//! A provider that answers whole although a stream was asked for: the client gets its stream all the same.

use crate::{dev, scene::forget_health};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Upstream};

const ALL: [Dialect; 5] = [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Gemini, Dialect::Completions];

async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

fn ask(dialect: Dialect) -> Ask {
    Ask::new(dialect, "up:some-model").stream(true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_as_one_of_the_same_format() {
    for dialect in ALL {
        // Servers write their JSON over several lines, too.
        let body = serde_json::to_string_pretty(&dialect.whole("Good day")).unwrap();
        let upstream = Upstream::always(Reply::whole(200, "application/json", body)).await;
        let gateway = before(&upstream, dialect).await;
        let answer = ask(dialect).send(&gateway).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"), "{dialect:?}");
        let said = dialect.read_stream(&answer.text());
        assert_eq!((said.text.as_str(), answer.header("x-wardgate-attempts")), ("Good day", "1"), "{dialect:?}");
        let event = &gateway.usage(1).await[0];
        assert_eq!((&event["completion"], &event["usageEstimated"]), (&"succeeded".into(), &false.into()), "{dialect:?}");
        let counted = [&event["inputTokens"], &event["outputTokens"]].map(Value::as_u64);
        assert_eq!(counted, [Some(12), Some(3)], "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_tools_are_told_as_well() {
    for dialect in ALL.into_iter().filter(|dialect| *dialect != Dialect::Completions) {
        let upstream = Upstream::always(Reply::json(200, &dialect.whole_call("weather", r#"{"city":"Rome"}"#))).await;
        let gateway = before(&upstream, dialect).await;
        let answer = ask(dialect).tool("weather", &json!({"type": "object"})).send(&gateway).await;
        let said = dialect.read_stream(&answer.text());
        assert_eq!(said.calls, [("weather".to_owned(), json!({"city": "Rome"}))], "{dialect:?}: {}", answer.text());
        assert!(said.is_for_tools, "{dialect:?}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_comes_to_those_who_asked_for_it() {
    for dialect in [Dialect::Chat, Dialect::Completions] {
        let upstream = Upstream::always(Reply::says(dialect, "Good day")).await;
        let gateway = before(&upstream, dialect).await;
        for wants_usage in [true, false] {
            let answer = ask(dialect).field("stream_options", json!({"include_usage": wants_usage})).send(&gateway).await;
            let tokens = dialect.read_stream(&answer.text()).tokens;
            assert_eq!(tokens, wants_usage.then_some((12, 3)), "{dialect:?}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gemini_without_events_gets_one_array() {
    let upstream = Upstream::always(Reply::says(Dialect::Gemini, "Good day")).await;
    let gateway = before(&upstream, Dialect::Gemini).await;
    let answer = ask(Dialect::Gemini).target("/v1beta/models/up:some-model:streamGenerateContent").send(&gateway).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{}", answer.text());
    assert_eq!(answer.json(), json!([Dialect::Gemini.whole("Good day")]));
}

/// Before the first byte it is a failed attempt like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_in_its_place_is_no_answer() {
    for dialect in ALL {
        let ill = [
            Reply::json(200, &dialect.error("ill")),
            Reply::json(200, &json!({"base_resp": {"status_code": 1_002, "status_msg": "ill"}})),
            Reply::json(200, &json!({})),
            Reply::whole(200, "application/json", "{\"choices\": [{\"mess"),
        ];
        let ill = Upstream::queue(ill.iter().flat_map(|reply| [reply.clone(), reply.clone()])).await;
        let well = Upstream::always(Reply::streams(dialect, &["from the other"])).await;
        let gateway = before(&ill, dialect).await;
        gateway.add_speaker("well", well.url(), dialect).await;
        for number in 0..4 {
            forget_health(&gateway).await;
            let alone = ask(dialect).send(&gateway).await;
            assert!(alone.status >= 400, "{dialect:?} {number}: {}", alone.text());
            forget_health(&gateway).await;
            if dialect == Dialect::Gemini {
                // Its requests name one model, and nobody else.
                continue;
            }
            let answer = ask(dialect).or(&["well:m"]).send(&gateway).await;
            assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "well"), "{dialect:?} {number}");
            assert_eq!(dialect.read_stream(&answer.text()).text, "from the other", "{dialect:?} {number}");
        }
    }
}
