//! Requests below the level of HTTP libraries: slow, huge, or meaning one thing to us and another to someone else.

use crate::{ask, dev, gateway, started};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use wardgate_testkit::{DEADLINE, Dialect, Gateway, Reply, Upstream};

/// How long a connection may outlive its limit of a second on a busy machine.
const GRACE: Duration = Duration::from_secs(4);

async fn is_well(gateway: &Gateway) -> bool {
    ask(Dialect::Chat).send(gateway).await.status == 200
}

async fn socket(gateway: &Gateway) -> TcpStream {
    TcpStream::connect(gateway.ready()["gateway_url"].as_str().unwrap().trim_start_matches("http://")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_drips() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = started(dev().with("--head-timeout", "1s"), &upstream).await;
    let mut slow = socket(&gateway).await;
    let (mut from, mut to) = slow.split();
    let started = Instant::now();
    let drip = async {
        for byte in "POST /v1/chat/completions HTTP/1.1\r\nx: ".bytes().chain(std::iter::repeat(b'y')) {
            if to.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        _ = from.read_to_end(&mut rest) => {}
        () = drip => {}
        () = tokio::time::sleep(DEADLINE) => panic!("the connection is still open"),
    }
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(1) + GRACE, "{took:?}");
    assert!(is_well(&gateway).await);
}

/// Telling the versions of HTTP apart must not be a way around the time that a head has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_a_preface_and_nothing_more() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = started(dev().with("--head-timeout", "1s"), &upstream).await;
    let mut slow = socket(&gateway).await;
    slow.write_all(b"PRI").await.unwrap();
    let closed = timeout(DEADLINE, slow.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "the connection is still open");
    assert!(is_well(&gateway).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_large() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let heads = [
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "y".repeat(200 * 1024)),
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\n{}\r\n", "x: y\r\n".repeat(1_000)),
        format!("GET /{} HTTP/1.1\r\nhost: h\r\n\r\n", "y".repeat(200 * 1024)),
    ];
    for head in heads {
        let answer = gateway.client().raw(&head).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        // The client may still be sending when the connection ends, and then sees nothing.
        assert!(["431", "400", "414", ""].contains(&status), "{answer}");
        assert!(is_well(&gateway).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_a_row_without_waiting() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let body = r#"{"model":"up:m"}"#;
    let request = |connection: &str| {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nconnection: {connection}\r\ncontent-length: {}\r\n\r\n{body}",
            gateway.key().token,
            body.len()
        )
    };
    let answer = gateway.client().raw([request("keep-alive"), request("keep-alive"), request("close")].concat()).await;
    assert_eq!((answer.matches("HTTP/1.1 200 OK").count(), answer.matches("\"hello\"").count()), (3, 3), "{answer}");
    assert_eq!(upstream.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn framing_that_can_be_read_in_two_ways() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let body = r#"{"model":"up:m"}"#;
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let smuggled = "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nx-smuggled: 1\r\ncontent-length: 0\r\n\r\n";
    let cases = [
        ("length and chunks", format!("content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n{chunked}{smuggled}")),
        ("chunks and length", format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n{chunked}{smuggled}")),
        ("two lengths", format!("content-length: {length}\r\ncontent-length: {}\r\n\r\n{body}", length + 1)),
        ("a list of lengths", format!("content-length: {length}, {}\r\n\r\n{body}", length + 1)),
        ("a length with a sign", format!("content-length: +{length}\r\n\r\n{body}")),
        ("a length in hex", format!("content-length: 0x{length:x}\r\n\r\n{body}")),
        ("a negative length", format!("content-length: -1\r\n\r\n{body}")),
        ("another encoding", format!("transfer-encoding: xchunked\r\n\r\n{chunked}")),
        ("chunked, but not last", format!("transfer-encoding: chunked, identity\r\n\r\n{chunked}")),
        ("chunked in disguise", format!("transfer-encoding: \u{b}chunked\r\n\r\n{chunked}")),
        ("a space before the colon", format!("content-length : {length}\r\n\r\n{body}")),
        ("a folded line", format!("x-fold: a\r\n b\r\ncontent-length: {length}\r\n\r\n{body}")),
        ("a folded encoding", format!("transfer-encoding:\r\n chunked\r\n\r\n{chunked}")),
        ("a NUL", format!("x-nul: a\0b\r\ncontent-length: {length}\r\n\r\n{body}")),
        ("a lone CR", format!("x-cr: a\rb\r\ncontent-length: {length}\r\n\r\n{body}")),
        ("a chunk that ends in a bare LF", format!("transfer-encoding: chunked\r\n\r\n{length:x}\n{body}\r\n0\r\n\r\n")),
        ("a chunk that is too long", format!("transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{body}\r\n0\r\n\r\n")),
        ("a chunk of negative length", format!("transfer-encoding: chunked\r\n\r\n-5\r\n{body}\r\n0\r\n\r\n")),
    ];
    for (what, rest) in cases {
        let before = upstream.seen().len();
        let head =
            format!("POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\n", gateway.key().token);
        let mut connection = socket(&gateway).await;
        connection.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(DEADLINE, connection.read_to_end(&mut answer)).await.unwrap_or_else(|_| panic!("{what}: no end"));
        let answer = String::from_utf8_lossy(&answer);
        let seen = upstream.seen();
        assert!(seen.len() <= before + 1 && !format!("{seen:?}").contains("smuggled"), "{what}: {answer}");
        // Refused; or read in the one way that the standard names, and sent on in a framing of our own.
        let is_refused = answer.starts_with("HTTP/1.1 400") || answer.is_empty();
        let is_own = seen.len() == before + 1 && seen[before].body == br#"{"model":"m"}"# && !answer.contains("401");
        assert!(is_refused && seen.len() == before || is_own, "{what}: {answer}");
        let must_be_refused = !["length and chunks", "chunks and length", "a folded line", "a folded encoding"].contains(&what);
        assert!(is_refused || !must_be_refused, "{what}: {answer}");
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{what}: the rest was taken for a request: {answer}");
    }
    assert!(is_well(&gateway).await);
}
