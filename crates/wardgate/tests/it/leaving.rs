//! The client leaves: so does the gateway, at once, and it writes down what was used.

use crate::{ask, gateway};
use std::time::Duration;
use wardgate_testkit::{Dialect, Reply, Upstream};

/// How soon the provider has to notice.
const SOON: Duration = Duration::from_secs(2);

/// The client sends its request, sees `text` if there is one, and leaves.
async fn check(dialect: Dialect, is_stream: bool, is_h2: bool, reply: Reply, text: Option<&str>) {
    let upstream = Upstream::always(reply).await;
    let gateway = gateway(&upstream).await;
    let client = if is_h2 { gateway.client().h2() } else { gateway.client() };
    let ask = ask(dialect).stream(is_stream);
    match text {
        Some(text) => drop(ask.open_by(&client, &gateway).await.read_until(text).await),
        None => {
            let leaving = upstream.wait_for_requests(1);
            tokio::select! {
                _ = ask.open_by(&client, &gateway) => panic!("there is no answer to be had"),
                () = leaving => {}
            }
        }
    }
    upstream.wait_for_gone(1, SOON).await;
    let events = gateway.usage(1).await;
    assert_eq!((&events[0]["completion"], &events[0]["isFinalAttempt"]), (&"client_closed".into(), &true.into()));
    assert_eq!(events[0]["usageEstimated"].as_bool(), Some(text.is_some()), "{events:?}");
    // The line is written behind the event, and takes its own way here.
    let is_told = async || gateway.log_text().contains("client_closed");
    wardgate_testkit::until("a line that says so", wardgate_testkit::DEADLINE, is_told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_byte() {
    for dialect in Dialect::ALL {
        for is_h2 in [false, true] {
            check(dialect, false, is_h2, Reply::silence().hang(), None).await;
            check(dialect, true, is_h2, Reply::begin_stream().chunk(dialect.opening()).hang(), None).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_mid_stream() {
    for dialect in Dialect::ALL {
        for is_h2 in [false, true] {
            let reply = Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("some text")).hang();
            check(dialect, true, is_h2, reply, Some("some text")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_waiting_for_a_quota() {
    let upstream = Upstream::always(Reply::with_headers(429, &[("retry-after", "4")], "{}")).await;
    let gateway = gateway(&upstream).await;
    let ask = ask(Dialect::Chat);
    // The gateway has read the refusal, and waits, once it remembers it of the provider.
    let is_known = async || gateway.manage("GET".parse().unwrap(), "/health", None).await.text().contains("\"class\":\"out\"");
    tokio::select! {
        _ = ask.open(&gateway) => panic!("there is no answer to be had"),
        () = wardgate_testkit::until("a refusal that is known", wardgate_testkit::DEADLINE, is_known) => {}
    }
    let events = gateway.usage(1).await;
    assert_eq!((&events[0]["completion"], &events[0]["isFinalAttempt"]), (&"failed".into(), &true.into()));
    gateway.settle().await;
    assert_eq!(upstream.seen().len(), 1);
}
