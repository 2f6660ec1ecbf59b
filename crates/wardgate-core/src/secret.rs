//! Text that must not be seen.

use zeroize::Zeroizing;

/// A credential in clear. It has no `Debug`, `Display` or `Serialize`, so nothing can print it by accident, and its memory is
/// wiped when it goes. [`Secret::expose`] is the one way in, and easy to search for.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a credential.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The credential itself, for the one place that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

/// How a provider's credential is shown: the first ten characters, `***`, the last four. A short one shows only its last four
/// characters, and one too short to hide anything shows nothing.
#[must_use]
pub fn redact(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let last = |count: usize| characters[characters.len() - count..].iter().collect::<String>();
    match characters.len() {
        0..=11 => "***".to_owned(),
        12..=23 => format!("***{}", last(4)),
        _ => format!("{}***{}", characters[..10].iter().collect::<String>(), last(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redaction_never_shows_most_of_a_secret() {
        assert_eq!(redact("sk-proj-0123456789abcdefghij"), "sk-proj-01***ghij");
        assert_eq!(redact("short-secret-1"), "***et-1");
        assert_eq!(redact("tiny"), "***");
    }
}
