//! What a value must be, as data: read by it, and described by it.

mod items;
mod number;
mod object;
mod text;

pub(crate) use items::Items;
pub(crate) use number::{Flag, Integer};
pub(crate) use object::{Entries, Nested, Raw};
pub(crate) use text::{OneOf, Parsed, Text};

use super::Problems;
use serde_json::Value;

/// What a value that is there must be.
pub(crate) trait Rule {
    /// What it is read as.
    type Value;

    /// Reads a value. `None` when there is a problem.
    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<Self::Value>;

    /// What it must be, as JSON Schema.
    fn schema(&self) -> Value;

    /// The code of the API we are compatible with for its absence.
    fn missing_code(&self) -> Option<&'static str> {
        None
    }
}

fn wrong_type<T>(path: &str, expected: &str, problems: &mut Problems) -> Option<T> {
    problems.add(path, "wrong_type", None, format!("must be {expected}"));
    None
}

/// The name of the field that a path ends in, as our words write it: `model_id` of `models[0].modelId`.
fn word_of(path: &str) -> String {
    let field = path.rsplit('.').next().unwrap_or_default().split('[').next().unwrap_or_default();
    let mut word = String::new();
    for character in field.chars() {
        if character.is_ascii_uppercase() {
            word.push('_');
        }
        word.push(character.to_ascii_lowercase());
    }
    word
}
