//! Putting a credential on a request: always in a header, never in a URL.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use wardgate_core::secret::Secret;
use wardgate_model::AuthScheme;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Adds the headers by which a provider knows us. They are marked as sensitive, so that nothing prints them.
///
/// # Errors
/// When the credential holds characters that no header can.
pub fn apply(headers: &mut HeaderMap, scheme: AuthScheme, credential: &Secret) -> Result<(), InvalidHeaderValue> {
    if matches!(scheme, AuthScheme::Bearer | AuthScheme::BearerAndXApiKey) {
        headers.insert(AUTHORIZATION, sensitive(&["Bearer ", credential.expose()].concat())?);
    }
    if matches!(scheme, AuthScheme::XApiKey | AuthScheme::BearerAndXApiKey) {
        headers.insert(X_API_KEY, sensitive(credential.expose())?);
    }
    Ok(())
}

fn sensitive(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scheme_sends_its_headers_and_no_other() {
        let sent = |scheme| {
            let mut headers = HeaderMap::new();
            assert!(apply(&mut headers, scheme, &Secret::from("k")).is_ok());
            let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            (text("authorization"), text("x-api-key"))
        };
        assert_eq!(sent(AuthScheme::Bearer), (Some("Bearer k".to_owned()), None));
        assert_eq!(sent(AuthScheme::XApiKey), (None, Some("k".to_owned())));
        assert_eq!(sent(AuthScheme::BearerAndXApiKey), (Some("Bearer k".to_owned()), Some("k".to_owned())));
    }

    #[test]
    fn a_credential_with_a_line_break_is_refused() {
        assert!(apply(&mut HeaderMap::new(), AuthScheme::Bearer, &Secret::from("a\r\nb: c")).is_err());
    }
}
