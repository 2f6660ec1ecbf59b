//! The scope: which providers and models a key may call.

use super::json::{Fields, Place, Problems, clip, text};
use super::problem::ProblemKind;
use super::{ENTRY_BYTES_MAX, SCOPE_ENTRIES_MAX};
use serde_json::Value;

/// The scope of a document. A call must be allowed by both dimensions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// By provider: a built-in or custom provider's id, `aigp_…` of a custom one, or `*`. None: no restriction.
    pub providers: Option<Scope>,
    /// By model: `provider:model`, `provider:author/model`, `author/model` or an id of the catalog, `provider:*`, or `*`. None: no
    /// restriction.
    pub models: Option<Scope>,
}

/// One dimension of the scope, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// What is allowed. None: everything. Empty: nothing.
    pub allow: Option<Vec<String>>,
    /// What is not, whatever is allowed.
    pub deny: Option<Vec<String>>,
}

const KNOWN: &str = "providers, models";
const KNOWN_OF_SCOPE: &str = "allow, deny";
const KNOWN_OF_EDIT: &str = "allow, deny; or add, remove";

impl Access {
    /// Reads a scope that stands for itself.
    pub(super) fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let mut dimension = |name| fields.take_some(name).and_then(|value| Scope::read(value, place.field(name), problems));
        let access = Self { providers: dimension("providers"), models: dimension("models") };
        fields.finish(Some(place), KNOWN, problems);
        Some(access)
    }

    /// Reads a change of the stored scope. One that adds or removes entries leaves what it does not name as it is; any other
    /// takes the stored one's place.
    pub(super) fn read_change(stored: Option<&Self>, value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        if !has_edit(&value) {
            return Self::read(value, place, problems);
        }
        let mut fields = Fields::of(value, place, problems)?;
        let stored = stored.cloned().unwrap_or_default();
        let mut dimension = |name, stored: Option<Scope>| match fields.take(name) {
            None => stored,
            Some(Value::Null) => None,
            Some(value) => Scope::read_change(stored, value, place.field(name), problems),
        };
        let access = Self { providers: dimension("providers", stored.providers), models: dimension("models", stored.models) };
        fields.finish(Some(place), KNOWN, problems);
        Some(access)
    }
}

/// Whether a dimension is changed by entries.
fn has_edit(access: &Value) -> bool {
    ["providers", "models"].iter().any(|name| is_edit(&access[*name]))
}

fn is_edit(scope: &Value) -> bool {
    scope.get("add").is_some() || scope.get("remove").is_some()
}

impl Scope {
    /// All entries, allowed and denied.
    pub(super) fn entries(&self) -> impl Iterator<Item = &String> {
        self.allow.iter().chain(&self.deny).flatten()
    }

    fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let mut list = |name| entries(&mut fields, name, place, problems);
        let scope = Self { allow: list("allow"), deny: list("deny") };
        fields.finish(Some(place), KNOWN_OF_SCOPE, problems);
        Some(scope)
    }

    fn read_change(stored: Option<Self>, value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        if !is_edit(&value) {
            return Self::read(value, place, problems);
        }
        let mut fields = Fields::of(value, place, problems)?;
        if fields.take("allow").is_some() | fields.take("deny").is_some() {
            let text =
                "replaces the lists with allow or deny and changes them with add or remove at once; send one or the other";
            problems.add(place, ProblemKind::EditConflict, text);
        }
        let add = entries(&mut fields, "add", place, problems).unwrap_or_default();
        let remove = entries(&mut fields, "remove", place, problems).unwrap_or_default();
        fields.finish(Some(place), KNOWN_OF_EDIT, problems);
        let Some(Self { allow: Some(mut allow), deny }) = stored else {
            let text = "has no allow list that add and remove could change: everything is allowed; set \"allow\" first";
            problems.add(place, ProblemKind::NoListToEdit, text);
            return None;
        };
        let is_same = |one: &String, other: &String| one.eq_ignore_ascii_case(other);
        for entry in add.iter().filter(|entry| remove.iter().any(|other| is_same(entry, other))) {
            let text = format!("adds and removes {:?} at once; decide for one", clip(entry));
            problems.add(place, ProblemKind::EditConflict, text);
        }
        allow.retain(|entry| !remove.iter().any(|other| is_same(entry, other)));
        for entry in add {
            if !allow.iter().any(|other| is_same(&entry, other)) {
                allow.push(entry);
            }
        }
        if allow.len() > SCOPE_ENTRIES_MAX {
            let text = format!("would have {} entries, and may have at most {SCOPE_ENTRIES_MAX}", allow.len());
            problems.add(place.field("allow"), ProblemKind::TooMany, text);
        }
        Some(Self { allow: Some(allow), deny })
    }
}

fn entries(fields: &mut Fields, name: &str, place: Place<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let values = fields.list(name, SCOPE_ENTRIES_MAX, place, problems)?;
    let place = place.field(name);
    let entries = values.into_iter().enumerate().filter_map(|(index, value)| entry(value, place.index(index), problems));
    Some(entries.collect())
}

/// One entry, as text; what it means is looked up later.
fn entry(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<String> {
    let entry = text(value, place, problems)?;
    if entry.len() > ENTRY_BYTES_MAX {
        let text = format!("has {} bytes, and may have at most {ENTRY_BYTES_MAX}", entry.len());
        problems.add(place, ProblemKind::Malformed, text);
        return None;
    }
    if entry.chars().any(|character| character.is_whitespace() || character.is_control()) {
        problems.add(place, ProblemKind::Malformed, "has white space in it; no id has that");
        return None;
    }
    Some(entry)
}
