//! Putting a credential on a call: always in a header, never in a URL, which ends up in logs.

mod aws;
mod fields;
mod google;
pub(crate) mod percent;
mod sigv4;
mod tokens;

use crate::client::{Call, Upstream};
pub(crate) use fields::Fields;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
pub(crate) use tokens::Tokens;
use wardgate_core::secret::Secret;
use wardgate_core::time::Clock;
use wardgate_model::AuthScheme;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// Why a credential cannot be used. None of these says anything of what is in it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    /// It would break the header it is sent in.
    #[error("the provider key holds characters that cannot be sent; was it cut off or pasted with something else?")]
    Characters,
    /// It begins with a brace and is no JSON object of texts.
    #[error("the provider key begins like a JSON object and cannot be read as one")]
    NotJson,
    /// What the scheme needs is not there.
    #[error("the provider key must be a JSON object that has the field {0}")]
    FieldMissing(&'static str),
    /// What the URL needs is not there.
    #[error("the provider key must be a JSON object that has the field {0}")]
    PlaceMissing(String),
    /// What the URL needs cannot stand in one.
    #[error("the provider key's field {0} may have letters, digits and hyphens only")]
    PlaceWrong(String),
    /// The endpoint's URL cannot be read.
    #[error("the provider's URL cannot be read")]
    NoUrl,
    /// The private key of a service account cannot be read, or cannot sign.
    #[error("the private key in the provider key cannot be read; store the JSON file of the service account as it is")]
    PrivateKey,
    /// Who hands out tokens refused.
    #[error("the service that hands out access tokens refused the provider key with status {0}")]
    TokenRefused(u16),
    /// Who hands out tokens did not answer, or not in a way that can be read.
    #[error("no access token could be had: {0}")]
    NoToken(&'static str),
}

impl AuthError {
    /// Whether the credential itself is at fault, and not the way to whoever checks it.
    #[must_use]
    pub const fn is_of_credential(&self) -> bool {
        !matches!(self, Self::NoUrl | Self::NoToken(_))
    }
}

impl Upstream {
    /// Puts a credential on a call that is otherwise complete, since some schemes sign all of it.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn authorize(
        &self,
        call: &mut Call,
        scheme: AuthScheme,
        credential: &Secret,
        clock: &dyn Clock,
    ) -> Result<(), AuthError> {
        match scheme {
            AuthScheme::AwsSigv4 => aws::apply(call, credential, clock.now()),
            // In a box: it is rare, and its room would be every call's.
            AuthScheme::GoogleServiceAccount => Box::pin(google::apply(self, call, credential, clock.now())).await,
            _ => in_header(&mut call.headers, scheme, Fields::read(credential)?.key()?),
        }
    }
}

/// Adds `Authorization: Bearer …`, marked as sensitive so that nothing prints it.
///
/// # Errors
/// When the credential holds characters that no header can.
pub fn bearer(headers: &mut HeaderMap, credential: &str) -> Result<(), AuthError> {
    headers.insert(AUTHORIZATION, sensitive(["Bearer ", credential].concat())?);
    Ok(())
}

/// What of a credential a provider gets to see, and so could repeat in an answer; of those that sign, what must not be seen
/// at all.
#[must_use]
pub fn told(credential: &Secret) -> Cow<'_, str> {
    let Ok(fields) = Fields::read(credential) else { return Cow::Borrowed(credential.expose()) };
    fields.api_key.or(fields.secret_access_key).or(fields.private_key).unwrap_or(Cow::Borrowed(credential.expose()))
}

fn in_header(headers: &mut HeaderMap, scheme: AuthScheme, key: &str) -> Result<(), AuthError> {
    if matches!(scheme, AuthScheme::Bearer | AuthScheme::BearerAndXApiKey) {
        bearer(headers, key)?;
    }
    let name = match scheme {
        AuthScheme::XApiKey | AuthScheme::BearerAndXApiKey => X_API_KEY,
        AuthScheme::XGoogApiKey => X_GOOG_API_KEY,
        AuthScheme::ApiKey => API_KEY,
        AuthScheme::Bearer | AuthScheme::AwsSigv4 | AuthScheme::GoogleServiceAccount => return Ok(()),
    };
    headers.insert(name, sensitive(key.to_owned())?);
    Ok(())
}

fn sensitive(text: String) -> Result<HeaderValue, AuthError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| AuthError::Characters)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(scheme: AuthScheme, credential: &str) -> Result<Vec<String>, AuthError> {
        let mut headers = HeaderMap::new();
        in_header(&mut headers, scheme, Fields::read(&Secret::from(credential))?.key()?)?;
        assert!(headers.values().all(HeaderValue::is_sensitive));
        Ok(headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default())).collect())
    }

    #[test]
    fn each_scheme_sends_its_headers_and_no_other() {
        for (scheme, expected) in [
            (AuthScheme::Bearer, &["authorization: Bearer k"][..]),
            (AuthScheme::XApiKey, &["x-api-key: k"]),
            (AuthScheme::BearerAndXApiKey, &["authorization: Bearer k", "x-api-key: k"]),
            (AuthScheme::XGoogApiKey, &["x-goog-api-key: k"]),
            (AuthScheme::ApiKey, &["api-key: k"]),
        ] {
            for credential in ["k", " k\n", r#"{"api_key":"k","resource":"r"}"#] {
                assert_eq!(sent(scheme, credential).unwrap_or_default(), expected, "{scheme:?}");
            }
        }
    }

    #[test]
    fn what_could_be_repeated_is_the_key_itself() {
        for (credential, expected) in [
            ("k", "k"),
            (r#"{"api_key":"k","resource":"r"}"#, "k"),
            (r#"{"access_key_id":"AK","secret_access_key":"s"}"#, "s"),
            ("{", "{"),
        ] {
            assert_eq!(told(&Secret::from(credential)), expected);
        }
    }

    #[test]
    fn a_credential_that_cannot_be_sent_is_refused_without_a_word_of_it() {
        for (credential, expected) in [
            ("sk-a\r\nb: c", "holds characters"),
            (r#"{"resource":"sk-a"}"#, "has the field api_key"),
            (r#"{"api_key":"sk-a""#, "cannot be read as one"),
            (r#"{"api_key":["sk-a"]}"#, "cannot be read as one"),
        ] {
            let error = sent(AuthScheme::Bearer, credential).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected) && !error.contains("sk-a"), "{error}");
        }
    }
}
