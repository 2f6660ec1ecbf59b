//! Amazon's ways: a signature over the whole call, or a key that is sent as it is.

use super::sigv4::{self, Signable, Signer};
use super::{AuthError, Fields, bearer, sensitive};
use crate::client::Call;
use crate::pool::Host;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Where a call goes when its credential says nothing.
const DEFAULT_REGION: &str = "us-east-1";

/// Signs a call. A credential that is one key goes as a bearer's.
pub(super) fn apply(call: &mut Call, credential: &Secret, now: Timestamp) -> Result<(), AuthError> {
    let fields = Fields::read(credential)?;
    if let Some(key) = &fields.api_key {
        return bearer(&mut call.headers, key);
    }
    let access_key_id = fields.access_key_id.as_deref().ok_or(AuthError::FieldMissing("access_key_id"))?;
    let secret_access_key = fields.secret_access_key.as_deref().ok_or(AuthError::FieldMissing("secret_access_key"))?;
    if let Some(token) = &fields.session_token {
        call.headers.insert(X_AMZ_SECURITY_TOKEN, sensitive(token.clone().into_owned())?);
    }
    let date_time = HeaderValue::from_str(&sigv4::date_time(now)).map_err(|_| AuthError::Characters)?;
    call.headers.insert(X_AMZ_DATE, date_time);
    let host = Host::of(&call.url).map_err(|_| AuthError::NoUrl)?;
    let region = fields.region.as_deref().unwrap_or(DEFAULT_REGION);
    let signer = Signer { access_key_id, secret_access_key, region, service: service(host.shown()), now };
    let signed = call.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-"));
    let mut headers = vec![("host", host.shown())];
    headers.extend(signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
    let request = Signable {
        method: call.method.as_str(),
        path: call.url.path(),
        query: call.url.query().unwrap_or_default(),
        headers,
        body: sigv4::hash(call.body.slices()),
    };
    let authorization = sigv4::authorization(&signer, request);
    call.headers.insert(AUTHORIZATION, sensitive(authorization)?);
    Ok(())
}

/// The hosts that speak others' formats are a service of their own; all other hosts of Bedrock share one name.
fn service(host: &str) -> &'static str {
    if host.starts_with("bedrock-mantle.") { "bedrock-mantle" } else { "bedrock" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::SlicedBody;
    use http::{HeaderMap, Method};
    use wardgate_model::Origin;

    fn signed(credential: &str) -> Result<HeaderMap, AuthError> {
        let url =
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3A0/converse".parse().map_err(|_| AuthError::NoUrl)?;
        let body = SlicedBody::new(vec!["{}".into()]);
        let mut call = Call { method: Method::POST, url, origin: Origin::BuiltIn, headers: HeaderMap::new(), body };
        apply(&mut call, &Secret::from(credential), Timestamp::from_unix_millis(1_440_938_160_000))?;
        Ok(call.headers)
    }

    fn text(headers: &HeaderMap, name: &str) -> String {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_pair_of_keys_signs_and_one_key_is_sent() {
        let pair = r#"{"access_key_id":"AK","secret_access_key":"s","region":"eu-west-1""#;
        let headers = signed(&format!("{pair}}}")).unwrap_or_default();
        let authorization = text(&headers, "authorization");
        let expected =
            "AWS4-HMAC-SHA256 Credential=AK/20150830/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, ";
        assert!(authorization.starts_with(expected), "{authorization}");
        assert_eq!(text(&headers, "x-amz-date"), "20150830T123600Z");
        let headers = signed(&format!(r#"{pair},"session_token":"t"}}"#)).unwrap_or_default();
        assert!(text(&headers, "authorization").contains("SignedHeaders=host;x-amz-date;x-amz-security-token, "));
        assert_eq!(text(&headers, "x-amz-security-token"), "t");
        for one in ["bedrock-api-key-x", r#"{"api_key":"bedrock-api-key-x","region":"eu-west-1"}"#] {
            let headers = signed(one).unwrap_or_default();
            assert_eq!((text(&headers, "authorization").as_str(), headers.len()), ("Bearer bedrock-api-key-x", 1));
        }
        let missing = signed(r#"{"access_key_id":"AK"}"#).err().map(|error| error.to_string());
        assert_eq!(missing.as_deref(), Some("the provider key must be a JSON object that has the field secret_access_key"));
    }
}
