//! A plan for people and for programs.

use super::{Action, Change, Operation, Plan};
use crate::output::{BOLD, DIM};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

/// The longest value that is shown whole, in characters.
const VALUE_MAX: usize = 200;

/// A plan as text: a sign for what is done, and what differs.
pub(crate) fn as_text(plan: &Plan) -> String {
    let whose = match &plan.account {
        _ if plan.is_gateways => "the gateway".to_owned(),
        Some(name) => format!("account {name}"),
        None => "the account of the key".to_owned(),
    };
    let mut text = format!("{BOLD}{whose}{BOLD:#}\n");
    for operation in &plan.operations {
        text.push_str(&format!("  {}\n", line(operation)));
        for change in &operation.changes {
            text.push_str(&format!("      {}\n", difference(operation.action, change)));
        }
    }
    for note in &plan.notes {
        text.push_str(&format!("  {DIM}{note}{DIM:#}\n"));
    }
    text.push_str(&format!("  {}\n", summary(plan)));
    text
}

/// One operation as a line.
pub(crate) fn line(operation: &Operation) -> String {
    let (sign, color) = match operation.action {
        Action::Create => ("+", AnsiColor::Green),
        Action::Update | Action::Rotate => ("~", AnsiColor::Yellow),
        Action::Delete => ("-", AnsiColor::Red),
    };
    let style: Style = color.on_default();
    let noun = operation.subject.noun();
    let identity = &operation.identity;
    let separator = if identity.is_empty() { "" } else { " " };
    format!("{style}{sign}{style:#} {noun}{separator}{identity}")
}

fn difference(action: Action, change: &Change) -> String {
    let Change { path, before, after } = change;
    match action {
        Action::Create | Action::Rotate => format!("{path}: {}", shown(after)),
        Action::Update | Action::Delete => format!("{path}: {} → {}", shown(before), shown(after)),
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "-".to_owned(),
        Value::String(text) => text.replace(char::is_control, " "),
        other => without_nulls(other.clone()).to_string(),
    };
    if text.chars().count() <= VALUE_MAX {
        return text;
    }
    format!("{}…", text.chars().take(VALUE_MAX).collect::<String>())
}

/// What is not said needs no room.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn summary(plan: &Plan) -> String {
    if plan.operations.is_empty() {
        return format!("no changes; {} as they shall be", plan.unchanged);
    }
    let counts = [
        (plan.count(Action::Create), "to make"),
        (plan.count(Action::Update), "to change"),
        (plan.count(Action::Rotate), "to rotate"),
        (plan.count(Action::Delete), "to delete"),
        (plan.unchanged, "as they shall be"),
    ];
    let said: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    said.join(", ")
}

/// A plan as an object for programs. The first so many operations are done.
pub(crate) fn as_json(plan: &Plan, done: usize) -> Value {
    let operations: Vec<Value> = plan
        .operations
        .iter()
        .enumerate()
        .map(|(number, operation)| {
            let action = match operation.action {
                Action::Create => "create",
                Action::Update => "update",
                Action::Rotate => "rotate",
                Action::Delete => "delete",
            };
            let changes: Vec<Value> = operation
                .changes
                .iter()
                .map(|change| json!({"path": change.path, "before": change.before, "after": change.after}))
                .collect();
            json!({"action": action, "kind": operation.subject.noun(), "name": operation.identity, "id": operation.id,
                "changes": changes, "done": number < done})
        })
        .collect();
    json!({"account": plan.account, "isGateways": plan.is_gateways, "operations": operations, "unchanged": plan.unchanged, "notes": plan.notes})
}
