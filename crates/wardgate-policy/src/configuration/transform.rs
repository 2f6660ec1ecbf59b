//! Changes of requests: parameters at the top of a body are set, given a default, capped or taken out. Nothing else can be
//! changed, least of all what is said to the model.

use super::formula::Formula;
use super::json::{Fields, Place, Problems};
use super::problem::ProblemKind;
use crate::expression::{Stage, Type};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most parameters of one change.
pub const PARAMETERS_MAX: usize = 50;

/// The longest value of a parameter as JSON, in bytes.
pub const PARAMETER_BYTES_MAX: usize = 4_096;

/// What is no parameter: what routing reads, what is said to the model, and what steers the gateway.
const PROTECTED: [&str; 16] = [
    "model",
    "models",
    "messages",
    "system",
    "prompt",
    "input",
    "contents",
    "instructions",
    "stream",
    "stream_options",
    "provider",
    "route",
    "transforms",
    "usage",
    "tools",
    "systemInstruction",
];

/// Parameters that cap an answer, each by the name of one format; `max_output_tokens` of a transform means them all.
const OUTPUT_CAPS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// A change of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transform {
    /// Of which requests; none: of all.
    pub when: Option<Formula>,
    /// The most tokens of an answer, whatever the format calls it.
    pub max_output_tokens: Option<u64>,
    /// By parameter, what is done with it.
    pub parameters: BTreeMap<String, Change>,
}

/// What is done with a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is this, whatever the client wrote.
    Set(Value),
    /// It is this where the client wrote nothing.
    Default(Value),
    /// Where the client wrote a larger number, it is this one.
    Cap(serde_json::Number),
    /// It is taken out.
    Remove,
}

impl Transform {
    pub(super) fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let when = fields.take_some("when");
        let when = when.map(|when| Formula::read(when, place.field("when"), (Stage::Call, &[Type::Bool]), problems));
        let max_output_tokens = fields.take_some("max_output_tokens").and_then(|value| {
            let tokens = value.as_u64().filter(|tokens| *tokens > 0);
            if tokens.is_none() {
                problems.add(place.field("max_output_tokens"), ProblemKind::Malformed, "must be a whole number above 0");
            }
            tokens
        });
        let mut parameters = BTreeMap::new();
        for (name, change) in [("set", Kind::Set), ("default", Kind::Default), ("cap", Kind::Cap)] {
            let Some(value) = fields.take_some(name) else { continue };
            let place = place.field(name);
            let Value::Object(values) = value else {
                problems.add(place, ProblemKind::Malformed, "must be an object: parameters and their values");
                continue;
            };
            for (name, value) in values {
                let place = place.field(&name);
                if let Some(change) = change.read(value, place, problems) {
                    add(&mut parameters, name.clone(), change, place, problems);
                }
            }
        }
        let removed = fields.list("remove", PARAMETERS_MAX, place, problems).unwrap_or_default();
        fields.finish(Some(place), "when, set, default, cap, remove, max_output_tokens", problems);
        let at = place.field("remove");
        for (index, value) in removed.into_iter().enumerate() {
            if let Some(name) = super::json::text(value, at.index(index), problems) {
                add(&mut parameters, name, Change::Remove, at.index(index), problems);
            }
        }
        if parameters.len() > PARAMETERS_MAX {
            problems.add(place, ProblemKind::TooMany, format!("may change at most {PARAMETERS_MAX} parameters"));
        }
        if parameters.is_empty() && max_output_tokens.is_none() {
            problems.add(
                place,
                ProblemKind::Missing,
                "must say what to change: set, default, cap, remove or max_output_tokens",
            );
        }
        // One whose condition is broken must not become one without a condition.
        let when = match when {
            Some(None) => return None,
            Some(when) => when,
            None => None,
        };
        Some(Self { when, max_output_tokens, parameters })
    }

    pub(super) fn to_value(&self) -> Value {
        let mut fields = Map::new();
        fields.extend(self.when.as_ref().map(|when| ("when".to_owned(), json!(when.text()))));
        let of = |pick: fn(&Change) -> Option<Value>| -> Map<String, Value> {
            self.parameters.iter().filter_map(|(name, change)| Some((name.clone(), pick(change)?))).collect()
        };
        let set = of(|change| if let Change::Set(value) = change { Some(value.clone()) } else { None });
        let default = of(|change| if let Change::Default(value) = change { Some(value.clone()) } else { None });
        let cap = of(|change| if let Change::Cap(number) = change { Some(number.clone().into()) } else { None });
        for (name, values) in [("set", set), ("default", default), ("cap", cap)] {
            if !values.is_empty() {
                fields.insert(name.to_owned(), values.into());
            }
        }
        let removed = self.parameters.iter().filter(|(_, change)| **change == Change::Remove);
        let removed: Vec<&String> = removed.map(|(name, _)| name).collect();
        if !removed.is_empty() {
            fields.insert("remove".to_owned(), json!(removed));
        }
        fields.extend(self.max_output_tokens.map(|tokens| ("max_output_tokens".to_owned(), json!(tokens))));
        fields.into()
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Set,
    Default,
    Cap,
}

impl Kind {
    fn read(self, value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Change> {
        if value.to_string().len() > PARAMETER_BYTES_MAX {
            problems.add(place, ProblemKind::TooMany, format!("may have at most {PARAMETER_BYTES_MAX} bytes"));
            return None;
        }
        match (self, value) {
            (Self::Set, value) => Some(Change::Set(value)),
            (Self::Default, value) => Some(Change::Default(value)),
            (Self::Cap, Value::Number(number)) => Some(Change::Cap(number)),
            (Self::Cap, _) => {
                problems.add(place, ProblemKind::Malformed, "must be a number");
                None
            }
        }
    }
}

fn add(parameters: &mut BTreeMap<String, Change>, name: String, change: Change, place: Place<'_>, problems: &mut Problems) {
    let is_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        problems.add(place, ProblemKind::Malformed, "is no name of a parameter: letters, digits and _, at most 64");
    } else if PROTECTED.contains(&name.as_str()) {
        problems.add(place, ProblemKind::Malformed, "cannot be changed: it is no parameter of the answer");
    } else if OUTPUT_CAPS.contains(&name.as_str()) {
        let text = "cannot be changed by this name, which depends on the format; write max_output_tokens beside set and cap";
        problems.add(place, ProblemKind::Contradiction, text);
    } else if parameters.insert(name, change).is_some() {
        problems.add(place, ProblemKind::Duplicate, "is changed in this entry already");
    }
}
