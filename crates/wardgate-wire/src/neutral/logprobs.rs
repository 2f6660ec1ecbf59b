//! How probable the tokens of a text were.

use super::request::Number;

/// The most alternatives to a token that any format tells of.
pub const ALTERNATIVES_MAX: u64 = 20;

/// A token, and how probable it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logprob {
    /// The token as text.
    pub token: String,
    /// The logarithm of its probability, as it was written.
    pub logprob: Number,
    /// Its bytes, where they were told: a token may be a piece of a character.
    pub bytes: Option<Vec<u8>>,
    /// What could have stood in its place, the most probable first. These have no alternatives of their own.
    pub top: Vec<Self>,
}

impl Logprob {
    /// A token of which no more is known.
    #[must_use]
    pub const fn new(token: String, logprob: Number) -> Self {
        Self { token, logprob, bytes: None, top: Vec::new() }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(self.token.as_bytes())
    }
}

/// How many of the tokens of a text end within its first so many bytes.
pub(crate) fn count_within(tokens: &[Logprob], text_bytes: usize) -> usize {
    let mut end = 0;
    let is_within = |token: &&Logprob| {
        end += token.bytes().len();
        end <= text_bytes
    };
    tokens.iter().take_while(is_within).count()
}
