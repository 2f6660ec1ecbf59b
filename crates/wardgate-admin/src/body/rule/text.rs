//! Texts: free ones, ones that mean something, and ones out of a few.

use super::{Rule, word_of, wrong_type};
use crate::body::Problems;
use serde_json::{Value, json};

/// A text of so many characters. NUL is refused, because not every store keeps it.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    length_max: usize,
    too_long: Option<&'static str>,
    /// Whether it must hold something; with the foreign code for when it does not.
    filled: Option<Option<&'static str>>,
    /// What it is described to look like.
    pattern: &'static str,
}

/// Anything but NUL.
const ANY_TEXT: &str = "^[^\\u0000]*$";

impl Text {
    /// A text that may be empty.
    pub(crate) const fn max(length_max: usize) -> Self {
        Self { length_max, too_long: None, filled: None, pattern: ANY_TEXT }
    }

    /// With a description of what it looks like; whoever takes it checks it.
    pub(crate) const fn described(mut self, pattern: &'static str) -> Self {
        self.pattern = pattern;
        self
    }

    /// With the code that the API we are compatible with has for a longer one.
    pub(crate) const fn too_long(mut self, error_code: &'static str) -> Self {
        self.too_long = Some(error_code);
        self
    }

    /// A text that must not be empty, and the foreign code for when it is.
    pub(crate) const fn filled(mut self, error_code: Option<&'static str>) -> Self {
        self.filled = Some(error_code);
        self
    }
}

impl Rule for Text {
    type Value = String;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<String> {
        let Value::String(text) = value else { return wrong_type(path, "a string", problems) };
        if let Some(error_code) = self.filled
            && text.is_empty()
        {
            problems.add(path, "missing_field", error_code, "is required and must not be empty");
            return None;
        }
        let length = text.chars().count();
        if length > self.length_max {
            let why = format!("has {length} characters, and may have at most {}", self.length_max);
            problems.add(path, format!("{}_too_long", word_of(path)), self.too_long, why);
            return None;
        }
        if text.contains('\0') {
            problems.add(path, "bad_character", None, "must not hold the character NUL (\\u0000)");
            return None;
        }
        Some(text)
    }

    fn schema(&self) -> Value {
        let mut schema = json!({"type": "string", "maxLength": self.length_max, "pattern": self.pattern});
        if self.filled.is_some() {
            schema["minLength"] = json!(1);
        }
        schema
    }

    fn missing_code(&self) -> Option<&'static str> {
        self.filled.flatten()
    }
}

/// A text that means something.
pub(crate) struct Parsed<T> {
    /// What it means, or why it means nothing: "must be …".
    pub(crate) parse: fn(&str) -> Result<T, String>,
    /// Our word for when it means nothing.
    pub(crate) code: &'static str,
    /// The foreign code for it.
    pub(crate) error_code: Option<&'static str>,
    /// What is described of it, beside that it is a string.
    pub(crate) schema: fn() -> Value,
}

impl<T> Rule for Parsed<T> {
    type Value = T;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<T> {
        let Value::String(text) = value else { return wrong_type(path, "a string", problems) };
        match (self.parse)(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                problems.add(path, self.code, self.error_code, why);
                None
            }
        }
    }

    fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        schema["type"] = json!("string");
        schema
    }
}

/// One out of a few words.
pub(crate) struct OneOf<T> {
    /// The words, and what they mean.
    pub(crate) words: Vec<(&'static str, T)>,
    /// Our word for when it is none of them.
    pub(crate) code: &'static str,
    /// The foreign code for it.
    pub(crate) error_code: Option<&'static str>,
    /// The foreign code for its absence.
    pub(crate) missing_code: Option<&'static str>,
}

impl<T: Copy> OneOf<T> {
    /// One of these words.
    pub(crate) fn new(words: impl IntoIterator<Item = (&'static str, T)>, code: &'static str) -> Self {
        Self { words: words.into_iter().collect(), code, error_code: None, missing_code: None }
    }
}

impl<T: Copy> Rule for OneOf<T> {
    type Value = T;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<T> {
        let Value::String(text) = value else { return wrong_type(path, "a string", problems) };
        let found = self.words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<String> = self.words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            problems.add(path, self.code, self.error_code, format!("must be {}", words.join(" or ")));
        }
        found.map(|(_, value)| *value)
    }

    fn schema(&self) -> Value {
        let words: Vec<_> = self.words.iter().map(|(word, _)| *word).collect();
        json!({"type": "string", "enum": words})
    }

    fn missing_code(&self) -> Option<&'static str> {
        self.missing_code
    }
}
