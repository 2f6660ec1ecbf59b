//! Lists.

use super::{Rule, wrong_type};
use crate::body::Problems;
use serde_json::{Value, json};
use std::collections::HashSet;

/// A list of at most so many items.
pub(crate) struct Items<R: Rule> {
    item: R,
    count_min: usize,
    count_max: usize,
    too_many: Option<&'static str>,
    unique: Option<Unique<R::Value>>,
}

/// No two items may be the same in this.
struct Unique<T> {
    of: fn(&T) -> String,
    code: &'static str,
    error_code: Option<&'static str>,
    /// The field of an item that says what it is, for the problem's path.
    field: Option<&'static str>,
}

impl<R: Rule> Items<R> {
    /// Of such items.
    pub(crate) const fn of(item: R, count_max: usize) -> Self {
        Self { item, count_min: 0, count_max, too_many: None, unique: None }
    }

    /// With at least so many.
    pub(crate) const fn at_least(mut self, count_min: usize) -> Self {
        self.count_min = count_min;
        self
    }

    /// With the foreign code for too many.
    pub(crate) const fn too_many(mut self, error_code: &'static str) -> Self {
        self.too_many = Some(error_code);
        self
    }

    /// In which no two are the same in this respect; with our word and the foreign code for when two are.
    pub(crate) const fn unique(
        mut self,
        of: fn(&R::Value) -> String,
        code: &'static str,
        error_code: Option<&'static str>,
        field: Option<&'static str>,
    ) -> Self {
        self.unique = Some(Unique { of, code, error_code, field });
        self
    }
}

impl<R: Rule> Rule for Items<R> {
    type Value = Vec<R::Value>;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<Vec<R::Value>> {
        let Value::Array(values) = value else { return wrong_type(path, "a list", problems) };
        if values.len() > self.count_max {
            problems.add(path, "too_many_items", self.too_many, format!("must hold at most {} items", self.count_max));
            return None;
        }
        if values.len() < self.count_min {
            problems.add(
                path,
                "too_few_items",
                None,
                format!("must hold at least {} {}", self.count_min, if self.count_min == 1 { "item" } else { "items" }),
            );
            return None;
        }
        let count = values.len();
        let mut items = Vec::with_capacity(count);
        let mut seen = HashSet::new();
        for (number, value) in values.into_iter().enumerate() {
            let path = format!("{path}[{number}]");
            let Some(item) = self.item.read(&path, value, problems) else { continue };
            match &self.unique {
                Some(unique) if !seen.insert((unique.of)(&item)) => {
                    let path = unique.field.map_or_else(|| path.clone(), |field| format!("{path}.{field}"));
                    problems.add(path, unique.code, unique.error_code, "stands in the list already");
                }
                _ => items.push(item),
            }
        }
        (items.len() == count).then_some(items)
    }

    fn schema(&self) -> Value {
        let mut schema = json!({"type": "array", "items": self.item.schema(), "maxItems": self.count_max});
        if self.count_min > 0 {
            schema["minItems"] = json!(self.count_min);
        }
        if self.unique.is_some() {
            schema["uniqueItems"] = json!(true);
        }
        schema
    }
}
