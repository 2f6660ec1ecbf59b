//! What a stored credential consists of. Most are one key; clouds need more, and these are a JSON object of named texts.

use super::AuthError;
use serde::Deserialize;
use std::borrow::Cow;
use wardgate_core::secret::Secret;

/// The fields that a credential may have. A plain key has `api_key` alone.
///
/// The list is closed, so that nothing secret can come into a URL by a mistake in a template: what may stand there is a list of
/// its own, in [`crate::place`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fields<'c> {
    /// The one key of most providers.
    #[serde(borrow)]
    pub(crate) api_key: Option<Cow<'c, str>>,
    /// Amazon's keys.
    #[serde(borrow)]
    pub(crate) access_key_id: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) secret_access_key: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) session_token: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) region: Option<Cow<'c, str>>,
    /// A service account of Google, as its console hands it out.
    #[serde(borrow)]
    pub(crate) client_email: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) private_key: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) private_key_id: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) token_uri: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) project_id: Option<Cow<'c, str>>,
    #[serde(borrow)]
    pub(crate) location: Option<Cow<'c, str>>,
    /// The name of a resource of Azure's.
    #[serde(borrow)]
    pub(crate) resource: Option<Cow<'c, str>>,
}

impl<'c> Fields<'c> {
    /// Reads a credential.
    pub(crate) fn read(credential: &'c Secret) -> Result<Self, AuthError> {
        let text = credential.expose().trim();
        if !text.starts_with('{') {
            return Ok(Self { api_key: Some(text.into()), ..Self::default() });
        }
        // What the parser says may quote the secret.
        serde_json::from_str(text).map_err(|_| AuthError::NotJson)
    }

    /// The key of a provider that has one.
    pub(crate) fn key(&self) -> Result<&str, AuthError> {
        self.api_key.as_deref().ok_or(AuthError::FieldMissing("api_key"))
    }
}
