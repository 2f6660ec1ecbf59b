//! Something that was found in a document, and where.

use serde_json::{Value, json};
use std::fmt;
use wardgate_cli::yaml::{self, Position, Step};

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

/// Where a path leads in a text, or as far as it leads.
pub(super) fn position(text: &str, document: usize, path: &str) -> Option<Position> {
    let mut steps = steps(path);
    while !steps.is_empty() {
        if let Some(position) = yaml::position(text, document, &steps, false) {
            return Some(position);
        }
        steps.pop();
    }
    None
}

/// `a.b[2]` as steps.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|name| !name.is_empty()).map(|name| Step::Field(name.to_owned())));
        let indices = pieces.filter_map(|index| index.trim_end_matches(']').parse().ok());
        steps.extend(indices.map(Step::Item));
    }
    steps
}
