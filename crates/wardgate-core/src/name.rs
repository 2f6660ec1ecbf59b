//! Names of providers and models.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Why a text cannot name a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadProviderName {
    /// Nothing, or more than 255 bytes.
    #[error("a provider's id has 1 to 255 characters")]
    Length,
    /// Something outside `a-z 0-9 - _ .`, or a first character that is no letter or digit.
    #[error("a provider's id consists of lower-case letters, digits, '-', '_' and '.', and starts with a letter or digit")]
    Characters,
}

/// The id of a provider as clients and configurations write it: `openai`, `ollama-gpu-1`. Compared exactly.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderName(Arc<str>);

impl ProviderName {
    /// Checks and takes a name. Colons and slashes are refused, since they separate the parts of a model string.
    ///
    /// # Errors
    /// When the text is empty, too long or holds other characters.
    pub fn new(text: &str) -> Result<Self, BadProviderName> {
        if text.is_empty() || text.len() > 255 {
            return Err(BadProviderName::Length);
        }
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        if !text.bytes().all(allowed) || !text.as_bytes()[0].is_ascii_alphanumeric() {
            return Err(BadProviderName::Characters);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ProviderName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A model's id as its provider writes it. Any text; compared without case when looked up, sent with its own case.
pub type ModelName = Arc<str>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_upper_case_cannot_stand_in_a_provider_name() {
        assert!(ProviderName::new("ollama-gpu_1.local").is_ok());
        for bad in ["", "OpenAI", "a:b", "a/b", "-a", "a b"] {
            assert!(ProviderName::new(bad).is_err(), "{bad}");
        }
    }
}
