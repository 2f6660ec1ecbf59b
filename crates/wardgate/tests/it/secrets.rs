//! Secrets stay where they are: driven through every way to fail, and then looked for everywhere.

use crate::{dev, started};
use std::path::Path;
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Upstream};

/// One that looks like a key, one that looks like words, and one that looks like neither.
const CANARIES: [&str; 3] =
    ["sk-canary-0123456789abcdefghijklmnop", "canary.key.with.dots.7", "purple canary/with:odd=signs+1"];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What of a text's base64 does not depend on what stands around it, for each of the three places it can begin at.
fn base64_cores(text: &str) -> Vec<String> {
    let cores = (0..3).map(|offset| {
        let padded = [&b"\0\0"[..offset], text.as_bytes()].concat();
        let groups = padded.chunks_exact(3).map(|group| u32::from_be_bytes([0, group[0], group[1], group[2]]));
        let text: Vec<u8> =
            groups.flat_map(|group| [18, 12, 6, 0].map(|shift| ALPHABET[(group >> shift) as usize & 63])).collect();
        String::from_utf8(text[if offset == 0 { 0 } else { 4 }..].to_vec()).unwrap()
    });
    cores.collect()
}

fn assert_clean(place: &str, bytes: &[u8], secret: &str) {
    let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    let needles = [vec![secret.to_owned()], base64_cores(secret)].concat();
    for needle in needles {
        assert!(!holds(&needle), "{secret:?} stands in {place} as {needle:?}: {}", String::from_utf8_lossy(bytes));
    }
}

/// All the ways in which a provider could give its key away.
fn betrayals(dialect: Dialect, secret: &str) -> Vec<Reply> {
    let said = format!("the key {secret} is wrong, as is \"{secret}\" and Bearer {secret}.");
    let header = [("x-echo", secret), ("www-authenticate", secret), ("content-type", "application/json")];
    let begin = || Reply::begin_stream().chunk(dialect.opening()).chunk(dialect.content("text"));
    let mut replies: Vec<Reply> = [400, 401, 403, 404, 422, 429, 500, 503, 418]
        .into_iter()
        .flat_map(|status| {
            [
                Reply::with_headers(status, &header, dialect.error(&said).to_string()),
                Reply::with_headers(status, &[("retry-after", secret)], &said),
            ]
        })
        .collect();
    replies.extend([
        Reply::with_headers(302, &[("location", &format!("http://127.0.0.1/?key={secret}"))], ""),
        Reply::with_headers(200, &header, dialect.error(&said).to_string()),
        Reply::whole(200, "text/plain", &said),
        Reply::whole(200, "application/json", format!("{{\"{said}")),
        Reply::raw(format!("HTTP/1.1 200 {secret}\r\n{secret}: x\r\nbad header {secret}\r\n\r\n")).close(),
        Reply::raw(&*said).close(),
        Reply::begin_stream().chunk(dialect.error_event(&said)).end(),
        begin().chunk(dialect.error_event(&said)).end(),
        begin().chunk(format!("data: {{\"{secret}\": {secret}\n\n")).end(),
        begin().chunk(format!("data: {secret}")).close(),
    ]);
    replies
}

/// Everything the gateway has written to anywhere.
async fn search(gateway: &Gateway, secret: &str) {
    assert_clean("the log", gateway.log_text().as_bytes(), secret);
    assert_clean("the metrics", gateway.metrics().await.as_bytes(), secret);
    for path in ["/access-keys", "/provider-keys", "/providers", "/usage?startTime=2000-01-01T00:00:00Z&includeRetries=true"] {
        let answer = gateway.manage("GET".parse().unwrap(), path, None).await;
        assert_eq!(answer.status, 200);
        assert_clean(path, &answer.body, secret);
    }
}

fn search_files(directory: &Path, secret: &str, except: &str) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search_files(&path, secret, except);
        } else if !path.ends_with(except) {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap(), secret);
        }
    }
}

async fn check(dialect: Dialect, secret: &'static str) {
    let upstream = Upstream::queue(betrayals(dialect, secret).into_iter().flat_map(|reply| [reply.clone(), reply])).await;
    let gateway = started(dev().with("--log", "trace"), &upstream).await;
    gateway.add_provider_key("up", secret).await;
    let token = gateway.key().token.clone();
    let count = betrayals(dialect, secret).len();
    for _ in 0..count {
        for is_stream in [false, true] {
            let answer = Ask::new(dialect, "up:m").stream(is_stream).send(&gateway).await;
            let place = format!("an answer with status {}", answer.status);
            for secret in [secret, &token] {
                assert_clean(&place, &answer.body, secret);
                assert_clean(&place, format!("{:?}", answer.headers).as_bytes(), secret);
            }
        }
    }
    assert!(upstream.seen().len() >= 2 * count && format!("{:?}", upstream.seen()[0]).contains(secret));
    for body in ["{", "{}", r#"{"model":"nothing"}"#] {
        let answer =
            Ask::new(dialect, "up:m").body(body).target(&format!("{}?key={token}", dialect.path())).send(&gateway).await;
        assert_clean("a refusal", &answer.body, &token);
    }
    gateway.settle().await;
    search(&gateway, secret).await;
    search(&gateway, &token).await;
    let data = gateway.data();
    search_files(data.path(), secret, "nothing");
    // The first keys of a new gateway stand in one file, which is for its owner alone.
    search_files(data.path(), &token, "credentials.json");
    let mode =
        |name: &str| std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(data.path().join("data").join(name)).unwrap());
    assert_eq!((mode("credentials.json") & 0o777, mode("") & 0o777), (0o600, 0o700));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_looks_like_one() {
    for dialect in Dialect::ALL {
        check(dialect, CANARIES[0]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_look_like_none() {
    for dialect in Dialect::ALL {
        check(dialect, CANARIES[1]).await;
        check(dialect, CANARIES[2]).await;
    }
}

#[test]
fn the_search_finds() {
    // base64 of "xx" + the canary and of the canary alone.
    let secret = "canary.key";
    for hidden in ["canary.key", "Y2FuYXJ5LmtleQ==", "eHhjYW5hcnkua2V5"] {
        let found = std::panic::catch_unwind(|| assert_clean("a test", hidden.as_bytes(), secret));
        assert!(found.is_err(), "{hidden}");
    }
    assert_clean("a test", b"nothing of the kind", secret);
}
