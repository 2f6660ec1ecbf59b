//! An upstream that a tenant defines.

use crate::format::{Format, Surface};
use crate::id::{AccountId, CustomModelId, CustomProviderId};
use crate::money::PicoUsdPerToken;
use crate::name::ProviderName;
use crate::stamp::Stamp;
use std::fmt;
use std::str::FromStr;

/// A tenant's own upstream.
#[derive(Debug, Clone)]
pub struct CustomProvider {
    /// Its id as a resource.
    pub id: CustomProviderId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// What clients write before the colon.
    pub provider_name: ProviderName,
    /// Its label.
    pub display_name: String,
    /// Where it is; see the joining rule in `wardgate-model`'s `base_url`.
    pub base_url: String,
    /// Free text for programs.
    pub metadata: Option<String>,
    /// How its keys are sent; none: as its host and its surfaces make likely.
    pub auth_scheme: Option<AuthScheme>,
    /// Headers that every call to it has, in this order.
    pub headers: Vec<CustomHeader>,
    /// The surfaces it speaks; none declared means Chat Completions.
    pub surfaces: Vec<CustomSurface>,
    /// The models it declares, for the model list. Others are passed on as written.
    pub models: Vec<CustomModel>,
    /// When and by whom.
    pub stamp: Stamp,
}

/// How a credential is sent. Never in a URL, which ends up in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthScheme {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `x-api-key: …`, as Anthropic wants it.
    XApiKey,
    /// Both of these, for hosts of the Messages format that take one or the other.
    BearerAndXApiKey,
    /// `x-goog-api-key: …`, as Google's own API wants it.
    XGoogApiKey,
    /// `api-key: …`, as Azure wants it.
    ApiKey,
    /// A signature by Amazon's keys over the whole call; an API key of Bedrock goes as a bearer's.
    AwsSigv4,
    /// A bearer's token that a service account of Google gets for its signature.
    GoogleServiceAccount,
}

impl AuthScheme {
    /// Every scheme.
    pub const ALL: [Self; 7] = [
        Self::Bearer,
        Self::XApiKey,
        Self::BearerAndXApiKey,
        Self::XGoogApiKey,
        Self::ApiKey,
        Self::AwsSigv4,
        Self::GoogleServiceAccount,
    ];

    /// Its name in data files, stores and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::XApiKey => "x-api-key",
            Self::BearerAndXApiKey => "bearer-and-x-api-key",
            Self::XGoogApiKey => "x-goog-api-key",
            Self::ApiKey => "api-key",
            Self::AwsSigv4 => "aws-sigv4",
            Self::GoogleServiceAccount => "google-service-account",
        }
    }

    /// The scheme with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

/// A header that every call to a custom provider has. Written as `name: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Its value. It is shown to whoever may see the provider, so it is no place for a secret.
    pub value: String,
}

impl fmt::Display for CustomHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}

/// A text that is no header.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a header has a colon and a space between its name and its value")]
pub struct NoHeader;

impl FromStr for CustomHeader {
    type Err = NoHeader;

    fn from_str(text: &str) -> Result<Self, NoHeader> {
        let (name, value) = text.split_once(": ").ok_or(NoHeader)?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// One surface of a custom provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomSurface {
    /// Which one.
    pub surface: Surface,
    /// How it is spelled there: the surface's own format, or one of [`Surface::format_of`].
    pub format: Format,
    /// Its own base URL, where it differs from the provider's.
    pub base_url: Option<String>,
    /// The parameters at the top of a body that it takes; others are removed. Empty: it takes all.
    pub supported_params: Vec<String>,
}

impl CustomSurface {
    /// A surface in its own format, under the provider's base URL.
    #[must_use]
    pub const fn plain(surface: Surface) -> Self {
        Self { surface, format: surface.format(), base_url: None, supported_params: Vec::new() }
    }
}

/// One declared model of a custom provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomModel {
    /// Its id as a resource.
    pub id: CustomModelId,
    /// What clients write after the colon.
    pub model_id: String,
    /// What is sent upstream, where it differs.
    pub provider_model_id: Option<String>,
    /// The parameters at the top of a body that are removed for this model; at most 100.
    pub unsupported_params: Vec<String>,
    /// What it costs; none: nothing.
    pub prices: Option<DeclaredPrices>,
}

/// What a tenant declares that a model of its own provider costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredPrices {
    /// A token of input.
    pub input: PicoUsdPerToken,
    /// A token of output.
    pub output: PicoUsdPerToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for scheme in AuthScheme::ALL {
            assert_eq!(AuthScheme::from_name(scheme.name()), Some(scheme));
        }
        let header = CustomHeader { name: "x-team".to_owned(), value: "a: b".to_owned() };
        assert_eq!(header.to_string().parse(), Ok(header));
        assert_eq!("x-team".parse::<CustomHeader>(), Err(NoHeader));
    }
}
