//! Something that was found in a document, and where.

use serde_json::{Value, json};
use std::fmt;
use wardgate_cli::yaml::Position;

/// An error, or a warning.
pub(super) struct Found {
    pub(super) file: String,
    pub(super) position: Option<Position>,
    pub(super) path: String,
    pub(super) code: &'static str,
    pub(super) text: String,
    pub(super) is_warning: bool,
}

impl Found {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "file": self.file,
            "line": self.position.map(|at| at.line),
            "column": self.position.map(|at| at.column),
            "path": self.path,
            "code": self.code,
            "severity": if self.is_warning { "warning" } else { "error" },
            "text": self.text,
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(at) = self.position {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        let severity = if self.is_warning { "warning" } else { "error" };
        write!(f, ": {severity}: {} {}", self.path, self.text)
    }
}
