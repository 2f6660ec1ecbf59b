//! Phase 2: whose key is it?
//!
//! The token's form and checksum are judged before anything is looked up. Then, in this order: the key from memory or the store,
//! its secret, whether it is revoked. A wrong secret reads the same as an unknown key, and costs argon2id only until the right
//! one was seen once in this process.

use crate::cache::KnownKey;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::headers::{X_API_KEY, X_GOOG_API_KEY};
use crate::phase::ingress::Inbound;
use crate::request_log::RequestLog;
use http::header::{AUTHORIZATION, HeaderMap};
use std::sync::Arc;
use wardgate_core::id::AccessKeyId;
use wardgate_keys::hash::{self, Digest};
use wardgate_keys::token;

/// The key behind a request.
pub(crate) async fn authenticate(deps: &Deps, inbound: &Inbound, log: &mut RequestLog) -> Result<Arc<KnownKey>, Failure> {
    let text = credential(&inbound.headers, inbound.uri.query()).ok_or(Failure::KeyMissing)?;
    let token = token::parse::<AccessKeyId>(text).map_err(Failure::KeyMalformed)?;
    let key = deps.keys.get(token.id).await.map_err(|_| Failure::StoreAway)?.ok_or(Failure::KeyUnknown)?;
    if !verify(deps, &key, token.secret).await? {
        return Err(Failure::KeyUnknown);
    }
    log.account_id = Some(key.record.account_id);
    log.access_key_id = Some(key.record.id);
    if key.record.revoked_at.is_some() {
        return Err(Failure::KeyRevoked);
    }
    Ok(key)
}

/// The places of a credential, in their order. An empty one counts as absent.
fn credential<'r>(headers: &'r HeaderMap, query: Option<&'r str>) -> Option<&'r str> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
    bearer(header(AUTHORIZATION))
        .or_else(|| header(X_API_KEY))
        .or_else(|| header(X_GOOG_API_KEY))
        .or_else(|| query?.split('&').find_map(|pair| pair.strip_prefix("key=")).filter(|text| !text.is_empty()))
}

fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

async fn verify(deps: &Deps, key: &Arc<KnownKey>, secret: &str) -> Result<bool, Failure> {
    let digest = Digest::of(secret);
    if let Some(verified) = key.verified.get() {
        return Ok(verified.matches(&digest));
    }
    let _turn = key.verifying.lock().await;
    // Whoever had the turn before may have found out.
    if let Some(verified) = key.verified.get() {
        return Ok(verified.matches(&digest));
    }
    let (secret, known) = (secret.to_owned(), Arc::clone(key));
    let verdict = deps.lane.run(move || hash::verify(&secret, &known.record.secret_hash)).await;
    match verdict.map_err(|_| Failure::Busy("keys being checked"))? {
        Ok(is_right) => {
            if is_right {
                // Set by nobody else: the turn is ours.
                let _ = key.verified.set(digest);
            }
            Ok(is_right)
        }
        Err(error) => {
            tracing::error!(%error, access_key = %key.record.id, "a stored key cannot be checked");
            Err(Failure::Misconfigured)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn check(headers: &[(&'static str, &'static str)], query: Option<&str>, expected: Option<&str>) {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        assert_eq!(credential(&headers, query), expected, "{headers:?} {query:?}");
    }

    #[test]
    fn places_in_their_order() {
        check(&[("authorization", "Bearer a"), ("x-api-key", "b"), ("x-goog-api-key", "c")], Some("key=d"), Some("a"));
        check(&[("x-api-key", "b"), ("x-goog-api-key", "c")], Some("key=d"), Some("b"));
        check(&[("x-goog-api-key", "c")], Some("key=d"), Some("c"));
        check(&[], Some("alt=sse&key=d"), Some("d"));
        check(&[], Some("monkey=d"), None);
        check(&[("authorization", "bearer  a ")], None, Some("a"));
        check(&[("authorization", "Basic a"), ("x-api-key", "b")], None, Some("b"));
        check(&[("authorization", "Bearer "), ("x-api-key", " ")], Some("key="), None);
    }
}
