//! The fields of an object that are not read yet.

use super::{Presence, Problems, camel};
use serde_json::{Map, Value};
use wardgate_model::nearest::nearest;

/// The fields of an object that are not read yet.
pub(crate) struct Fields {
    path: String,
    unread: Map<String, Value>,
    /// What was asked for, there or not.
    known: Vec<String>,
}

impl Fields {
    /// The fields of the object at this path, which is empty for the body itself.
    pub(crate) fn new(path: String, unread: Map<String, Value>) -> Self {
        Self { path, unread, known: Vec::new() }
    }

    /// Reads one. `None` when there is a problem.
    pub(crate) fn take<P: Presence>(&mut self, name: &str, rule: &P, problems: &mut Problems) -> Option<P::Out> {
        let name = camel(name);
        let value = self.unread.remove(&name);
        let read = rule.read(&self.path(&name), value, problems);
        self.known.push(name);
        read
    }

    /// Makes a problem of every field that nobody read.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for name in self.unread.keys() {
            let shown: String = name.chars().take(64).collect();
            let why = match nearest(&shown, self.known.iter().map(String::as_str)) {
                Some(meant) => format!("is not a field of this resource: did you mean {meant}?"),
                None => format!("is not a field of this resource, which has {}", self.known.join(", ")),
            };
            problems.add(self.path(&shown), "unknown_field", None, why);
        }
    }

    fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}
