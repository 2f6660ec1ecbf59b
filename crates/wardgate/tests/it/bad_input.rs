//! Requests that are wrong: each gets its answer, in the shape of its API, and no provider hears of it.

use crate::{ask, dev, gateway, started};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Upstream};

async fn check(gateway: &Gateway, dialect: Dialect, ask: &Ask, status: u16, code: &str, message: &str) {
    let answer = ask.send(gateway).await;
    assert_eq!(answer.status, status, "{ask:?}: {}", answer.text());
    let body = answer.json();
    assert_eq!(dialect.error_code(&body), code, "{ask:?}");
    assert_eq!(body["error"]["origin"], "gateway");
    assert!(body["error"]["message"].as_str().unwrap().contains(message), "{ask:?}: {body}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(Some(answer.header("x-wardgate-request-id")), body["request_id"].as_str());
    let of_the_api = if dialect == Dialect::Chat { "x-request-id" } else { "request-id" };
    assert_eq!(answer.header(of_the_api), answer.header("x-wardgate-request-id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    let gateway = gateway(&upstream).await;
    let nested = format!(r#"{{"model":"up:m","x":{}{}}}"#, "[".repeat(300), "]".repeat(300));
    let many = format!(r#"{{"model":"up:m","models":[{}"a"]}}"#, (0..64).map(|n| format!("\"up:{n}\",")).collect::<String>());
    let cases: &[(&str, &str, &str)] = &[
        ("", "invalid_json", ""),
        ("{\"model\":\"up:m\"", "invalid_json", "too early"),
        ("not json", "invalid_json", ""),
        ("{\"model\":\"up:m\"} more", "invalid_json", ""),
        ("[]", "not_an_object", "object"),
        ("null", "not_an_object", ""),
        ("\"x\"", "not_an_object", ""),
        ("5", "not_an_object", ""),
        (&nested, "too_deep", ""),
        ("{}", "missing_model", "model"),
        (r#"{"model":null}"#, "model_not_a_string", ""),
        (r#"{"model":5}"#, "model_not_a_string", ""),
        (r#"{"model":["up:m"]}"#, "model_not_a_string", ""),
        (r#"{"model":""}"#, "empty_model", ""),
        (r#"{"model":"up:a","model":"up:b"}"#, "duplicate_field", "model"),
        (r#"{"model":"up:a","mod\u0065l":"up:b"}"#, "duplicate_field", "model"),
        (r#"{"model":"up:m","models":"up:n"}"#, "invalid_models", "models"),
        (r#"{"model":"up:m","models":[1]}"#, "invalid_models", ""),
        (r#"{"model":"up:m","models":[""]}"#, "invalid_models", ""),
        (&many, "invalid_models", ""),
        (r#"{"models":[]}"#, "missing_model", ""),
        (r#"{"model":"up:m","stream":"yes"}"#, "invalid_stream", "stream"),
        (r#"{"model":"claude-sonnet-4-5-20250930"}"#, "unknown_model", "claude-sonnet-4-5"),
        (r#"{"model":"up:"}"#, "malformed_model", ""),
    ];
    for dialect in Dialect::ALL {
        for (body, code, message) in cases {
            check(&gateway, dialect, &ask(dialect).body(*body), 400, code, message).await;
        }
        check(&gateway, dialect, &ask(dialect).body(b"{\"model\":\"\xff\"}"), 400, "invalid_json", "UTF-8").await;
        check(&gateway, dialect, &ask(dialect).header("content-encoding", "gzip"), 415, "unsupported_encoding", "gzip").await;
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_too_large() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    let gateway = started(dev().with("--body-bytes-max", "100KiB"), &upstream).await;
    // More than sockets buffer, so that an answer without reading on would be lost.
    let large = format!(r#"{{"model":"up:m","x":"{}"}}"#, "x".repeat(8 * 1024 * 1024));
    let token = &gateway.key().token;
    for dialect in Dialect::ALL {
        check(&gateway, dialect, &ask(dialect).body(large.clone()), 413, "body_too_large", "102400").await;
        let head = format!("POST {} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\n", dialect.path());
        let framing = "transfer-encoding: chunked\r\nconnection: close\r\n\r\n";
        let answer = gateway.client().raw(format!("{head}{framing}{:x}\r\n{large}\r\n0\r\n\r\n", large.len())).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("body_too_large"), "{answer}");
        // Who asks first is refused before it sends anything.
        let announced = "content-length: 8000000\r\nexpect: 100-continue\r\n\r\n";
        let answer = gateway.client().raw(format!("{head}{announced}")).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    assert!(upstream.seen().is_empty());
    // The limit itself is allowed.
    let mut fits = br#"{"model":"up:m"}"#.to_vec();
    fits.resize(100 * 1024, b' ');
    assert_eq!(ask(Dialect::Chat).body(fits.clone()).send(&gateway).await.status, 200);
    fits.push(b' ');
    assert_eq!(ask(Dialect::Chat).body(fits).send(&gateway).await.status, 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_and_methods() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    let gateway = gateway(&upstream).await;
    let chat = Dialect::Chat;
    for path in ["/v1/nothing", "/v1", "/v2/messages", "/metrics", "/access-keys", "//v1/messages"] {
        check(&gateway, chat, &ask(chat).target(path), 404, "unknown_path", path).await;
    }
    check(&gateway, chat, &ask(chat).target("/v1/v1/chat/completions"), 404, "unknown_path", "base URL").await;
    let with_version = ask(Dialect::Messages).target("/v1/nothing").header("anthropic-version", "2023-06-01");
    check(&gateway, Dialect::Messages, &with_version, 404, "unknown_path", "/v1/nothing").await;
    let wrong = ["GET", "PUT", "DELETE", "PATCH"].map(|method| (method, chat.path(), "POST"));
    let wrong =
        wrong.iter().chain(&[("GET", "/v1/messages", "POST"), ("POST", "/v1/models", "GET, HEAD"), ("POST", "/", "GET, HEAD")]);
    for (method, path, allowed) in wrong {
        let answer = gateway.client().send(method.parse().unwrap(), path, &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, *allowed), "{method} {path}");
        let dialect = if *path == "/v1/messages" { Dialect::Messages } else { chat };
        assert_eq!(dialect.error_code(&answer.json()), "method_not_allowed");
    }
    assert!(upstream.seen().is_empty());
}
