//! Reading JSON values by hand, so that every mistake is found and has a place.

use super::PROBLEMS_MAX;
use super::problem::{Problem, ProblemKind};
use serde_json::{Map, Value};
use std::fmt;

/// The problems so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, place: Place<'_>, kind: ProblemKind, text: impl Into<String>) {
        self.add_at(place.to_string(), kind, text);
    }

    /// Takes another's problems and says whether there were any.
    pub(crate) fn take(&mut self, others: Self) -> bool {
        let were_any = !others.0.is_empty();
        for problem in others.0 {
            self.add_at(problem.path, problem.kind, problem.text);
        }
        were_any
    }

    /// Whether no more would be told.
    pub(crate) const fn is_full(&self) -> bool {
        self.0.len() >= PROBLEMS_MAX
    }

    pub(crate) fn add_at(&mut self, path: String, kind: ProblemKind, text: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Problem { path, kind, text: text.into() });
        }
    }
}

/// A place in a document, as a path from the root that is only written out when there is a problem.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    parent: Option<&'p Self>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Field(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(crate) const fn root(field: &'p str) -> Self {
        Self { parent: None, step: Step::Field(field) }
    }

    pub(crate) const fn field(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Field(name) }
    }

    pub(crate) const fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match (self.step, self.parent) {
            (Step::Field(name), None) => f.write_str(&clip(name)),
            (Step::Field(name), Some(_)) => write!(f, ".{}", clip(name)),
            (Step::Index(index), _) => write!(f, "[{index}]"),
        }
    }
}

/// What is shown of a text that the client chose.
pub(crate) fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The fields of an object, taken one by one; what is left at the end is unknown.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) const fn new(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// The fields of what must be an object.
    pub(crate) fn of(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self(map)),
            other => {
                problems.add(place, ProblemKind::Malformed, format!("must be an object, and is {}", type_of(&other)));
                None
            }
        }
    }

    /// A field as it is; `null` counts.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A field; `null` is as if it were not there.
    pub(crate) fn take_some(&mut self, name: &str) -> Option<Value> {
        self.take(name).filter(|value| !value.is_null())
    }

    /// A text that must not be empty; `null` is as if it were not there.
    pub(crate) fn text(&mut self, name: &str, place: Place<'_>, problems: &mut Problems) -> Option<String> {
        text(self.take_some(name)?, place.field(name), problems)
    }

    /// A list that may be absent. `null` is refused: some clients mean nothing by it, and others everything.
    pub(crate) fn list(
        &mut self,
        name: &str,
        entries_max: usize,
        place: Place<'_>,
        problems: &mut Problems,
    ) -> Option<Vec<Value>> {
        let place = place.field(name);
        match self.take(name)? {
            Value::Array(entries) if entries.len() > entries_max => {
                let text = format!("has {} entries, and may have at most {entries_max}", entries.len());
                problems.add(place, ProblemKind::TooMany, text);
                None
            }
            Value::Array(entries) => Some(entries),
            Value::Null => {
                problems.add(
                    place,
                    ProblemKind::Malformed,
                    "must be a list, and is null: leave it out, or write [] for an empty one",
                );
                None
            }
            other => {
                problems.add(place, ProblemKind::Malformed, format!("must be a list, and is {}", type_of(&other)));
                None
            }
        }
    }

    /// Complains of what nobody took. `known` is what to write instead.
    pub(crate) fn finish(self, place: Option<Place<'_>>, known: &str, problems: &mut Problems) {
        for name in self.0.keys() {
            let place = place.as_ref().map_or_else(|| Place::root(name), |place| place.field(name));
            problems.add(place, ProblemKind::UnknownField, format!("is not known here; known: {known}"));
        }
    }
}

/// A text that must not be empty.
pub(crate) fn text(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => {
            problems.add(place, ProblemKind::Malformed, "must not be empty");
            None
        }
        Value::String(text) => Some(text),
        other => {
            problems.add(place, ProblemKind::Malformed, format!("must be text, and is {}", type_of(&other)));
            None
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
