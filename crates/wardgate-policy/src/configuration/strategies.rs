//! The strategies: expressions that decide for each request.

use super::formula::Formula;
use super::json::{Fields, Place, Problems, text};
use super::problem::ProblemKind;
use super::transform::Transform;
use crate::expression::{Item, Record, Stage, Type};
use serde_json::{Map, Value, json};

/// The most expressions of one list.
pub const FORMULAS_MAX: usize = 20;

/// The most models that a configuration may add behind the client's.
pub const FALLBACK_MODELS_MAX: usize = 20;

/// The longest message of an admission, in characters.
pub const MESSAGE_CHARACTERS_MAX: usize = 500;

/// What a document says by expressions. The default says nothing, and costs a request nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strategies {
    /// What must be true of a request.
    pub admit: Option<Vec<Admit>>,
    /// Which models may answer, in which order.
    pub model_selection: Option<Selection>,
    /// Which keys a model is called with, in which order.
    pub key_selection: Option<Selection>,
    /// How a request is changed before it is sent.
    pub transform: Option<Vec<Transform>>,
}

/// Something that must be true of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admit {
    /// What.
    pub expression: Formula,
    /// What the client is told when it is not.
    pub message: Option<String>,
}

/// Expressions of which the first that gives something decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// In the order in which they are tried.
    pub strategy: Vec<Formula>,
    /// What is done when none of them gives anything and one of them was at fault; none: nothing was written, which is `halt`.
    pub on_error: Option<OnError>,
    /// Models that are considered behind those that the client names. Of no meaning for keys.
    pub fallback_models: Option<Vec<String>>,
}

/// What is done when expressions cannot be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The request is refused.
    Halt,
    /// It goes on as if there were no such expressions.
    Continue,
}

const MODEL: [Type; 2] = [Type::List(Item::Record(Record::Model)), Type::Record(Record::Model)];
const KEY: [Type; 2] = [Type::List(Item::Record(Record::Key)), Type::Record(Record::Key)];

/// The names of the fields.
pub(super) const NAMES: [&str; 4] = ["admit", "model_selection", "key_selection", "transform"];

impl Strategies {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the change of one field.
    pub(super) fn read_change(&mut self, name: &str, value: Value, problems: &mut Problems) {
        let place = Place::root(name);
        let value = Some(value).filter(|value| !value.is_null());
        match name {
            "admit" => self.admit = value.and_then(|value| list(value, place, problems, Admit::read)),
            "model_selection" => {
                self.model_selection =
                    value.and_then(|value| Selection::read(value, place, (Stage::Request, &MODEL), problems));
            }
            "key_selection" => {
                self.key_selection = value.and_then(|value| Selection::read(value, place, (Stage::Keys, &KEY), problems));
            }
            _ => self.transform = value.and_then(|value| list(value, place, problems, Transform::read)),
        }
    }

    /// The fields as they were written.
    pub(super) fn to_fields(&self) -> [(&'static str, Option<Value>); 4] {
        [
            ("admit", self.admit.as_ref().map(|all| all.iter().map(Admit::to_value).collect())),
            ("model_selection", self.model_selection.as_ref().map(Selection::to_value)),
            ("key_selection", self.key_selection.as_ref().map(Selection::to_value)),
            ("transform", self.transform.as_ref().map(|all| all.iter().map(Transform::to_value).collect())),
        ]
    }
}

/// Reads a list; what is broken of it is told and left out.
fn list<T>(
    value: Value,
    place: Place<'_>,
    problems: &mut Problems,
    read: impl Fn(Value, Place<'_>, &mut Problems) -> Option<T>,
) -> Option<Vec<T>> {
    let values = match value {
        Value::Array(values) if values.len() > FORMULAS_MAX => {
            let text = format!("has {} entries, and may have at most {FORMULAS_MAX}", values.len());
            problems.add(place, ProblemKind::TooMany, text);
            return None;
        }
        Value::Array(values) => values,
        _ => {
            problems.add(place, ProblemKind::Malformed, "must be a list");
            return None;
        }
    };
    let items = values.into_iter().enumerate();
    Some(items.filter_map(|(index, value)| read(value, place.index(index), problems)).collect())
}

impl Admit {
    fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let message = fields.text("message", place, problems);
        let expression = fields.take_some("expression");
        fields.finish(Some(place), "expression, message", problems);
        if message.as_ref().is_some_and(|message| message.chars().count() > MESSAGE_CHARACTERS_MAX) {
            let text = format!("may have at most {MESSAGE_CHARACTERS_MAX} characters");
            problems.add(place.field("message"), ProblemKind::TooMany, text);
        }
        let Some(expression) = expression else {
            problems.add(place, ProblemKind::Missing, "must have an expression, which is true of what is admitted");
            return None;
        };
        let wanted = (Stage::Request, &[Type::Bool][..]);
        let expression = Formula::read(expression, place.field("expression"), wanted, problems)?;
        Some(Self { expression, message })
    }

    fn to_value(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("expression".to_owned(), json!(self.expression.text()));
        fields.extend(self.message.as_ref().map(|message| ("message".to_owned(), json!(message))));
        fields.into()
    }
}

impl Selection {
    fn read(value: Value, place: Place<'_>, of: (Stage, &[Type]), problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let strategy = fields.list("strategy", FORMULAS_MAX, place, problems);
        let on_error = fields.text("on_error", place, problems);
        let mut known = "strategy, on_error";
        let fallback_models = if of.0 == Stage::Request {
            known = "strategy, on_error, fallback_models";
            fields.list("fallback_models", FALLBACK_MODELS_MAX, place, problems)
        } else {
            None
        };
        fields.finish(Some(place), known, problems);
        let on_error = match on_error.as_deref() {
            None => None,
            Some("halt") => Some(OnError::Halt),
            Some("continue") => Some(OnError::Continue),
            Some(_) => {
                problems.add(place.field("on_error"), ProblemKind::Malformed, "must be \"halt\" or \"continue\"");
                None
            }
        };
        let at = place.field("fallback_models");
        let fallback_models = fallback_models.map(|models| {
            let models = models.into_iter().enumerate();
            models.filter_map(|(index, model)| text(model, at.index(index), problems)).collect::<Vec<_>>()
        });
        if strategy.as_ref().is_none_or(Vec::is_empty) && fallback_models.as_ref().is_none_or(Vec::is_empty) {
            let text = "must have a strategy: a list of expressions, of which the first that gives something decides";
            problems.add(place, ProblemKind::Missing, text);
        }
        let at = place.field("strategy");
        let strategy = strategy.unwrap_or_default().into_iter().enumerate();
        let strategy = strategy.filter_map(|(index, value)| Formula::read(value, at.index(index), of, problems)).collect();
        Some(Self { strategy, on_error, fallback_models })
    }

    fn to_value(&self) -> Value {
        let strategy: Vec<&str> = self.strategy.iter().map(Formula::text).collect();
        let on_error = self.on_error.map(|on_error| match on_error {
            OnError::Halt => "halt",
            OnError::Continue => "continue",
        });
        let mut fields = Map::new();
        if !strategy.is_empty() {
            fields.insert("strategy".to_owned(), json!(strategy));
        }
        fields.extend(on_error.map(|on_error| ("on_error".to_owned(), json!(on_error))));
        fields.extend(self.fallback_models.as_ref().map(|models| ("fallback_models".to_owned(), json!(models))));
        fields.into()
    }
}
