//! What differs between two objects.

use super::Change;
use serde_json::{Map, Value};

/// Every difference, as deep as it goes without tearing lists apart.
pub(super) fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    objects("", before, after, &mut changes);
    changes
}

/// What is there of a new object.
pub(super) fn made(after: &Map<String, Value>) -> Vec<Change> {
    // What it is called is said already.
    let said = |name: &str| name == "name" || name == "provider" || name == "providerId";
    after
        .iter()
        .filter(|(name, value)| !said(name) && !value.is_null())
        .map(|(name, value)| Change { path: name.clone(), before: Value::Null, after: value.clone() })
        .collect()
}

fn objects(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<Change>) {
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name)).map(|(name, value)| (name, value, &Value::Null));
    let there = after.iter().map(|(name, value)| (name, before.get(name).unwrap_or(&Value::Null), value));
    for (name, before, after) in there.chain(gone) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        values(&path, before, after, changes);
    }
}

fn values(path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => objects(path, before, after, changes),
        // Items of a list are compared one by one while it keeps its length: else nothing says which became which.
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() && after.iter().all(Value::is_object) => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                values(&format!("{path}[{index}]"), before, after, changes);
            }
        }
        _ => changes.push(Change { path: path.to_owned(), before: before.clone(), after: after.clone() }),
    }
}
