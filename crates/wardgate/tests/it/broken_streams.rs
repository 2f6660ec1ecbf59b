//! Streams that break after their first content: what was said is kept, and the break is told. Nothing looks like an end.

use crate::{ask, dev, gateway, started};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_testkit::{Dialect, Gate, Reply, Upstream};

/// Far below the time of a sign of life, which would end a wait as well.
const SOON: Duration = Duration::from_secs(5);

async fn check(dialect: Dialect, what: &str, break_off: impl Fn(Reply) -> Reply, code: &str) {
    let begin = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("some text"));
    let upstream = Upstream::always(break_off(begin)).await;
    let gateway = started(dev().with("--idle-event-timeout", "300ms"), &upstream).await;
    // There is another one, which must not be asked.
    let other = Upstream::always(Reply::streams(dialect, &["never"])).await;
    gateway.add_provider("other", other.url()).await;
    let started = Instant::now();
    let answer = ask(dialect).or(&["other:m"]).stream(true).send(&gateway).await;
    assert!(started.elapsed() < SOON, "{what}: told after {:?}", started.elapsed());
    let text = answer.text();
    assert_eq!(answer.status, 200, "{what}: {text}");
    let said = format!("{}{}", dialect.opening(), dialect.content("some text"));
    assert!(text.starts_with(&said), "{what}: {text}");
    assert_eq!(dialect.stream_error(&text)["code"], code, "{what}: {text}");
    assert!(!text.contains("half of"), "{what}: half an event passed: {text}");
    assert!(other.seen().is_empty(), "{what}");
    let events = gateway.usage(1).await;
    assert_eq!((&events[0]["completion"], &events[0]["isError"]), (&"stream_failed".into(), &true.into()), "{what}");
    assert_eq!(events[0]["usageEstimated"], true, "{what}: something was used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_break() {
    for dialect in Dialect::ALL {
        check(dialect, "a cut", |reply| reply.close(), "upstream_truncated").await;
        check(dialect, "a reset", |reply| reply.reset(), "upstream_truncated").await;
        check(dialect, "a clean early end", |reply| reply.end(), "upstream_truncated").await;
        check(dialect, "a cut inside an event", |reply| reply.chunk("data: {\"half of").close(), "upstream_truncated").await;
        let event = dialect.error_event("it broke");
        check(dialect, "an error event", |reply| reply.chunk(&event).end(), "upstream_error").await;
        check(dialect, "an error event and a hang", |reply| reply.chunk(&event).hang(), "upstream_error").await;
        let nonsense = "data: {\"half of: nonsense}\n\n";
        check(dialect, "a malformed event", |reply| reply.chunk(nonsense).chunk(dialect.ending()).end(), "upstream_unreadable")
            .await;
        check(dialect, "silence", |reply| reply.hang(), "upstream_timeout").await;
        check(dialect, "silence inside an event", |reply| reply.chunk("data: {\"half of").hang(), "upstream_timeout").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_dies() {
    for dialect in Dialect::ALL {
        let begin = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("some text"));
        let upstream = Upstream::always(begin.hang()).await;
        let gateway = gateway(&upstream).await;
        let mut streaming = ask(dialect).stream(true).open(&gateway).await;
        let mut text = streaming.read_until("some text").await;
        upstream.kill();
        text.push_str(&streaming.whole().await.text());
        assert_eq!(dialect.stream_error(&text)["code"], "upstream_truncated");
        assert_eq!(gateway.usage(1).await[0]["completion"], "stream_failed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_of_life_come_in_silence_and_between_events() {
    for dialect in Dialect::ALL {
        let (sign, gate) = (if dialect == Dialect::Chat { ": keep-alive\n\n" } else { "event: ping\n" }, Gate::closed());
        let event = dialect.content("second");
        let (first_half, second_half) = event.split_at(event.len() / 2);
        let reply = Reply::begin_stream()
            .chunk(dialect.opening())
            .chunk(dialect.content("first"))
            .chunk(first_half)
            .wait_for(&gate)
            .chunk(second_half)
            .chunk(dialect.ending())
            .end();
        let upstream = Upstream::always(reply).await;
        let gateway = started(dev().with("--keep-alive-after", "50ms"), &upstream).await;
        let mut streaming = ask(dialect).stream(true).open(&gateway).await;
        let mut text = String::new();
        while text.matches(sign).count() < 3 {
            text.push_str(&String::from_utf8_lossy(&streaming.next().await.unwrap()));
        }
        gate.open();
        text.push_str(&streaming.whole().await.text());
        assert!(text.contains(&event), "an event was torn: {text}");
        assert!(text.contains(dialect.end_marker()), "{text}");
        assert_eq!(gateway.usage(1).await[0]["completion"], "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_behind_the_end_marker_harms_nobody() {
    for dialect in Dialect::ALL {
        let whole = dialect.stream(&["hello"]).concat();
        for reply in [
            Reply::begin_stream().chunk(&whole).close(),
            Reply::begin_stream().chunk(&whole).reset(),
            Reply::begin_stream().chunk(&whole).hang(),
            Reply::begin_stream().chunk(&whole).chunk("\n: bye\n\n").end(),
        ] {
            let upstream = Upstream::always(reply).await;
            let gateway = gateway(&upstream).await;
            let started = Instant::now();
            let answer = ask(dialect).stream(true).send(&gateway).await;
            assert!(started.elapsed() < SOON, "the answer ended after {:?}", started.elapsed());
            assert!(answer.text().contains(dialect.end_marker()) && !answer.text().contains("error"), "{}", answer.text());
            assert_eq!(gateway.usage(1).await[0]["completion"], "succeeded");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_an_end_marker_but_with_a_reason_is_whole() {
    let chunk = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let reply = Reply::begin_stream().chunk(Dialect::Chat.content("hello")).chunk(chunk).wait(Duration::from_millis(10)).end();
    let upstream = Upstream::always(reply).await;
    let gateway = gateway(&upstream).await;
    let answer = ask(Dialect::Chat).stream(true).send(&gateway).await;
    assert!(!answer.text().contains("error"), "{}", answer.text());
    assert_eq!(gateway.usage(1).await[0]["completion"], "succeeded");
}
