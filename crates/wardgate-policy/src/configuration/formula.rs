//! An expression in a document.

use super::json::{Place, Problems, text};
use super::problem::ProblemKind;
use crate::expression::{Expression, Stage, Type};
use serde_json::Value;
use std::sync::Arc;

/// An expression as it was written, and compiled. Two are the same when their texts are.
#[derive(Debug, Clone)]
pub struct Formula {
    text: String,
    expression: Arc<Expression>,
}

impl Formula {
    /// Reads one that must give one of some types.
    pub(super) fn read(value: Value, place: Place<'_>, of: (Stage, &[Type]), problems: &mut Problems) -> Option<Self> {
        let text = text(value, place, problems)?;
        match Expression::compile(&text, of.0, of.1) {
            Ok(expression) => Some(Self { text, expression: Arc::new(expression) }),
            Err(mistakes) => {
                for mistake in mistakes {
                    let (line, column) = mistake.place(&text);
                    let text = format!("is wrong at line {line}, column {column}: {}", mistake.text);
                    problems.add(place, ProblemKind::Expression, text);
                }
                None
            }
        }
    }

    /// What was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it means.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Formula {}
