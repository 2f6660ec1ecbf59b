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
