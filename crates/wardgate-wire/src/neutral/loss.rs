//! What could not be kept, and what must not be translated at all.

use std::fmt::Write;

/// The most bytes that warnings take in a header.
pub const WARNINGS_BYTES_MAX: usize = 1024;

/// The most warnings that are kept for one request. Further ones say nothing new.
pub const WARNINGS_MAX: usize = 64;

/// Something of the request or the answer that got weaker or lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What happened, as a stable word.
    pub code: &'static str,
    /// Where, in the client's names.
    pub path: String,
}

/// Warnings in the order they came up, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    /// Adds a warning, unless it is there or [`WARNINGS_MAX`] is reached.
    pub fn add(&mut self, code: &'static str, path: impl Into<String>) {
        let warning = Warning { code, path: path.into() };
        if self.0.len() < WARNINGS_MAX && !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// Adds those of another list.
    pub fn extend(&mut self, others: &Self) {
        for other in &others.0 {
            self.add(other.code, other.path.clone());
        }
    }

    /// Every warning.
    #[must_use]
    pub fn as_slice(&self) -> &[Warning] {
        &self.0
    }

    /// The value of the header: `code;path`, separated by commas, as many as fit. Characters that a header cannot hold are
    /// replaced. None when nothing was lost.
    #[must_use]
    pub fn to_header(&self) -> Option<String> {
        let mut header = String::new();
        for Warning { code, path } in &self.0 {
            let separator = if header.is_empty() { "" } else { ", " };
            let path = path.replace(|character: char| !character.is_ascii_graphic() || character == ',', "_");
            if header.len() + separator.len() + code.len() + path.len() + 1 > WARNINGS_BYTES_MAX {
                break;
            }
            // Writing to a String cannot fail.
            let _ = write!(header, "{separator}{code};{path}");
        }
        (!header.is_empty()).then_some(header)
    }
}

/// Why a request cannot be said in another format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct Untranslatable {
    /// A stable word for it.
    pub code: &'static str,
    /// Where it stands, in the client's names.
    pub path: String,
    /// What is wrong with it and what can be done, for people.
    pub why: String,
}

impl Untranslatable {
    /// One with all its parts.
    #[must_use]
    pub fn new(code: &'static str, path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { code, path: path.into(), why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_stays_within_its_bound_and_its_characters() {
        let mut warnings = Warnings::default();
        assert_eq!(warnings.to_header(), None);
        warnings.add("unsupported_parameter", "top_k");
        warnings.add("unsupported_parameter", "top_k");
        warnings.add("unknown_field", "é,\n");
        assert_eq!(warnings.to_header().as_deref(), Some("unsupported_parameter;top_k, unknown_field;___"));
        for number in 0..200 {
            warnings.add("unknown_field", format!("a_rather_long_name_of_a_field_{number}"));
        }
        assert_eq!(warnings.as_slice().len(), WARNINGS_MAX);
        assert!(warnings.to_header().is_some_and(|header| header.len() <= WARNINGS_BYTES_MAX && header.len() > 900));
    }
}
