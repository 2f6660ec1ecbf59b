//! Whether a field must be there, and what its absence means.

use super::{Problems, Rule};
use serde_json::{Value, json};

/// A rule for a field, its absence included.
pub(crate) trait Presence {
    /// What it is read as.
    type Out;

    /// Reads a field. `None` when there is a problem.
    fn read(&self, path: &str, value: Option<Value>, problems: &mut Problems) -> Option<Self::Out>;

    /// What it must be, as JSON Schema.
    fn schema(&self) -> Value;

    /// Whether it must be there.
    fn is_required(&self) -> bool {
        false
    }
}

/// It must be there.
pub(crate) struct Required<R>(pub(crate) R);

/// It may be absent or null, which is the same.
pub(crate) struct Optional<R>(pub(crate) R);

/// In a change: absent keeps what is there, null clears it.
pub(crate) struct Nullable<R>(pub(crate) R);

/// In a change: absent keeps what is there, and it cannot be cleared.
pub(crate) struct Kept<R>(pub(crate) R);

/// What a change does to a field that may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T: Clone> Change<T> {
    /// Does it.
    pub(crate) fn apply_to(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }
}

impl<T: Clone> Change<Vec<T>> {
    /// Does it to a list, which is cleared to the empty one.
    pub(crate) fn apply_to_list(&self, list: &mut Vec<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => list.clear(),
            Self::Set(items) => list.clone_from(items),
        }
    }
}

impl<T> Change<T> {
    /// The value that is to be set, if one is.
    pub(crate) fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl<R: Rule> Presence for Required<R> {
    type Out = R::Value;

    fn read(&self, path: &str, value: Option<Value>, problems: &mut Problems) -> Option<R::Value> {
        match value {
            None | Some(Value::Null) => {
                problems.add(path, "missing_field", self.0.missing_code(), "is required");
                None
            }
            Some(value) => self.0.read(path, value, problems),
        }
    }

    fn schema(&self) -> Value {
        self.0.schema()
    }

    fn is_required(&self) -> bool {
        true
    }
}

impl<R: Rule> Presence for Optional<R> {
    type Out = Option<R::Value>;

    fn read(&self, path: &str, value: Option<Value>, problems: &mut Problems) -> Option<Option<R::Value>> {
        match value {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.0.read(path, value, problems).map(Some),
        }
    }

    fn schema(&self) -> Value {
        nullable(self.0.schema())
    }
}

impl<R: Rule> Presence for Nullable<R> {
    type Out = Change<R::Value>;

    fn read(&self, path: &str, value: Option<Value>, problems: &mut Problems) -> Option<Change<R::Value>> {
        match value {
            None => Some(Change::Keep),
            Some(Value::Null) => Some(Change::Clear),
            Some(value) => self.0.read(path, value, problems).map(Change::Set),
        }
    }

    fn schema(&self) -> Value {
        nullable(self.0.schema())
    }
}

impl<R: Rule> Presence for Kept<R> {
    type Out = Option<R::Value>;

    fn read(&self, path: &str, value: Option<Value>, problems: &mut Problems) -> Option<Option<R::Value>> {
        match value {
            None => Some(None),
            Some(Value::Null) => {
                problems.add(path, "missing_field", self.0.missing_code(), "cannot be cleared: leave it out to keep it");
                None
            }
            Some(value) => self.0.read(path, value, problems).map(Some),
        }
    }

    fn schema(&self) -> Value {
        self.0.schema()
    }
}

/// The same schema, and null.
fn nullable(mut schema: Value) -> Value {
    let Some(name) = schema["type"].as_str().map(str::to_owned) else {
        return json!({"anyOf": [schema, {"type": "null"}]});
    };
    schema["type"] = json!([name, "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}
