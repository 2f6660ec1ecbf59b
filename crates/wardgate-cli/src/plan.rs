//! What is to be done so that an account, or the operator of the gateway, has what documents say.
//!
//! Pure: what is wanted and what there is come in, an ordered list of operations comes out. What is made comes before what names
//! it, and what is deleted goes after all that named it was changed. Nothing is deleted but with `--prune`, and then only from
//! sections that the document has: what nobody wrote down is not touched. Objects without a name, and objects that share one,
//! cannot be told apart by a document, so they are left alone too.

mod actual;
mod difference;
mod references;
mod show;

pub(crate) use actual::{Actual, Names, Offered, Present, to_api};
pub(crate) use show::{as_json, as_text, line};

use crate::document::{Desired, Entry, GATEWAY_CONFIG, Kind, with_defaults, without_defaults};
use crate::secret_input::Source;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be done for one account, or for the gateway.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The account's name, where it is known.
    pub(crate) account: Option<String>,
    /// Whether it is for what the operator has, and no account.
    pub(crate) is_gateways: bool,
    /// In this order.
    pub(crate) operations: Vec<Operation>,
    /// How many objects are as they shall be.
    pub(crate) unchanged: usize,
    /// What is left alone, and why.
    pub(crate) notes: Vec<String>,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) subject: Subject,
    pub(crate) action: Action,
    /// What tells it from others of its kind.
    pub(crate) identity: String,
    /// Its id, if it has one yet.
    pub(crate) id: Option<String>,
    /// The whole object as it shall be, with the words of documents.
    pub(crate) fields: Map<String, Value>,
    /// The whole object as it was read.
    pub(crate) before: Map<String, Value>,
    /// Where its credential is, if one is to be sent.
    pub(crate) secret: Option<Source>,
    /// What differs, for people.
    pub(crate) changes: Vec<Change>,
}

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Account,
    GatewayConfig,
    Object(Kind),
}

impl Subject {
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::GatewayConfig => "gateway config",
            Self::Object(kind) => kind.noun(),
        }
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    /// Another credential under the same id.
    Rotate,
    Delete,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where: `access.models.allow`.
    pub(crate) path: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// What may be done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowed {
    /// Deleting what a section does not list.
    pub(crate) prune: bool,
    /// Sending credentials of provider keys that are there.
    pub(crate) rotate_secrets: bool,
}

