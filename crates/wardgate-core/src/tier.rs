//! Named sets of limits.

use crate::id::TierId;
use crate::stamp::Stamp;
use std::fmt;
use std::sync::Arc;

/// A text that cannot name a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tier's name has 1 to 64 characters out of a-z, 0-9, '-' and '_', and starts with a letter or digit")]
pub struct BadTierName;

/// The name by which accounts and teams are placed on a tier: `free`, `pay-as-you-go`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TierName(Arc<str>);

impl TierName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// See [`BadTierName`].
    pub fn new(text: &str) -> Result<Self, BadTierName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let is_good =
            text.len() <= 64 && text.bytes().all(allowed) && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if is_good { Ok(Self(text.into())) } else { Err(BadTierName) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tier that the operator made through the API. Others come from files.
#[derive(Debug, Clone)]
pub struct Tier {
    /// Its id.
    pub id: TierId,
    /// Its name, unique on this gateway.
    pub name: TierName,
    /// Its limits, a JSON object as text.
    pub document: String,
    /// When and by whom.
    pub stamp: Stamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_slugs() {
        assert!(TierName::new("pay-as-you-go").is_ok());
        for bad in ["", "Free", "-a", "a b", "a/b", &"a".repeat(65)] {
            assert!(TierName::new(bad).is_err(), "{bad}");
        }
    }
}
