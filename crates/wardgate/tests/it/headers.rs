//! Which headers go to a provider, which come back, and which query goes along.

use crate::{ask, gateway};
use wardgate_testkit::{Ask, Dialect, Reply, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_a_provider_needs_goes_to_it() {
    for dialect in Dialect::ALL {
        let upstream = Upstream::always(Reply::says(dialect, "hello")).await;
        let gateway = gateway(&upstream).await;
        gateway.add_provider_key("up", "pk-provider").await;
        let strange = [
            ("cookie", "session=1"),
            ("x-stainless-lang", "python"),
            ("x-forwarded-for", "1.2.3.4"),
            ("user-agent", "some client"),
            ("openai-organization", "org"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("proxy-authorization", "Basic x"),
            ("x-custom", "1"),
        ];
        let ask = strange.iter().fold(ask(dialect), |ask, (name, value)| ask.header(name, value));
        assert_eq!(ask.send(&gateway).await.status, 200);
        let seen = upstream.only();
        let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut expected =
            vec!["accept", "authorization", "content-length", "content-type", "host", "user-agent", "x-wardgate-loop"];
        if dialect == Dialect::Messages {
            // A host that speaks Messages may look for its key in either place.
            expected.extend(["anthropic-version", "x-api-key"]);
        }
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert!(seen.header("user-agent")[0].starts_with("wardgate/"));
        assert_eq!(seen.header("authorization"), ["Bearer pk-provider"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_and_beta_go_where_the_body_goes() {
    let upstream = Upstream::always(Reply::says(Dialect::Messages, "hello")).await;
    let gateway = gateway(&upstream).await;
    let last = |name: &str| upstream.seen().last().unwrap().header(name).join("|");
    assert_eq!(ask(Dialect::Messages).send(&gateway).await.status, 200);
    assert_eq!((last("anthropic-version").as_str(), last("anthropic-beta").as_str()), ("2023-06-01", ""));
    let asked = ask(Dialect::Messages)
        .header("anthropic-version", "2026-10-21")
        .header("anthropic-beta", "one-2025,two")
        .header("anthropic-beta", "three");
    assert_eq!(asked.send(&gateway).await.status, 200);
    assert_eq!((last("anthropic-version").as_str(), last("anthropic-beta").as_str()), ("2026-10-21", "one-2025,two|three"));
}

async fn check_target(base: &str, asked: Ask, expected: &str) {
    let upstream = Upstream::scripted(|seen| {
        let dialect = if seen.target.contains("messages") { Dialect::Messages } else { Dialect::Chat };
        Reply::says(dialect, "hello")
    })
    .await;
    let gateway = crate::dev().start().await;
    gateway.add_provider("up", &format!("{}{base}", upstream.url())).await;
    assert_eq!(asked.send(&gateway).await.status, 200);
    assert_eq!(upstream.only().target, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_and_queries() {
    let messages = |query: &str| ask(Dialect::Messages).target(&format!("/v1/messages{query}"));
    check_target("", messages("?beta=true&key=ng-x"), "/v1/messages?beta=true").await;
    check_target("/v1", messages("?key=ng-x"), "/v1/messages").await;
    check_target("/proxy/", ask(Dialect::Chat).target("/api/v1/chat/completions?a=b"), "/proxy/v1/chat/completions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_headers_stay_behind() {
    for dialect in Dialect::ALL {
        let theirs = [
            ("content-type", "application/json"),
            ("set-cookie", "a=b"),
            ("server", "theirs"),
            ("openai-organization", "org-secret"),
            ("x-request-id", "theirs"),
            ("x-wardgate-attempts", "99"),
        ];
        let upstream = Upstream::always(Reply::with_headers(200, &theirs, dialect.whole("hello").to_string())).await;
        let gateway = gateway(&upstream).await;
        let answer = ask(dialect).send(&gateway).await;
        assert_eq!(answer.status, 200);
        for name in ["set-cookie", "server", "openai-organization"] {
            assert_eq!(answer.header(name), "", "{name}");
        }
        assert_eq!(answer.header("x-wardgate-attempts"), "1");
        assert_eq!((answer.header("x-wardgate-provider"), answer.header("x-wardgate-model")), ("up", "some-model"));
        assert_ne!(answer.header("x-request-id"), "theirs");
    }
}

/// Under the same word a provider gives the same answer again, so it goes to no other one and with no other body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_goes_where_the_first_attempt_went() {
    let said = |upstream: &Upstream| -> Vec<String> {
        upstream.seen().iter().map(|seen| seen.header("idempotency-key").join("|")).collect()
    };
    for dialect in Dialect::ALL {
        let limited = Reply::with_headers(429, &[("retry-after", "1")], "{}");
        let first = Upstream::queue([
            limited,
            Reply::says(dialect, "hello"),
            Reply::json(500, &dialect.error("ill")),
            Reply::says(dialect, "hello"),
        ])
        .await;
        let second = Upstream::always(Reply::says(dialect, "hello")).await;
        let gateway = gateway(&first).await;
        let keyed = || ask(dialect).header("idempotency-key", "one");
        assert_eq!(keyed().send(&gateway).await.header("x-wardgate-attempts"), "2");
        assert_eq!(said(&first), ["one", "one"]);
        gateway.add_provider("other", second.url()).await;
        assert_eq!(keyed().or(&["other:m"]).send(&gateway).await.header("x-wardgate-attempts"), "2");
        assert_eq!((said(&first).len(), said(&second)), (3, vec![String::new()]));
        let long = "x".repeat(256);
        assert_eq!(ask(dialect).header("idempotency-key", &long).target(dialect.path()).send(&gateway).await.status, 200);
        assert_eq!(said(&first).last().unwrap(), "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_calls_the_request_is_told() {
    let id = "req_0123456789abcdef0123456789abcdef";
    let cases = [
        ("x-request-id", id, id),
        ("request-id", id, id),
        ("x-amzn-requestid", id, id),
        ("apim-request-id", id, id),
        ("x-request-id", "for pk-provider", ""),
        ("x-request-id", "pk-provider-1", ""),
    ];
    for dialect in Dialect::ALL {
        for (name, value, expected) in cases {
            let headers = [("content-type", "application/json"), (name, value)];
            let upstream = Upstream::always(Reply::with_headers(400, &headers, dialect.error("no").to_string())).await;
            let gateway = gateway(&upstream).await;
            gateway.add_provider_key("up", "pk-provider").await;
            for is_stream in [false, true] {
                let answer = ask(dialect).stream(is_stream).send(&gateway).await;
                let told = answer.json()["upstream"]["request_id"].as_str().unwrap_or_default().to_owned();
                assert_eq!((answer.status, &*told), (400, expected), "{dialect:?} {name}: {}", answer.text());
            }
        }
    }
}