/// The plan; or why there is none, each reason with its place.
pub(crate) fn plan(mut desired: Desired, actual: &Actual, allowed: Allowed) -> Result<Plan, Vec<String>> {
    let mut problems = references::settle(&mut desired, actual, allowed);
    let mut plan = Plan { account: desired.account.clone(), ..Plan::default() };
    plan.account(&desired, actual);
    plan.gateway_config(&desired, actual);
    plan.sections(&desired.sections, actual, allowed, &mut problems);
    if allowed.prune {
        plan.prune(&desired.sections, actual);
    }
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

/// What is to be done for the gateway before anything is done for accounts, which may name it; and, with `--prune`, after that,
/// when none of them names it any more.
pub(crate) fn gateway_plans(sections: &Sections, actual: &Actual, allowed: Allowed) -> Result<(Plan, Plan), Vec<String>> {
    let mut problems = Vec::new();
    let mut before = Plan { is_gateways: true, ..Plan::default() };
    before.sections(sections, actual, allowed, &mut problems);
    let mut after = Plan { is_gateways: true, ..Plan::default() };
    if allowed.prune {
        after.prune(sections, actual);
    }
    if problems.is_empty() { Ok((before, after)) } else { Err(problems) }
}

/// The sections that documents have.
pub(crate) type Sections = BTreeMap<Kind, Vec<Entry>>;

/// The team that every account has.
pub(crate) const DEFAULT_TEAM: &str = "default";

impl Plan {
    fn account(&mut self, desired: &Desired, actual: &Actual) {
        let Some(name) = &desired.account else { return };
        let mut wanted = desired.account_fields.clone();
        wanted.insert("name".to_owned(), name.as_str().into());
        let Some(present) = &actual.account else {
            let changes = difference::made(&wanted);
            self.operations.push(Operation {
                subject: Subject::Account,
                action: Action::Create,
                identity: name.clone(),
                id: None,
                fields: wanted,
                before: Map::new(),
                secret: None,
                changes,
            });
            return;
        };
        if desired.account_fields.is_empty() {
            return;
        }
        let id = present.get("id").and_then(Value::as_str).map(str::to_owned);
        self.singleton(Subject::Account, name, id, wanted, present);
    }

    fn gateway_config(&mut self, desired: &Desired, actual: &Actual) {
        if desired.gateway_config.is_empty() {
            return;
        }
        // Canonical, but only what is said.
        let said: BTreeSet<&String> = desired.gateway_config.keys().collect();
        let mut wanted = with_defaults(&GATEWAY_CONFIG, desired.gateway_config.clone());
        wanted.retain(|name, _| said.contains(name));
        let present = with_defaults(&GATEWAY_CONFIG, actual.gateway_config.clone());
        self.singleton(Subject::GatewayConfig, "", None, wanted, &present);
    }

    /// What is there once: only what is said of it is compared.
    fn singleton(
        &mut self,
        subject: Subject,
        identity: &str,
        id: Option<String>,
        mut wanted: Map<String, Value>,
        present: &Map<String, Value>,
    ) {
        wanted.retain(|name, value| present.get(name).unwrap_or(&Value::Null) != value);
        if wanted.is_empty() {
            self.unchanged += 1;
            return;
        }
        let before: Map<String, Value> =
            wanted.keys().map(|name| (name.clone(), present.get(name).cloned().unwrap_or_default())).collect();
        let changes = difference::between(&before, &wanted);
        self.operations.push(Operation {
            subject,
            action: Action::Update,
            identity: identity.to_owned(),
            id,
            fields: wanted,
            before,
            secret: None,
            changes,
        });
    }

    /// Makes and changes what these sections list.
    fn sections(&mut self, sections: &Sections, actual: &Actual, allowed: Allowed, problems: &mut Vec<String>) {
        for (kind, entries) in sections {
            let present = actual.by_identity(*kind);
            for entry in entries {
                match present.get(entry.identity.as_str()).map(Vec::as_slice) {
                    None => self.create(*kind, entry, problems),
                    Some([one]) => {
                        problems.extend(fixed(*kind, entry, one));
                        self.update(*kind, entry, one, allowed);
                    }
                    Some(several) => problems.push(format!(
                        "{}: there are {} of the {}s named {}, so that it cannot be told which is meant: rename all but one",
                        entry.place,
                        several.len(),
                        kind.noun(),
                        entry.identity
                    )),
                }
            }
        }
    }

    fn create(&mut self, kind: Kind, entry: &Entry, problems: &mut Vec<String>) {
        if kind.has_secret() && entry.secret.is_none() {
            problems.push(format!(
                "{}: the {} {} is not there, and the document does not say where its value is: add value: {{env: NAME}}",
                entry.place,
                kind.noun(),
                entry.identity
            ));
            return;
        }
        let mut changes = difference::made(&without_defaults(kind.fields(), &entry.fields));
        changes.extend(secret_change(entry.secret.as_ref()));
        self.operations.push(Operation {
            subject: Subject::Object(kind),
            action: Action::Create,
            identity: entry.identity.clone(),
            id: None,
            fields: entry.fields.clone(),
            before: Map::new(),
            secret: entry.secret.clone(),
            changes,
        });
    }

    fn update(&mut self, kind: Kind, entry: &Entry, present: &Present, allowed: Allowed) {
        let changes = difference::between(&present.fields, &entry.fields);
        let operation = Operation {
            subject: Subject::Object(kind),
            action: Action::Update,
            identity: entry.identity.clone(),
            id: Some(present.id.clone()),
            fields: entry.fields.clone(),
            before: present.fields.clone(),
            secret: None,
            changes,
        };
        let rotates = allowed.rotate_secrets && entry.secret.is_some();
        if operation.changes.is_empty() && !rotates {
            self.unchanged += 1;
        }
        if rotates {
            let changes = secret_change(entry.secret.as_ref()).into_iter().collect();
            // What is sent after it finds the object as the rotation left it.
            let rotation = Operation { action: Action::Rotate, secret: entry.secret.clone(), changes, ..operation.clone() };
            self.operations.push(rotation);
        }
        if !operation.changes.is_empty() {
            self.operations.push(operation);
        }
    }

    /// Deletes what these sections leave out: what names others goes before what it names.
    fn prune(&mut self, sections: &Sections, actual: &Actual) {
        for (kind, entries) in sections.iter().rev() {
            self.prune_kind(*kind, entries, actual);
        }
    }

    fn prune_kind(&mut self, kind: Kind, entries: &[Entry], actual: &Actual) {
        let wanted: BTreeSet<&str> = entries.iter().map(|entry| entry.identity.as_str()).collect();
        for (identity, present) in actual.by_identity(kind) {
            if wanted.contains(identity) || (kind == Kind::Team && identity == DEFAULT_TEAM) {
                continue;
            }
            match present.as_slice() {
                [one] if one.is_from_file => {}
                [one] => self.operations.push(Operation {
                    subject: Subject::Object(kind),
                    action: Action::Delete,
                    identity: identity.to_owned(),
                    id: Some(one.id.clone()),
                    fields: Map::new(),
                    before: one.fields.clone(),
                    secret: None,
                    changes: Vec::new(),
                }),
                several => self.notes.push(format!(
                    "{} {}s named {identity} are left alone: they cannot be told apart by name",
                    several.len(),
                    kind.noun()
                )),
            }
        }
        let nameless = actual.objects.get(&kind).into_iter().flatten().filter(|one| one.identity.is_none()).count();
        if nameless > 0 {
            let what = if nameless == 1 {
                format!("an {} without a name is", kind.noun())
            } else {
                format!("{nameless} {}s without a name are", kind.noun())
            };
            self.notes.push(format!("{what} left alone"));
        }
    }

    /// How many operations there are of each action.
    pub(crate) fn count(&self, action: Action) -> usize {
        self.operations.iter().filter(|operation| operation.action == action).count()
    }
}

/// What of an object stays as it was made, where a document has it otherwise.
fn fixed(kind: Kind, entry: &Entry, present: &Present) -> Option<String> {
    if present.is_from_file && entry.fields != present.fields {
        return Some(format!(
            "{}: the {} {} comes from the file of the gateway: change it there, or give the new one another name",
            entry.place,
            kind.noun(),
            entry.identity
        ));
    }
    const FIXED: [&str; 3] = ["team", "accessKey", "window"];
    let differs = |field: &&&str| entry.fields.get(**field) != present.fields.get(**field);
    let field = FIXED.iter().filter(|_| kind == Kind::Budget).find(differs)?;
    Some(format!(
        "{}: the {field} of a budget cannot be changed, and {} has another one: give the new budget another name",
        entry.place, entry.identity
    ))
}

/// Where a credential comes from, as a difference. It itself is never one.
fn secret_change(secret: Option<&Source>) -> Option<Change> {
    let after = match secret? {
        Source::Variable(name) => format!("(the variable {name})"),
        Source::File(path) => format!("(the file {})", path.display()),
        Source::Input => "(standard input)".to_owned(),
    };
    Some(Change { path: "value".to_owned(), before: Value::Null, after: after.into() })
}

/// Objects of one kind by what tells them apart.
type ByIdentity<'a> = BTreeMap<&'a str, Vec<&'a Present>>;

#[cfg(test)]
mod tests;
