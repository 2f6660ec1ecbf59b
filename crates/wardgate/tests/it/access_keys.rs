//! Who may ask: keys in their places, keys that are none, keys that come and go.

use crate::{ask, gateway};
use wardgate_testkit::{Dialect, Gateway, Reply, Upstream};

/// Another last character: a token whose form is right but for its checksum.
fn with_other_end(token: &str) -> String {
    let other = if token.ends_with('a') { "b" } else { "a" };
    format!("{}{other}", &token[..token.len() - 1])
}

async fn refused(gateway: &Gateway, token: &str) -> String {
    let mut codes = Vec::new();
    for dialect in Dialect::ALL {
        let answer = ask(dialect).token(token).send(gateway).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        let body = answer.json();
        let kind = &body["error"]["type"];
        assert!(dialect == Dialect::Chat || kind == "authentication_error", "{kind}");
        codes.push(dialect.error_code(&body));
    }
    assert_eq!(codes[0], codes[1]);
    codes.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_none() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "never")).await;
    let gateway = gateway(&upstream).await;
    let key = gateway.create_key("one").await;
    gateway.revoke(&key).await;
    let other = crate::dev().start().await;
    let token = &gateway.key().token;
    let cases = [
        ("", "missing_access_key"),
        ("sk-proj-abcdefghijklmnopqrstuvwxyz", "malformed_access_key"),
        (&with_other_end(token), "malformed_access_key"),
        (&token[..token.len() - 1], "malformed_access_key"),
        (&format!("{token}a"), "malformed_access_key"),
        (&token.to_uppercase(), "malformed_access_key"),
        (gateway.api_key(), "malformed_access_key"),
        (&other.key().token, "unknown_access_key"),
        (&key.token, "revoked_access_key"),
    ];
    for (token, code) in cases {
        assert_eq!(refused(&gateway, token).await, code, "{token}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_of_a_key() {
    let upstream = Upstream::scripted(|seen| {
        let dialect = if seen.target.starts_with("/v1/messages") { Dialect::Messages } else { Dialect::Chat };
        Reply::says(dialect, "hello")
    })
    .await;
    let gateway = gateway(&upstream).await;
    let token = gateway.key().token.clone();
    let query = format!("?key={token}");
    let cases: [(&str, &str, &str); 6] = [
        ("authorization", &format!("Bearer {token}"), ""),
        ("authorization", &format!("bearer   {token}"), ""),
        ("x-api-key", &token, ""),
        ("x-goog-api-key", &token, ""),
        ("x-nothing", "x", &query),
        ("x-api-key", "", &query),
    ];
    for dialect in Dialect::ALL {
        for (name, value, query) in cases {
            let ask = ask(dialect).token("").header(name, value).target(&format!("{}{query}", dialect.path()));
            assert_eq!(ask.send(&gateway).await.status, 200, "{name} {query}");
        }
        // The first place counts, whatever stands in the later ones.
        let ask = ask(dialect).token("ng-wrong").header("x-api-key", &token);
        assert_eq!(ask.send(&gateway).await.status, 401);
    }
    for seen in upstream.seen() {
        assert!(!format!("{seen:?}").contains(&token), "the access key went on to the provider: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_works_at_once_and_ends_at_once() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let ask = ask(Dialect::Chat);
    for round in 0..5 {
        let key = gateway.create_key("short-lived").await;
        let ask = ask.clone().key(&key);
        assert_eq!(ask.send(&gateway).await.status, 200, "round {round}");
        assert_eq!(ask.send(&gateway).await.status, 200);
        gateway.revoke(&key).await;
        assert_eq!(ask.send(&gateway).await.status, 401, "round {round}");
    }
    // Requests by a connection that was opened before are no exception.
    let key = gateway.create_key("kept open").await;
    let (headers, body) = ask.clone().key(&key).parts(&gateway);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut connection = gateway.client().connect().await;
    let path = Dialect::Chat.path();
    let method = || "POST".parse().unwrap();
    assert_eq!(connection.send(method(), path, &headers, body.clone()).await.whole().await.status, 200);
    gateway.revoke(&key).await;
    assert_eq!(connection.send(method(), path, &headers, body).await.whole().await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_provider_key_is_not_used_again() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let gateway = gateway(&upstream).await;
    let id = gateway.add_provider_key("up", "pk-first").await;
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    assert_eq!(upstream.seen()[0].header("authorization"), ["Bearer pk-first"]);
    let deleted = gateway.manage("DELETE".parse().unwrap(), &format!("/provider-keys/{id}"), None).await;
    assert_eq!(deleted.status, 204);
    // A provider of one's own is then called without one; a built-in one cannot be.
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    assert!(upstream.seen()[1].header("authorization").is_empty());
    let id = gateway.add_provider_key("openai", "pk-second").await;
    assert_eq!(gateway.manage("DELETE".parse().unwrap(), &format!("/provider-keys/{id}"), None).await.status, 204);
    let answer = wardgate_testkit::Ask::new(Dialect::Chat, "openai:gpt-4o").send(&gateway).await;
    assert_eq!((answer.status, Dialect::Chat.error_code(&answer.json()).as_str()), (400, "no_provider_key"));
}
