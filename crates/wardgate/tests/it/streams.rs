//! Streams as they should be: at once, many at a time, one after another.

use crate::{ask, gateway};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wardgate_testkit::{Dialect, Gate, Reply, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_comes_when_it_is_there() {
    for dialect in Dialect::ALL {
        let gate = Gate::closed();
        let mut reply = Reply::begin_stream().chunk(dialect.opening());
        for number in 0..5 {
            reply = reply.chunk(dialect.content(&format!("word {number};"))).wait_for(&gate);
        }
        let upstream = Upstream::always(reply.chunk(dialect.ending()).end()).await;
        let gateway = gateway(&upstream).await;
        let mut streaming = ask(dialect).stream(true).open(&gateway).await;
        for number in 0..5 {
            let got = streaming.read_until(&format!("word {number};")).await;
            assert!(!got.contains(&format!("word {}", number + 1)));
            gate.let_one_pass();
        }
        assert!(streaming.whole().await.text().contains(dialect.end_marker()));
    }
}

/// Engines and proxies call their streams by all sorts of names, or by none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_known_by_how_it_begins() {
    for dialect in Dialect::ALL {
        for media_type in ["text/plain", "application/json", ""] {
            let events = dialect.stream(&["some ", "words"]);
            let begin = Reply::begin_stream_of(media_type).chunk("\r\n");
            let upstream = Upstream::always(events.iter().fold(begin, Reply::chunk).end()).await;
            let answer = ask(dialect).stream(true).send(&gateway(&upstream).await).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"), "{dialect:?} {media_type}");
            assert_eq!(dialect.read_stream(&answer.text()).text, "some words", "{dialect:?} {media_type}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_at_once() {
    let words: Vec<String> = (0..60).map(|number| format!("word {number} ")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let gate = Gate::closed();
    let dialect = Dialect::Messages;
    let events = dialect.stream(&words);
    let reply = Reply::begin_stream().chunk(events[..10].concat()).wait_for(&gate);
    let reply = events[10..].iter().fold(reply, |reply, event| reply.chunk(event)).end();
    let upstream = Upstream::always(reply).await;
    let gateway = gateway(&upstream).await;
    let mut streams = JoinSet::new();
    for _ in 0..300 {
        let (headers, body) = ask(dialect).stream(true).parts(&gateway);
        let client = gateway.client();
        streams.spawn(async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let method = "POST".parse().unwrap();
            client.connect().await.open(method, dialect.path(), &headers, body).await.whole().await.text()
        });
    }
    // All of them are open at one time.
    upstream.wait_for_requests(300).await;
    wardgate_testkit::until("300 open streams", wardgate_testkit::DEADLINE, async || {
        gateway.metric("wardgate_open_streams").await == 300
    })
    .await;
    gate.open();
    let expected = events.concat();
    while let Some(text) = streams.join_next().await {
        assert_eq!(text.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reused_connection_does_not_wait_for_acknowledgments() {
    const ROUNDS: u32 = 20;
    for dialect in Dialect::ALL {
        let upstream = Upstream::always(Reply::streams(dialect, &["a", "b", "c", "d"])).await;
        let gateway = gateway(&upstream).await;
        let (headers, body) = ask(dialect).stream(true).parts(&gateway);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut connection = gateway.client().connect().await;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let answer = connection.send("POST".parse().unwrap(), dialect.path(), &headers, body.clone()).await.whole().await;
            times.push(started.elapsed());
            assert!(answer.text().contains(dialect.end_marker()));
        }
        // A delayed acknowledgment costs 40 ms each time; a busy machine costs some rounds some time.
        times.sort_unstable();
        assert!(times[times.len() / 2] < Duration::from_millis(30), "{times:?}");
        assert_eq!(upstream.connections(), 1, "the provider's connection is used again");
    }
}
