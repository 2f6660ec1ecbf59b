//! A service account of Google: it signs that it is who it is, and gets an access token for that.

use super::tokens::Fetched;
use super::{AuthError, Fields, bearer};
use crate::body::SlicedBody;
use crate::client::{Call, Upstream};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64ct::{Base64UrlUnpadded, Encoding};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Uri};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;
use wardgate_model::Origin;

/// Where tokens are had, for a credential that does not say.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// What the token may be used for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long an assertion holds; Google takes no longer one.
const ASSERTION_LIFE_SECONDS: i64 = 3_600;

/// How long a token is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of the answer is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Puts the token of a service account on a call. A credential that is one key is a token already.
pub(super) async fn apply(upstream: &Upstream, call: &mut Call, credential: &Secret, now: Timestamp) -> Result<(), AuthError> {
    let fields = Fields::read(credential)?;
    if let Some(key) = &fields.api_key {
        return bearer(&mut call.headers, key);
    }
    let fetch = async || {
        let fetched = tokio::time::timeout(TIMEOUT, fetch(upstream, &fields, now)).await;
        fetched.unwrap_or(Err(AuthError::NoToken("the service that hands them out took too long")))
    };
    let token = upstream.tokens().get(credential, now, fetch).await?;
    bearer(&mut call.headers, token.expose())
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

async fn fetch(upstream: &Upstream, fields: &Fields<'_>, now: Timestamp) -> Result<Fetched, AuthError> {
    let token_uri = fields.token_uri.as_deref().unwrap_or(TOKEN_URI);
    let assertion = assertion(fields, token_uri, now)?;
    let form = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
    let url: Uri = token_uri.parse().map_err(|_| AuthError::NoToken("the field token_uri is no URL"))?;
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, form_type)]);
    // A tenant wrote that address, so it is guarded as that of its own provider is.
    let call = Call { method: Method::POST, url, origin: Origin::Tenant, headers, body: SlicedBody::new(vec![form.into()]) };
    let answer = upstream.send(call).await.map_err(|error| {
        tracing::debug!(error = &error as &dyn std::error::Error, "no access token");
        AuthError::NoToken("the service that hands them out does not answer")
    })?;
    let status = answer.status();
    match status.as_u16() {
        200..=299 => {}
        400..=499 if status.as_u16() != 429 => return Err(AuthError::TokenRefused(status.as_u16())),
        _ => return Err(AuthError::NoToken("the service that hands them out is failing")),
    }
    let mut body = answer.into_body();
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    while let Some(data) = body.next().await {
        bytes.extend_from_slice(&data.map_err(|_| AuthError::NoToken("the answer broke off"))?);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(AuthError::NoToken("the answer is too long"));
        }
    }
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| AuthError::NoToken("the answer holds none"))?;
    let life = Duration::from_secs(answer.expires_in.unwrap_or(0).min(24 * 3_600));
    Ok(Fetched { token: Secret::new(answer.access_token), life })
}

/// A signed statement of who asks (RFC 7523).
fn assertion(fields: &Fields<'_>, token_uri: &str, now: Timestamp) -> Result<String, AuthError> {
    let email = fields.client_email.as_deref().ok_or(AuthError::FieldMissing("client_email"))?;
    let private_key = fields.private_key.as_deref().ok_or(AuthError::FieldMissing("private_key"))?;
    let iat = now.unix_seconds();
    let header = Header { alg: "RS256", typ: "JWT", kid: fields.private_key_id.as_deref() };
    let claims = Claims { iss: email, scope: SCOPE, aud: token_uri, iat, exp: iat + ASSERTION_LIFE_SECONDS };
    let encoded =
        |json: serde_json::Result<Vec<u8>>| Ok(Base64UrlUnpadded::encode_string(&json.map_err(|_| AuthError::NotJson)?));
    let statement = format!("{}.{}", encoded(serde_json::to_vec(&header))?, encoded(serde_json::to_vec(&claims))?);
    let signature = sign(private_key, statement.as_bytes())?;
    Ok(format!("{statement}.{}", Base64UrlUnpadded::encode_string(&signature)))
}

fn sign(private_key: &str, statement: &[u8]) -> Result<Vec<u8>, AuthError> {
    let der = PrivateKeyDer::from_pem_slice(private_key.as_bytes()).map_err(|_| AuthError::PrivateKey)?;
    let pair = match &der {
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(AuthError::PrivateKey),
    };
    let pair = pair.map_err(|_| AuthError::PrivateKey)?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), statement, &mut signature).map_err(|_| AuthError::PrivateKey)?;
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64ct::Base64;

    #[test]
    fn an_assertion_says_who_asks_and_its_signature_holds() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap_or_else(|error| panic!("{error}"));
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap_or_else(|error| panic!("{error}"));
        let body = Base64::encode_string(der.as_ref());
        let lines: Vec<&str> = (0..body.len()).step_by(64).map(|at| &body[at..body.len().min(at + 64)]).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", lines.join("\\n"));
        let account =
            format!(r#"{{"type":"service_account","private_key_id":"1","client_email":"a@b","private_key":"{pem}"}}"#);
        let account = Secret::new(account);
        let fields = Fields::read(&account).unwrap_or_default();
        let signed = assertion(&fields, TOKEN_URI, Timestamp::from_unix_millis(1_000_000)).unwrap_or_default();
        let (statement, signature) = signed.rsplit_once('.').unwrap_or_default();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap_or_default();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        assert!(public.verify(statement.as_bytes(), &signature).is_ok());
        let said: Vec<_> = statement.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap_or_default()).collect();
        let said: Vec<_> = said.iter().map(|part| String::from_utf8_lossy(part)).collect();
        assert_eq!(said[0], r#"{"alg":"RS256","typ":"JWT","kid":"1"}"#);
        let claims = r#"{"iss":"a@b","scope":"https://www.googleapis.com/auth/cloud-platform","aud":"https://oauth2.googleapis.com/token","iat":1000,"exp":4600}"#;
        assert_eq!(said[1], claims);
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        for text in ["", "k", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(matches!(sign(text, b"x"), Err(AuthError::PrivateKey)), "{text}");
        }
    }
}
