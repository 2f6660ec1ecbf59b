//! What an account has, as a document that `apply` takes back without a change.

use crate::document::{DOCUMENT, GATEWAY_CONFIG, Kind, with_defaults, without_defaults, yaml_text};
use crate::plan::Actual;
use serde_json::{Map, Value};

/// The document, and what could not be put into it.
pub(crate) struct Export {
    pub(crate) document: Map<String, Value>,
    pub(crate) notes: Vec<String>,
}

/// Puts everything that has a name of its own into a document.
pub(crate) fn export(actual: &Actual) -> Export {
    let mut document = Map::new();
    let mut notes = Vec::new();
    if let Some(account) = &actual.account {
        let mut shown = Map::new();
        for field in ["name", "metadata"] {
            if let Some(value) = account.get(field).filter(|value| !value.is_null()) {
                shown.insert(field.to_owned(), value.clone());
            }
        }
        document.insert("account".to_owned(), shown.into());
        document.insert("tier".to_owned(), account.get("tier").cloned().unwrap_or_default());
    }
    let config = with_defaults(&GATEWAY_CONFIG, actual.gateway_config.clone());
    document.insert("gatewayConfig".to_owned(), config.into());
    for kind in Kind::ALL {
        let mut entries = Vec::new();
        for (identity, present) in actual.by_identity(kind) {
            match present.as_slice() {
                [one] => entries.push((&one.id, Value::Object(without_defaults(kind.fields(), &one.fields)))),
                several => notes.push(format!(
                    "{} {}s named {identity} are left out: a document tells objects apart by name",
                    several.len(),
                    kind.noun()
                )),
            }
        }
        let nameless = actual.objects.get(&kind).into_iter().flatten().filter(|one| one.identity.is_none()).count();
        if nameless > 0 {
            notes.push(format!("{nameless} of the {}s have no name and are left out", kind.noun()));
        }
        // Ids grow with time: what was made first stands first.
        entries.sort_by_key(|(id, _)| *id);
        let entries: Vec<Value> = entries.into_iter().map(|(_, entry)| entry).collect();
        document.insert(kind.section().to_owned(), entries.into());
    }
    Export { document, notes }
}

/// The document as YAML, its fields in the order in which the manual has them.
pub(crate) fn as_yaml(export: &Export) -> String {
    let mut text = String::from("# What this account has; `wardgate apply -f` takes it back.\n");
    if export.document.get("providerKeys").and_then(Value::as_array).is_some_and(|keys| !keys.is_empty()) {
        text.push_str("# Credentials are not in it: to make provider keys elsewhere, add `value: {env: NAME}` to them.\n");
    }
    for note in &export.notes {
        text.push_str(&format!("# {note}\n"));
    }
    text.push_str(&yaml_text(&DOCUMENT, &export.document));
    text
}
