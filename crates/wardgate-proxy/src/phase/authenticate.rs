//! Phase 2: whose key is it?
//!
//! The token's form and checksum are judged before anything is looked up. Then, in this order: the key from memory or the store,
//! its secret, whether it may still be used, and from where. A wrong secret reads the same as an unknown key, and costs argon2id only until the right
//! one was seen once in this process.

use crate::cache::KnownKey;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::headers::{X_API_KEY, X_FORWARDED_FOR, X_GOOG_API_KEY};
use crate::phase::ingress::Inbound;
use crate::request_log::RequestLog;
use http::header::{AUTHORIZATION, HeaderMap};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use wardgate_core::access_key::{KeyStatus, PreviousSecret};
use wardgate_core::address::client_address;
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
    match key.record.status(log.request_id().made_at()) {
        KeyStatus::Active => {}
        KeyStatus::Revoked => return Err(Failure::KeyRevoked),
        KeyStatus::Disabled => return Err(Failure::KeyDisabled),
        KeyStatus::Expired => return Err(Failure::KeyExpired),
    }
    if !key.record.allowed_networks.is_empty() && !key.record.permits(address(deps, inbound)) {
        return Err(Failure::AddressNotAllowed(address(deps, inbound)));
    }
    Ok(key)
}

/// Where the request comes from.
fn address(deps: &Deps, inbound: &Inbound) -> IpAddr {
    let lists = inbound.headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    client_address(inbound.peer, lists.flat_map(|list| list.split(',')), &deps.options.trusted_proxies)
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

/// Whether a secret is the key's own, or the one it had before while that is still served.
async fn verify(deps: &Deps, key: &Arc<KnownKey>, secret: &str) -> Result<bool, Failure> {
    let digest = Digest::of(secret);
    if verify_one(deps, key, secret, &digest, Which::Present).await? {
        return Ok(true);
    }
    let is_served = |previous: &PreviousSecret| deps.clock.now() < previous.valid_until;
    if !key.record.previous_secret.as_ref().is_some_and(is_served) {
        return Ok(false);
    }
    verify_one(deps, key, secret, &digest, Which::Previous).await
}

/// One of a key's two secrets.
#[derive(Clone, Copy)]
enum Which {
    Present,
    Previous,
}

impl Which {
    fn verified(self, key: &KnownKey) -> &OnceLock<Digest> {
        match self {
            Self::Present => &key.verified,
            Self::Previous => &key.previous_verified,
        }
    }

    fn hash(self, key: &KnownKey) -> &str {
        match (self, &key.record.previous_secret) {
            (Self::Previous, Some(previous)) => &previous.hash,
            _ => &key.record.secret_hash,
        }
    }
}

async fn verify_one(deps: &Deps, key: &Arc<KnownKey>, secret: &str, digest: &Digest, which: Which) -> Result<bool, Failure> {
    if let Some(verified) = which.verified(key).get() {
        return Ok(verified.matches(digest));
    }
    // In a box, as it is done once for a key.
    Box::pin(find_out(deps, key, secret, digest, which)).await
}

/// Hashes the secret, and remembers one that is right.
async fn find_out(deps: &Deps, key: &Arc<KnownKey>, secret: &str, digest: &Digest, which: Which) -> Result<bool, Failure> {
    let _turn = key.verifying.lock().await;
    // Whoever had the turn before may have found out.
    if let Some(verified) = which.verified(key).get() {
        return Ok(verified.matches(digest));
    }
    let (secret, known) = (secret.to_owned(), Arc::clone(key));
    let verdict = deps.lane.run(move || hash::verify(&secret, which.hash(&known))).await;
    match verdict.map_err(|_| Failure::Busy("keys being checked"))? {
        Ok(is_right) => {
            if is_right {
                // Set by nobody else: the turn is ours.
                let _ = which.verified(key).set(*digest);
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
