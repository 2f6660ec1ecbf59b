//! SIGTERM: nobody is dropped who can still be served, and nobody is waited for too long.

use crate::{ask, dev, started};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_testkit::{DEADLINE, Dialect, Gate, Reply, Upstream, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_runs_to_its_end() {
    for dialect in Dialect::ALL {
        for is_h2 in [false, true] {
            let gate = Gate::closed();
            let begin = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("before"));
            let reply = begin.wait_for(&gate).chunk(dialect.content("after")).chunk(dialect.ending()).end();
            let upstream = Upstream::always(reply).await;
            let gateway = started(dev(), &upstream).await;
            let client = if is_h2 { gateway.client().h2() } else { gateway.client() };
            let idle = gateway.client().connect().await;
            let mut streaming = ask(dialect).stream(true).open_by(&client, &gateway).await;
            let _ = streaming.read_until("before").await;
            gateway.terminate().await;
            until("no new connections", DEADLINE, async || !client.can_connect().await).await;
            let ready = gateway.admin().send("GET".parse().unwrap(), "/readyz", &[], "").await;
            assert_eq!(ready.status, 503, "{}", ready.text());
            gate.open();
            let rest = streaming.whole().await.text();
            assert!(rest.contains("after") && rest.contains(dialect.end_marker()), "{rest}");
            let data = gateway.data();
            let (status, log) = gateway.ended().await;
            assert!(status.success(), "{status}: {log}");
            drop(idle);
            // What was used is not forgotten.
            let gateway = dev().on_data(data, 1).start().await;
            let events = gateway.usage(1).await;
            assert_eq!((&events[0]["completion"], &events[0]["outputTokens"]), (&"succeeded".into(), &3.into()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_end_is_told() {
    for dialect in Dialect::ALL {
        let begin = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("before"));
        let upstream = Upstream::always(begin.hang()).await;
        let gateway = started(dev().with("--drain", "1s"), &upstream).await;
        let mut streaming = ask(dialect).stream(true).open(&gateway).await;
        let mut text = streaming.read_until("before").await;
        // Nothing came for this one yet, and nothing will.
        let waiting = Upstream::always(Reply::silence().hang()).await;
        gateway.add_provider("waiting", waiting.url()).await;
        let (headers, body) = wardgate_testkit::Ask::new(dialect, "waiting:m").parts(&gateway);
        let client = gateway.client();
        let unanswered = tokio::spawn(async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            client.connect().await.open("POST".parse().unwrap(), dialect.path(), &headers, body).await.whole().await
        });
        waiting.wait_for_requests(1).await;
        gateway.terminate().await;
        let started = Instant::now();
        text.push_str(&streaming.whole().await.text());
        assert_eq!(dialect.stream_error(&text)["code"], "upstream_overloaded");
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(900), "it was ended after {took:?}");
        let data = gateway.data();
        let (status, log) = gateway.ended().await;
        assert!(
            status.success() && started.elapsed() < Duration::from_secs(6),
            "{status} after {:?}: {log}",
            started.elapsed()
        );
        let unanswered = unanswered.await.unwrap();
        let status = if dialect == Dialect::Chat { 503 } else { 529 };
        assert_eq!((unanswered.status, dialect.error_code(&unanswered.json()).as_str()), (status, "gateway_stopping"));
        let gateway = dev().on_data(data, 2).start().await;
        let mut ends: Vec<_> = gateway.usage(2).await.iter().map(|event| event["completion"].to_string()).collect();
        ends.sort_unstable();
        assert_eq!(ends, ["\"failed\"", "\"stream_failed\""]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_head_does_not_hold_up_the_end() {
    use tokio::io::AsyncWriteExt;
    let gateway = dev().with("--drain", "1s").start().await;
    let address = gateway.ready()["gateway_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let mut slow = tokio::net::TcpStream::connect(&address).await.unwrap();
    slow.write_all(b"POST /v1/messages HTTP/1.1\r\n").await.unwrap();
    let _idle = tokio::net::TcpStream::connect(&address).await.unwrap();
    until("both connections", DEADLINE, async || gateway.metric("wardgate_connections").await == 2).await;
    let started = Instant::now();
    gateway.terminate().await;
    let (status, log) = gateway.ended().await;
    assert!(status.success() && started.elapsed() < Duration::from_secs(6), "{status} after {:?}: {log}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_does_not_hold_up_the_end() {
    let dialect = Dialect::Chat;
    let flood = dialect.content(&"x".repeat(100_000));
    let reply = (0..400).fold(Reply::begin_stream(), |reply, _| reply.chunk(&flood));
    let upstream = Upstream::always(reply.hang()).await;
    let gateway = started(dev().with("--drain", "1s"), &upstream).await;
    let _unread = ask(dialect).stream(true).open(&gateway).await;
    gateway.terminate().await;
    let (started, data) = (Instant::now(), gateway.data());
    let (status, log) = gateway.ended().await;
    assert!(status.success() && started.elapsed() < Duration::from_secs(10), "{status} after {:?}: {log}", started.elapsed());
    let gateway = dev().on_data(data, 1).start().await;
    // Whether the error still found room on the way to the client depends on how far the flood had come.
    let completion = gateway.usage(1).await[0]["completion"].clone();
    assert!(["client_closed", "stream_failed"].contains(&completion.as_str().unwrap()), "{completion}");
}
