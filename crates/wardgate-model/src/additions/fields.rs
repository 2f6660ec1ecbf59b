//! Reading fields of objects, with the paths of what is wrong in them.

use serde_json::{Map, Value};
use std::fmt;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {text}")]
pub struct Problem {
    /// Where: `models[0].pricing.input`; empty for the whole.
    pub path: String,
    /// What, for people.
    pub text: String,
}

/// A place in a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn field(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }

    fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    pub(super) fn problem(&self, text: String) -> Problem {
        Problem { path: self.0.clone(), text }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fields of an object.
pub(super) struct Fields<'v> {
    fields: Option<&'v Map<String, Value>>,
    pub(super) path: Path,
}

impl<'v> Fields<'v> {
    /// Those of a value, which may have these and no others.
    pub(super) fn of(value: &'v Value, path: Path, known: &[&str], problems: &mut Vec<Problem>) -> Self {
        let fields = value.as_object();
        if fields.is_none() {
            problems.push(path.problem(format!("must be an object with the fields {}", known.join(", "))));
        }
        for name in fields.into_iter().flat_map(Map::keys).filter(|name| !known.contains(&name.as_str())) {
            problems.push(path.field(name).problem(format!("is not known here; known: {}", known.join(", "))));
        }
        Self { fields, path }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.fields?.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str, problems: &mut Vec<Problem>) -> Option<&'v str> {
        let text = self.get(name)?.as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(name, "must be a text", problems);
        }
        text
    }

    pub(super) fn needed_text(&self, name: &str, problems: &mut Vec<Problem>) -> Option<&'v str> {
        if self.fields.is_some() && self.get(name).is_none() {
            problems.push(self.path.problem(format!("must have the field {name}")));
        }
        self.text(name, problems)
    }

    pub(super) fn one_of(&self, name: &str, known: &[&str], problems: &mut Vec<Problem>) -> Option<&'v str> {
        let text = self.text(name, problems)?;
        if !known.contains(&text) {
            self.wrong(name, &format!("must be one of {}", known.join(", ")), problems);
            return None;
        }
        Some(text)
    }

    /// A number of tokens.
    pub(super) fn count(&self, name: &str, problems: &mut Vec<Problem>) -> Option<u64> {
        let count = self.get(name)?.as_u64().filter(|count| *count > 0);
        if count.is_none() {
            self.wrong(name, "must be a whole number above 0", problems);
        }
        count
    }

    /// The items of a list, with their paths.
    pub(super) fn items(&self, name: &str, problems: &mut Vec<Problem>) -> Vec<(&'v Value, Path)> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.wrong(name, "must be a list", problems);
            return Vec::new();
        };
        let path = self.path.field(name);
        items.iter().enumerate().map(|(index, item)| (item, path.item(index))).collect()
    }

    pub(super) fn wrong(&self, name: &str, text: &str, problems: &mut Vec<Problem>) {
        problems.push(self.path.field(name).problem(text.to_owned()));
    }
}
