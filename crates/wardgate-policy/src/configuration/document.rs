//! A document that is sound.

use super::access::Access;
use super::draft::Draft;
use super::problem::Problem;
use super::router::Router;
use super::strategies::Strategies;
use serde_json::{Map, Value};

/// What a configuration says. The default says nothing: everything is allowed, and called with the account's own keys, then
/// with managed ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The scope. None: everything.
    pub access: Option<Access>,
    /// The rules. None: the default for every provider.
    pub router: Option<Router>,
    /// The expressions.
    pub strategies: Strategies,
}

/// A stored text that is no document. Whoever meets one must refuse to serve: what it would have forbidden is not known.
#[derive(Debug, thiserror::Error)]
pub enum BadDocument {
    /// It is not JSON, or no object.
    #[error("the stored configuration is not a JSON object")]
    NotAnObject,
    /// It has fields or values that this version does not know.
    #[error("the stored configuration cannot be understood: {0}")]
    Problem(Problem),
}

impl Document {
    /// Reads what [`Document::to_text`] wrote.
    ///
    /// # Errors
    /// When it did not: another version of this program did, or somebody's hand.
    pub fn from_text(text: &str) -> Result<Self, BadDocument> {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            return Err(BadDocument::NotAnObject);
        };
        Draft::new(fields).into_document_as_it_is().map_err(BadDocument::Problem)
    }

    /// The text to be stored: compact JSON, the same for the same document.
    #[must_use]
    pub fn to_text(&self) -> String {
        Value::Object(self.to_fields(&|_| Map::new())).to_string()
    }
}
