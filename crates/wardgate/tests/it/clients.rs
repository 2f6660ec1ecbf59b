//! Ways to connect, and what clients ask besides answers of models.

use crate::{ask, dev, gateway, started};
use wardgate_testkit::{Answer, Certificate, Client, Dialect, Gateway, Reply, Upstream};

fn upstream_script(seen: &wardgate_testkit::Seen) -> Reply {
    let dialect = if seen.target.contains("messages") { Dialect::Messages } else { Dialect::Chat };
    if seen.text().contains("\"stream\":true") {
        Reply::streams(dialect, &["he", "llo"])
    } else {
        Reply::says(dialect, "hello")
    }
}

/// Everything works over this kind of connection, and over one connection many times.
async fn check(gateway: &Gateway, client: &Client, is_h2: bool) {
    let mut connection = client.connect().await;
    assert_eq!(connection.is_h2(), is_h2);
    for dialect in Dialect::ALL {
        for is_stream in [false, true] {
            for _ in 0..3 {
                let (headers, body) = ask(dialect).stream(is_stream).parts(gateway);
                let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let method = "POST".parse().unwrap();
                let answer = connection.send(method, dialect.path(), &headers, body).await.whole().await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                assert!(!is_stream || answer.text().contains(dialect.end_marker()), "{}", answer.text());
            }
        }
        // An error in between leaves the connection as it is.
        let refused = connection.send("POST".parse().unwrap(), dialect.path(), &[], "{}").await.whole().await;
        assert_eq!(refused.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_on_one_port() {
    let upstream = Upstream::scripted(upstream_script).await;
    let gateway = gateway(&upstream).await;
    check(&gateway, &gateway.client(), false).await;
    check(&gateway, &gateway.client().h2(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_over_tls() {
    let upstream = Upstream::scripted(upstream_script).await;
    let certificate = Certificate::new();
    let setup = dev().with("--tls-cert", certificate.chain()).with("--tls-key", certificate.key());
    let gateway = started(setup, &upstream).await;
    assert!(gateway.ready()["gateway_url"].as_str().unwrap().starts_with("https://"));
    for (protocols, is_h2) in [(&["h2", "http/1.1"][..], true), (&["http/1.1"], false), (&["h2"], true), (&[], false)] {
        check(&gateway, &gateway.client().tls(&certificate, protocols), is_h2).await;
    }
    // Who speaks no TLS gets nowhere and harms nobody.
    let plain = gateway.client().raw("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert!(!plain.contains("HTTP/1.1 200"), "{plain}");
    check(&gateway, &gateway.client().tls(&certificate, &["h2"]), true).await;
}

async fn read(gateway: &Gateway, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    gateway.client().send(method.parse().unwrap(), target, headers, "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_anyone_there() {
    let gateway = dev().start().await;
    let head = read(&gateway, "HEAD", "/", &[]).await;
    let get = read(&gateway, "GET", "/", &[]).await;
    assert_eq!((head.status, head.body.len(), get.status), (200, 0, 200));
    assert!(get.json()["name"] == "wardgate" && !head.header("x-wardgate-request-id").is_empty());
    for path in ["/v1/models", "/nothing", "/v1/messages"] {
        let head = read(&gateway, "HEAD", path, &[]).await;
        assert_eq!((head.body.len(), head.status), (0, read(&gateway, "GET", path, &[]).await.status), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_in_both_dialects() {
    let gateway = dev().start().await;
    let bearer = format!("Bearer {}", gateway.key().token);
    for path in ["/v1/models", "/api/v1/models"] {
        let openai = read(&gateway, "GET", path, &[("authorization", &bearer)]).await.json();
        assert_eq!(openai["object"], "list");
        let ids: Vec<_> = openai["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&"sandbox:echo"), "{ids:?}");
        assert!(!ids.iter().any(|id| id.contains("gpt-4o")), "there is no key for them: {ids:?}");
    }
    for headers in [
        vec![("x-api-key", gateway.key().token.as_str())],
        vec![("authorization", &bearer), ("anthropic-version", "2023-06-01")],
    ] {
        let anthropic = read(&gateway, "GET", "/v1/models", &headers).await.json();
        assert_eq!((&anthropic["has_more"], &anthropic["data"][0]["type"]), (&false.into(), &"model".into()));
    }
    for (id, status) in [("sandbox:echo", 200), ("sandbox%3Aecho", 200), ("sandbox:nothing", 404)] {
        let answer = read(&gateway, "GET", &format!("/v1/models/{id}"), &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, status, "{id}");
    }
    let keyless = read(&gateway, "GET", "/v1/models", &[]).await;
    assert_eq!((keyless.status, Dialect::Chat.error_code(&keyless.json()).as_str()), (401, "missing_access_key"));
    // A key for a provider makes its models appear.
    gateway.add_provider_key("openai", "sk-nothing").await;
    let openai = read(&gateway, "GET", "/v1/models/gpt-4o", &[("authorization", &bearer)]).await;
    assert_eq!((openai.status, &openai.json()["owned_by"]), (200, &"openai".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_answers_in_both_dialects() {
    let gateway = dev().start().await;
    for dialect in Dialect::ALL {
        for is_stream in [false, true] {
            let answer = wardgate_testkit::Ask::new(dialect, "sandbox:echo").stream(is_stream).send(&gateway).await;
            assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "sandbox"), "{}", answer.text());
            assert!(answer.text().contains("Hello"), "{}", answer.text());
        }
    }
}
