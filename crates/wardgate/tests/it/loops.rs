//! Addresses that a provider of one's own must not have.

use crate::{ask, dev, serve};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_testkit::{Dialect, Reply, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_calls_itself_notices() {
    let gateway = dev().start().await;
    let own_url = gateway.ready()["gateway_url"].as_str().unwrap().to_owned();
    gateway.add_provider("up", &own_url).await;
    gateway.add_provider_key("up", &gateway.key().token.clone()).await;
    for dialect in Dialect::ALL {
        for is_stream in [false, true] {
            let started = Instant::now();
            let answer = ask(dialect).stream(is_stream).send(&gateway).await;
            assert_eq!(answer.status, 502, "{}", answer.text());
            let _ = dialect.error_code(&answer.json());
            assert!(answer.text().contains("custom provider points to this gateway"), "{}", answer.text());
            assert_eq!(answer.header("x-wardgate-attempts"), "1");
            assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_in_a_ring_come_to_an_end() {
    let (one, two) = (dev().start().await, dev().start().await);
    one.add_provider("up", two.ready()["gateway_url"].as_str().unwrap()).await;
    one.add_provider_key("up", &two.key().token).await;
    two.add_provider("up", one.ready()["gateway_url"].as_str().unwrap()).await;
    two.add_provider_key("up", &one.key().token).await;
    // Each takes a prefix off the name, so the first one's own model comes back to it.
    let asked = wardgate_testkit::Ask::new(Dialect::Chat, "up:up:up:up:up:up:up:up:up:up:m");
    let answer = asked.send(&one).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let attempts = one.metric("wardgate_attempts_total").await + two.metric("wardgate_attempts_total").await;
    assert!(attempts <= 4, "{attempts} calls before anybody noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_operator_does_not_list_is_not_called() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    let port = upstream.url().rsplit(':').next().unwrap().to_owned();
    let gateway = serve().start().await;
    let hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1", "169.254.169.254"];
    for (number, host) in hosts.into_iter().enumerate() {
        let name = format!("up-{number}");
        let body = serde_json::json!({"providerId": name, "name": name, "baseUrl": format!("http://{host}:{port}")});
        let made = gateway.manage("POST".parse().unwrap(), "/providers", Some(&body)).await;
        if made.status == 400 {
            continue;
        }
        let started = Instant::now();
        let answer = wardgate_testkit::Ask::new(Dialect::Chat, &format!("{name}:m")).send(&gateway).await;
        assert_eq!(answer.status, 502, "{host}: {}", answer.text());
        assert_eq!(Dialect::Chat.error_code(&answer.json()), "upstream_unreachable");
        assert!(started.elapsed() < Duration::from_secs(3), "{host}: {:?}", started.elapsed());
    }
    assert_eq!(upstream.connections(), 0, "somebody called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed() {
    let elsewhere = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/v1/chat/completions", elsewhere.url());
        let upstream = Upstream::always(Reply::with_headers(status, &[("location", &location)], "")).await;
        let gateway = crate::gateway(&upstream).await;
        assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 502, "{status}");
    }
    assert_eq!(elsewhere.connections(), 0);
}
