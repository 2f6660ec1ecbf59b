//! Amazon's Signature Version 4, in headers. A pure function of the request, the keys and the time.
//!
//! What is signed is a canonical form of the request: method, path, query sorted, the headers that matter, and the hash of the
//! body. The key is derived from the secret for one day, region and service, so a signature says nothing of the secret.

use super::percent;
use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use aws_lc_rs::hmac;
use std::fmt::Write;
use wardgate_core::time::Timestamp;

/// What is signed.
pub(crate) struct Signable<'r> {
    /// The method's name.
    pub(crate) method: &'r str,
    /// The path as it is sent.
    pub(crate) path: &'r str,
    /// The query as it is sent, without its question mark.
    pub(crate) query: &'r str,
    /// The headers that are signed: names in lower case, each once, in any order.
    pub(crate) headers: Vec<(&'r str, &'r str)>,
    /// The SHA-256 of the body.
    pub(crate) body: Digest,
}

/// Who signs, when and for what.
pub(crate) struct Signer<'k> {
    pub(crate) access_key_id: &'k str,
    pub(crate) secret_access_key: &'k str,
    pub(crate) region: &'k str,
    pub(crate) service: &'k str,
    pub(crate) now: Timestamp,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// An instant as the header `x-amz-date` has it: `20150830T123600Z`.
pub(crate) fn date_time(now: Timestamp) -> String {
    let whole_seconds = Timestamp::from_unix_millis(now.unix_seconds().saturating_mul(1_000));
    whole_seconds.to_string().chars().filter(|character| !matches!(character, '-' | ':')).collect()
}

/// The hash of a body in slices.
pub(crate) fn hash<'b>(slices: impl IntoIterator<Item = &'b [u8]>) -> Digest {
    let mut context = Context::new(&SHA256);
    slices.into_iter().for_each(|slice| context.update(slice));
    context.finish()
}

/// The value of the header `Authorization`.
pub(crate) fn authorization(signer: &Signer<'_>, mut request: Signable<'_>) -> String {
    request.headers.sort_unstable();
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let date_time = date_time(signer.now);
    let date = date_time.get(..8).unwrap_or_default();
    let scope = format!("{date}/{}/{}/aws4_request", signer.region, signer.service);
    let canonical = digest(&SHA256, canonical(&request, &names).as_bytes());
    let to_sign = format!("{ALGORITHM}\n{date_time}\n{scope}\n{}", hex(canonical.as_ref()));
    let mut key =
        hmac::Key::new(hmac::HMAC_SHA256, zeroize::Zeroizing::new(format!("AWS4{}", signer.secret_access_key)).as_bytes());
    for part in [date, signer.region, signer.service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    let signature = hex(hmac::sign(&key, to_sign.as_bytes()).as_ref());
    format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", signer.access_key_id)
}

fn canonical(request: &Signable<'_>, names: &str) -> String {
    let mut text = format!("{}\n", request.method);
    // All services but S3 want the path encoded once more than it is sent.
    percent::encode(request.path.as_bytes(), Some(b'/'), &mut text);
    text.push('\n');
    canonical_query(request.query, &mut text);
    text.push('\n');
    for (name, value) in &request.headers {
        text.push_str(name);
        text.push(':');
        // Spaces in a row count as one.
        for (number, word) in value.split_ascii_whitespace().enumerate() {
            text.push_str(if number == 0 { "" } else { " " });
            text.push_str(word);
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(names);
    text.push('\n');
    text.push_str(&hex(request.body.as_ref()));
    text
}

/// Pairs sorted by name and value as they are encoded.
fn canonical_query(query: &str, text: &mut String) {
    let encoded = |part: &str| {
        let mut text = String::new();
        percent::encode(&percent::decode(part), None, &mut text);
        text
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(name), encoded(value))
        })
        .collect();
    pairs.sort_unstable();
    for (number, (name, value)) in pairs.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(text, "{}{name}={value}", if number == 0 { "" } else { "&" });
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2015-08-30T12:36:00.9Z";
    const DATE: (&str, &str) = ("x-amz-date", "20150830T123600Z");
    const HOST: (&str, &str) = ("host", "example.amazonaws.com");

    /// The requests of Amazon's published test suite, and the signatures it gives.
    fn check(name: &str, target: &str, headers: &[(&str, &str)], body: &str, expected: &str) {
        let method = if name.starts_with("post") { "POST" } else { "GET" };
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
            now: Timestamp::parse(NOW).unwrap_or_else(|| panic!("{NOW}")),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = headers.iter().copied().chain([DATE, HOST]).collect();
        let body = hash(body.as_bytes().chunks(3));
        let authorization = authorization(&signer, Signable { method, path, query, headers, body });
        let prefix = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
        assert!(authorization.starts_with(prefix), "{name}: {authorization}");
        assert_eq!(authorization.rsplit('=').next(), Some(expected), "{name}");
    }

    #[test]
    fn signatures_are_those_of_the_published_suite() {
        check("get-vanilla", "/", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        check("post-vanilla", "/", &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
        check(
            "get-vanilla-query-order-key-case",
            "/?Param2=value2&Param1=value1",
            &[],
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
        check(
            "get-vanilla-empty-query-key",
            "/?Param1=value1",
            &[],
            "",
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        );
        check("get-utf8", "/ሴ", &[], "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
        check("get-vanilla-utf8-query", "/?ሴ=bar", &[], "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
        check(
            "get-header-value-trim",
            "/",
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        );
        check(
            "post-x-www-form-urlencoded",
            "/",
            &[("content-type", "application/x-www-form-urlencoded")],
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        );
    }

    #[test]
    fn a_days_key_is_made_for_its_region_and_service_alone() {
        let signed = |region, service, seconds: i64| {
            let now = Timestamp::from_unix_millis(seconds * 1_000);
            let signer = Signer { access_key_id: "a", secret_access_key: "s", region, service, now };
            let request = Signable { method: "POST", path: "/", query: "", headers: vec![HOST], body: hash([]) };
            authorization(&signer, request)
        };
        let first = signed("us-east-1", "bedrock", 1_000);
        assert_eq!(first, signed("us-east-1", "bedrock", 1_000));
        for other in
            [signed("eu-west-1", "bedrock", 1_000), signed("us-east-1", "sts", 1_000), signed("us-east-1", "bedrock", 1_001)]
        {
            assert_ne!(first, other);
        }
    }
}
