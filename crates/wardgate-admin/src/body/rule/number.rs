//! Whole numbers, and yes or no.

use super::{Rule, wrong_type};
use crate::body::Problems;
use serde_json::{Value, json};

/// A whole number within bounds, both of which are allowed.
#[derive(Clone, Copy)]
pub(crate) struct Integer {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

impl Rule for Integer {
    type Value = u64;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<u64> {
        // In JSON, 5.0 is the whole number 5.
        let Some(number) = value.as_f64().filter(|number| number.fract() == 0.0) else {
            return wrong_type(path, "a whole number", problems);
        };
        let exact = value.as_u64().or_else(|| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "exact below 2^53, and checked to be")]
            (0.0..9_007_199_254_740_992.0).contains(&number).then_some(number as u64)
        });
        let found = exact.filter(|number| (self.min..=self.max).contains(number));
        if found.is_none() {
            problems.add(path, "out_of_range", None, format!("must be from {} to {}", self.min, self.max));
        }
        found
    }

    fn schema(&self) -> Value {
        json!({"type": "integer", "minimum": self.min, "maximum": self.max})
    }
}

/// Yes or no.
#[derive(Clone, Copy)]
pub(crate) struct Flag;

impl Rule for Flag {
    type Value = bool;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<bool> {
        value.as_bool().or_else(|| wrong_type(path, "true or false", problems))
    }

    fn schema(&self) -> Value {
        json!({"type": "boolean"})
    }
}
