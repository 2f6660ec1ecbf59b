//! What there is room for, and what those are told for whom there is none.

use crate::{ask, dev, started};
use wardgate_testkit::{DEADLINE, Dialect, Gate, Reply, Upstream, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_once() {
    for dialect in Dialect::ALL {
        let gate = Gate::closed();
        let begin = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("first"));
        let upstream = Upstream::always(begin.wait_for(&gate).chunk(dialect.ending()).end()).await;
        let gateway = started(dev().with("--in-flight-max", "1"), &upstream).await;
        let mut streaming = ask(dialect).stream(true).open(&gateway).await;
        let _ = streaming.read_until("first").await;
        let refused = ask(dialect).send(&gateway).await;
        let status = if dialect == Dialect::Chat { 503 } else { 529 };
        assert_eq!((refused.status, dialect.error_code(&refused.json()).as_str()), (status, "gateway_busy"));
        assert_eq!(refused.header("retry-after"), "1");
        gate.open();
        assert!(streaming.whole().await.text().contains(dialect.end_marker()));
        // The place is free again, and the refused request took nothing.
        assert_eq!(ask(dialect).stream(true).send(&gateway).await.status, 200);
        assert_eq!(upstream.seen().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_at_once() {
    let gateway = dev().with("--connections-max", "2").start().await;
    let (first, _second) = (gateway.client().connect().await, gateway.client().connect().await);
    until("two connections", DEADLINE, async || gateway.metric("wardgate_connections").await == 2).await;
    // The third waits its turn.
    let client = gateway.client();
    let third = tokio::spawn(async move { client.send("GET".parse().unwrap(), "/", &[], "").await.status });
    drop(first);
    assert_eq!(third.await.unwrap(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_for_bodies() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = started(dev().with("--memory-bytes-max", "1MiB"), &upstream).await;
    let large = format!(r#"{{"model":"up:m","x":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    let refused = ask(Dialect::Chat).body(large).send(&gateway).await;
    assert_eq!((refused.status, Dialect::Chat.error_code(&refused.json()).as_str()), (503, "gateway_busy"));
    for _ in 0..20 {
        let fits = format!(r#"{{"model":"up:m","x":"{}"}}"#, "x".repeat(200 * 1024));
        assert_eq!(ask(Dialect::Chat).body(fits).send(&gateway).await.status, 200);
    }
    assert_eq!(gateway.metric("wardgate_body_bytes").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_too_large() {
    let mut whole = Dialect::Chat.whole("hello");
    whole["x"] = "x".repeat(200 * 1024).into();
    let upstream = Upstream::always(Reply::json(200, &whole)).await;
    let gateway = started(dev().with("--reply-bytes-max", "100KiB"), &upstream).await;
    let answer = ask(Dialect::Chat).send(&gateway).await;
    assert_eq!((answer.status, Dialect::Chat.error_code(&answer.json()).as_str()), (502, "upstream_unreadable"));
}
