//! What an account or the gateway has, as a document that `apply` takes back without a change.

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
    sections(&Kind::OF_ACCOUNT, actual, &mut document, &mut notes);
    Export { document, notes }
}

/// Puts everything that the operator has, beside accounts, into a document.
pub(crate) fn export_gateway(actual: &Actual) -> Export {
    let mut document = Map::new();
    let mut notes = Vec::new();
    sections(&Kind::OF_GATEWAY, actual, &mut document, &mut notes);
    let from_file: Vec<&str> =
        actual.by_identity(Kind::Tier).into_iter().filter(|(_, tiers)| tiers[0].is_from_file).map(|(name, _)| name).collect();
    if !from_file.is_empty() {
        notes.push(format!("tiers of the gateway's own file are left out: {}", from_file.join(", ")));
    }
    Export { document, notes }
}

fn sections(kinds: &[Kind], actual: &Actual, document: &mut Map<String, Value>, notes: &mut Vec<String>) {
    // What cannot be seen is not said to be empty.
    for kind in kinds.iter().copied().filter(|kind| actual.objects.contains_key(kind)) {
        let mut entries = Vec::new();
        for (identity, present) in actual.by_identity(kind) {
            match present.as_slice() {
                [one] if one.is_from_file => {}
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
}

/// The document as YAML, its fields in the order in which the manual has them.
pub(crate) fn as_yaml(export: &Export) -> String {
    let whose = if export.document.contains_key("account") { "this account" } else { "this gateway" };
    let mut text = format!("# What {whose} has; `wardgate apply -f` takes it back.\n");
    let sections = [Kind::ProviderKey, Kind::ManagedKey].map(|kind| export.document.get(kind.section()));
    if sections.into_iter().flatten().filter_map(Value::as_array).any(|keys| !keys.is_empty()) {
        text.push_str("# Credentials are not in it: to make keys of providers elsewhere, add `value: {env: NAME}` to them.\n");
    }
    for note in &export.notes {
        text.push_str(&format!("# {note}\n"));
    }
    text.push_str(&yaml_text(&DOCUMENT, &export.document));
    text
}
