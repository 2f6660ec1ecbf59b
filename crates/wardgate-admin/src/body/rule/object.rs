//! Objects inside a body.

use super::{Rule, wrong_type};
use crate::body::{Body, Fields, Problems};
use serde_json::{Map, Value, json};
use std::marker::PhantomData;

/// An object of this form.
pub(crate) struct Nested<B>(PhantomData<fn() -> B>);

impl<B> Nested<B> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<B: Body> Rule for Nested<B> {
    type Value = B;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<B> {
        let Value::Object(object) = value else { return wrong_type(path, "an object", problems) };
        let mut fields = Fields::new(path.to_owned(), object);
        let read = B::read(&mut fields, problems);
        fields.finish(problems);
        read
    }

    fn schema(&self) -> Value {
        B::schema()
    }
}

/// An object from names to values of one kind, in the order of the names. Names are without white space.
pub(crate) struct Entries<R: Rule> {
    value: R,
    count_max: usize,
    name_bytes_max: usize,
}

impl<R: Rule> Entries<R> {
    /// Of such values, at most so many, under names of at most so many bytes.
    pub(crate) const fn of(value: R, count_max: usize, name_bytes_max: usize) -> Self {
        Self { value, count_max, name_bytes_max }
    }
}

impl<R: Rule> Rule for Entries<R> {
    type Value = Vec<(String, R::Value)>;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<Self::Value> {
        let Value::Object(object) = value else { return wrong_type(path, "an object", problems) };
        if object.len() > self.count_max {
            problems.add(path, "too_many_items", None, format!("must hold at most {} names", self.count_max));
            return None;
        }
        let count = object.len();
        let mut entries = Vec::with_capacity(count);
        for (name, value) in object {
            let path = format!("{path}.{name}");
            if name.is_empty() || name.len() > self.name_bytes_max || name.contains(char::is_whitespace) {
                let why = format!("must have a name of 1 to {} bytes without white space", self.name_bytes_max);
                problems.add(path, "bad_name", None, why);
            } else if let Some(value) = self.value.read(&path, value, problems) {
                entries.push((name, value));
            }
        }
        (entries.len() == count).then_some(entries)
    }

    fn schema(&self) -> Value {
        json!({"type": "object", "additionalProperties": self.value.schema(), "maxProperties": self.count_max})
    }
}

/// An object that is passed on as it is.
pub(crate) struct Raw;

impl Rule for Raw {
    type Value = Map<String, Value>;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<Map<String, Value>> {
        match value {
            Value::Object(object) => Some(object),
            _ => wrong_type(path, "an object", problems),
        }
    }

    fn schema(&self) -> Value {
        json!({"type": "object", "additionalProperties": true})
    }
}
