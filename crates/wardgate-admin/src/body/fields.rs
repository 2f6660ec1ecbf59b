//! The fields of an object that are not read yet.

use super::{Presence, Problems, camel};
use serde_json::{Map, Value};

/// The fields of an object that are not read yet.
pub(crate) struct Fields {
    path: String,
    unread: Map<String, Value>,
}

impl Fields {
    /// The fields of the object at this path, which is empty for the body itself.
    pub(crate) fn new(path: String, unread: Map<String, Value>) -> Self {
        Self { path, unread }
    }

    /// Reads one. `None` when there is a problem.
    pub(crate) fn take<P: Presence>(&mut self, name: &str, rule: &P, problems: &mut Problems) -> Option<P::Out> {
        let name = camel(name);
        let value = self.unread.remove(&name);
        rule.read(&self.path(&name), value, problems)
    }

    /// Makes a problem of every field that nobody read.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for name in self.unread.keys() {
            let shown: String = name.chars().take(64).collect();
            problems.add(self.path(&shown), "unknown_field", None, "is not a field of this resource: check its spelling");
        }
    }

    fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}
