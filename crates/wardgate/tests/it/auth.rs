//! How credentials reach a provider: in the header it wants, as a signature that it can check, or as a token that was got for
//! them.

use crate::dev;
use crate::scene::{bilingual, create};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use aws_lc_rs::{digest, hmac};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Seen, Upstream};

/// A provider at a URL, whose keys are sent in a certain way.
async fn provider(gateway: &Gateway, name: &str, url: &str, fields: Value) {
    let mut body = json!({
        "providerId": name, "name": name, "baseUrl": url,
        "supportedApiSurfaces": [{"format": "openai"}, {"format": "anthropic"}],
    });
    for (field, value) in fields.as_object().unwrap() {
        body[field] = value.clone();
    }
    create(gateway, "/providers", body).await;
}

/// The headers of a request that speak of who sends it.
fn credentials(seen: &Seen) -> Vec<String> {
    let names = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
    let sent = seen.headers.iter().filter(|(name, _)| names.contains(&name.as_str()) || name.starts_with("x-amz-"));
    sent.map(|(name, value)| format!("{name}: {value}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scheme_sends_its_header_and_no_other() {
    let upstream = bilingual().await;
    let gateway = dev().start().await;
    let azure = format!("{}/openai/deployments/d?api-version=1", upstream.url());
    let (url, chat, messages) = (upstream.url(), Dialect::Chat, Dialect::Messages);
    for (number, (fields, url, dialect, expected)) in [
        (json!({}), url, chat, &["authorization: Bearer k"][..]),
        (json!({}), url, messages, &["authorization: Bearer k", "x-api-key: k"]),
        (json!({}), &azure, chat, &["api-key: k"]),
        (json!({"authScheme": "bearer"}), &azure, chat, &["authorization: Bearer k"]),
        (json!({"authScheme": "x-api-key"}), url, messages, &["x-api-key: k"]),
        (json!({"authScheme": "x-goog-api-key"}), url, chat, &["x-goog-api-key: k"]),
        (json!({"authScheme": "aws-sigv4"}), url, chat, &["authorization: Bearer k"]),
        (json!({"authScheme": "google-service-account"}), url, chat, &["authorization: Bearer k"]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("p{number}");
        provider(&gateway, &name, url, fields).await;
        let key = if number % 2 == 0 { "k" } else { r#"{"api_key": "k", "region": "eu-west-1"}"# };
        gateway.add_provider_key(&name, key).await;
        let answer = Ask::new(dialect, &format!("{name}:m")).send(&gateway).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut sent = credentials(&upstream.seen()[number]);
        sent.sort_unstable();
        assert_eq!(sent, expected, "{number}");
        // No credential is ever in a URL.
        assert!(!upstream.seen()[number].target.contains('k') || url == azure, "{}", upstream.seen()[number].target);
    }
    assert_eq!(upstream.seen()[2].target, "/openai/deployments/d/chat/completions?api-version=1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_own_headers_go_with_every_call() {
    let upstream = bilingual().await;
    let gateway = dev().start().await;
    let headers = json!([{"name": "X-Team", "value": "search"}, {"name": "helicone-auth", "value": "a: b"}]);
    provider(&gateway, "up", upstream.url(), json!({"headers": headers})).await;
    assert_eq!(Ask::new(Dialect::Chat, "up:m").header("x-team", "client's").send(&gateway).await.status, 200);
    let seen = upstream.only();
    assert_eq!((seen.header("x-team"), seen.header("helicone-auth")), (vec!["search"], vec!["a: b"]));
}

/// What a provider of Amazon's does with a signature: makes it again from what arrived, with the secret that both know.
fn is_signed_with(seen: &Seen, secret: &str) -> bool {
    let authorization = seen.header("authorization")[0];
    let part = |name: &str| authorization.split_once(name).unwrap().1.split([',', ' ']).next().unwrap();
    let (scope, names) = (part("Credential=").split_once('/').unwrap().1, part("SignedHeaders="));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = |bytes: &[u8]| hex(digest::digest(&digest::SHA256, bytes).as_ref());
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", seen.header(name)[0])).collect();
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    // These paths hold nothing that would be escaped, but for what was escaped before.
    let path = path.replace('%', "%25");
    let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{}", seen.method, hash(&seen.body));
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", seen.header("x-amz-date")[0], hash(canonical.as_bytes()));
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec();
    let key = scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part));
    hex(&mac(&key, &text)) == part("Signature=")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_of_amazons_can_be_checked_by_who_gets_it() {
    let upstream = bilingual().await;
    let gateway = dev().start().await;
    provider(&gateway, "bed", &format!("{}/a%3Ab/v1?x=y", upstream.url()), json!({"authScheme": "aws-sigv4"})).await;
    // A pretty file as it is copied from a console.
    let key = "{\n \"access_key_id\": \"AKIAEXAMPLE\",\n \"secret_access_key\": \"hush/hush\",\n \"session_token\": \"st\",\n \"region\": \"eu-west-1\"\n}\n";
    gateway.add_provider_key("bed", key).await;
    for is_stream in [false, true] {
        let answer = Ask::new(Dialect::Chat, "bed:some-model").stream(is_stream).send(&gateway).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for seen in upstream.seen() {
        assert_eq!(seen.target, "/a%3Ab/v1/chat/completions?x=y");
        assert_eq!(seen.header("x-amz-security-token"), ["st"]);
        let authorization = seen.header("authorization")[0];
        assert!(authorization.contains("/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token,"));
        assert!(is_signed_with(&seen, "hush/hush") && !is_signed_with(&seen, "hush"), "{authorization}");
        let altered = Seen { body: [&seen.body[..], b" "].concat(), ..seen.clone() };
        assert!(!is_signed_with(&altered, "hush/hush"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_of_the_wrong_form_is_passed_over_and_named() {
    let upstream = bilingual().await;
    let gateway = dev().start().await;
    provider(&gateway, "bed", upstream.url(), json!({"authScheme": "aws-sigv4"})).await;
    gateway.add_provider_key("bed", r#"{"access_key_id": "AKIAEXAMPLE"}"#).await;
    let answer = Ask::new(Dialect::Chat, "bed:m").send(&gateway).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert!(answer.text().contains("secret_access_key") && !answer.text().contains("AKIA"), "{}", answer.text());
    // The next key of the same provider is tried.
    gateway.add_provider_key("bed", "a-bedrock-api-key").await;
    assert_eq!(Ask::new(Dialect::Chat, "bed:m").send(&gateway).await.status, 200);
    assert_eq!(credentials(&upstream.only()), ["authorization: Bearer a-bedrock-api-key"]);
    let broken = json!({"providerId": "bed", "name": "n", "value": "{\"access_key_id\": "});
    let answer = gateway.manage("POST".parse().unwrap(), "/provider-keys", Some(&broken)).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}

/// A service account whose tokens are had at a URL, and its key.
fn service_account(token_uri: &str) -> (String, Vec<u8>) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", Base64::encode_string(der.as_ref()));
    let account = json!({
        "type": "service_account", "project_id": "p", "private_key_id": "1", "private_key": pem,
        "client_email": "gateway@p.example", "token_uri": token_uri,
    });
    (account.to_string(), pair.public_key().as_ref().to_vec())
}

/// Whether a request for a token is signed by who it says.
fn is_asserted(seen: &Seen, public: &[u8], token_uri: &str) -> bool {
    let text = seen.text();
    let assertion = text.split_once("assertion=").unwrap().1;
    let (statement, signature) = assertion.rsplit_once('.').unwrap();
    let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let claims = Base64UrlUnpadded::decode_vec(statement.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let known = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    claims["iss"] == "gateway@p.example" && claims["aud"] == token_uri && known.verify(statement.as_bytes(), &signature).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_gets_one_token_for_many_calls() {
    let upstream = bilingual().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let tokens = Upstream::scripted(move |_| {
        let number = counting.fetch_add(1, Ordering::Relaxed);
        let token = json!({"access_token": format!("ya29.token-{number}"), "expires_in": 3_600, "token_type": "Bearer"});
        Reply::json(200, &token)
    })
    .await;
    let gateway = dev().start().await;
    provider(&gateway, "vertex-like", upstream.url(), json!({"authScheme": "google-service-account"})).await;
    let token_uri = format!("{}/token", tokens.url());
    let (account, public) = service_account(&token_uri);
    gateway.add_provider_key("vertex-like", &account).await;
    let ask = Ask::new(Dialect::Chat, "vertex-like:m");
    let (a, b, c) = tokio::join!(ask.send(&gateway), ask.send(&gateway), ask.send(&gateway));
    for answer in [a, b, c] {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let seen = tokens.only();
    assert!(is_asserted(&seen, &public, &token_uri), "{}", seen.text());
    for seen in upstream.seen() {
        assert_eq!(credentials(&seen), ["authorization: Bearer ya29.token-0"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_service_account_is_told_without_its_key() {
    let upstream = bilingual().await;
    let tokens = Upstream::always(Reply::json(400, &json!({"error": "invalid_grant"}))).await;
    let gateway = dev().start().await;
    provider(&gateway, "vertex-like", upstream.url(), json!({"authScheme": "google-service-account"})).await;
    let (account, _) = service_account(&format!("{}/token", tokens.url()));
    gateway.add_provider_key("vertex-like", &account).await;
    let answer = Ask::new(Dialect::Chat, "vertex-like:m").send(&gateway).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert!(answer.text().contains("refused the provider key with status 400"), "{}", answer.text());
    assert!(upstream.seen().is_empty() && !gateway.log_text().contains("PRIVATE KEY"));
}
