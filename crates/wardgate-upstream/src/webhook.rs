//! Signed calls to a receiver of events, in the form of Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`, the last of which is an HMAC-SHA256 of id, time and body. It is called like a tenant's own provider, so
//! the same addresses are open to it and no others.

use crate::body::SlicedBody;
use crate::client::Call;
use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;
use wardgate_model::Origin;

/// The fewest bytes of a secret.
pub const SECRET_BYTES_MIN: usize = 16;

/// What stands before a secret that is written in base64.
const BASE64_PREFIX: &str = "whsec_";

/// Who is told of events.
pub struct Receiver {
    url: Uri,
    key: hmac::Key,
}

/// Why nobody can be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReceiver {
    /// The URL leads nowhere.
    #[error("the URL of the webhook must be http:// or https:// with a host, and without a user in it")]
    Url,
    /// The secret is none.
    #[error(
        "the secret of the webhook must have at least {SECRET_BYTES_MIN} bytes, or be {BASE64_PREFIX} and as many in base64"
    )]
    Secret,
}

impl Receiver {
    /// One at this URL, who knows this secret: a text, or `whsec_` and bytes in base64.
    ///
    /// # Errors
    /// See [`BadReceiver`]. Nothing of the secret is in it.
    pub fn new(url: &str, secret: &Secret) -> Result<Self, BadReceiver> {
        let url: Uri = url.parse().map_err(|_| BadReceiver::Url)?;
        let is_web = matches!(url.scheme_str(), Some("http" | "https"));
        if !is_web || url.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err(BadReceiver::Url);
        }
        let text = secret.expose().trim();
        let bytes = match text.strip_prefix(BASE64_PREFIX) {
            Some(encoded) => zeroize::Zeroizing::new(Base64::decode_vec(encoded).map_err(|_| BadReceiver::Secret)?),
            None => zeroize::Zeroizing::new(text.as_bytes().to_vec()),
        };
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(BadReceiver::Secret);
        }
        Ok(Self { url, key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// The call that tells an event, signed at this time. An id is of letters, digits, `-` and `_`.
    #[must_use]
    pub fn call(&self, id: &str, at: Timestamp, body: Bytes) -> Call {
        let seconds = at.unix_seconds().to_string();
        let mut context = hmac::Context::with_key(&self.key);
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", &body] {
            context.update(part);
        }
        let signature = format!("v1,{}", Base64::encode_string(context.sign().as_ref()));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [("webhook-id", id), ("webhook-timestamp", &seconds), ("webhook-signature", &signature)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        // The operator set it, but what it resolves to is up to others.
        let origin = Origin::Tenant;
        Call { method: Method::POST, url: self.url.clone(), origin, headers, body: SlicedBody::new(vec![body]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_standard_says() {
        // The example of the standard's own libraries.
        let secret = Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let receiver = Receiver::new("https://hooks.example/x", &secret).unwrap_or_else(|error| panic!("{error}"));
        let at = Timestamp::from_unix_millis(1_614_265_330_000);
        let call = receiver.call("msg_p5jXN8AQM9LWM0D4loKWxJek", at, Bytes::from_static(br#"{"test": 2432232314}"#));
        assert_eq!(call.headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(
            (&call.headers["webhook-timestamp"], call.origin),
            (&HeaderValue::from_static("1614265330"), Origin::Tenant)
        );
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let refused = |url: &str, secret: &str| Receiver::new(url, &Secret::from(secret)).err();
        let good = "0123456789abcdef";
        assert_eq!(refused("https://hooks.example", good), None);
        for url in ["", "hooks.example/x", "ftp://hooks.example", "https://user:pass@hooks.example/"] {
            assert_eq!(refused(url, good), Some(BadReceiver::Url), "{url}");
        }
        for secret in ["", "short", "whsec_c2hvcnQ=", "whsec_***"] {
            assert_eq!(refused("https://hooks.example", secret), Some(BadReceiver::Secret), "{secret}");
        }
    }
}
