//! From texts to what each account shall have.

use super::files::File;
use super::section::{DOCUMENT, Kind};
use super::shape::{self, MISTAKES_MAX, Mistake};
use super::yaml::{self, Position, Step};
use crate::failure::Failure;
use crate::secret_input::Source;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What documents say.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// The sections of what the operator has, and no account.
    pub(crate) gateway: BTreeMap<Kind, Vec<Entry>>,
    /// Account by account.
    pub(crate) accounts: Vec<Desired>,
}

/// What one account shall have.
#[derive(Debug, Default)]
pub(crate) struct Desired {
    /// The account's name; none: that of the key.
    pub(crate) account: Option<String>,
    /// What is said of the account beside its name: metadata and tier, where they are said.
    pub(crate) account_fields: Map<String, Value>,
    /// Where its tier is said.
    pub(crate) tier_place: Option<Place>,
    /// The settings that are said.
    pub(crate) gateway_config: Map<String, Value>,
    /// Its sections that are there.
    pub(crate) sections: BTreeMap<Kind, Vec<Entry>>,
}

/// One object of a section.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What tells it from the others.
    pub(crate) identity: String,
    /// Every field, canonical, absent ones by their default.
    pub(crate) fields: Map<String, Value>,
    /// Where the credential of a provider key is.
    pub(crate) secret: Option<Source>,
    pub(crate) place: Place,
}

/// Where something is written. Line and column are found when they are asked for, since that takes a reading of the text.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    file: Arc<File>,
    document: usize,
    path: Vec<Step>,
    at_key: bool,
}

impl Place {
    fn position(&self) -> Option<Position> {
        yaml::position(&self.file.text, self.document, &self.path, self.at_key)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(&self.file, self.position(), f)
    }
}

fn shown(file: &File, position: Option<Position>, f: &mut impl fmt::Write) -> fmt::Result {
    f.write_str(&file.name)?;
    match position {
        Some(at) => write!(f, ":{}:{}", at.line, at.column),
        None => Ok(()),
    }
}

/// What the texts say, or all that is wrong with them.
pub(crate) fn documents_of(files: Vec<File>) -> Result<Documents, Failure> {
    let mut reading = Reading::default();
    for file in files {
        let file = Arc::new(file);
        match yaml::documents(&file.text) {
            Ok(documents) => {
                for (index, document) in documents.into_iter().enumerate() {
                    reading.document(&file, index, document);
                }
            }
            Err(bad) => reading.problem_at(&file, bad.position, &bad.text),
        }
        reading.sort();
    }
    reading.finish()
}

#[derive(Default)]
struct Reading {
    documents: Documents,
    problems: Vec<(Option<Position>, String)>,
    /// How many of the problems are in order.
    sorted: usize,
}

impl Reading {
    fn problem(&mut self, place: &Place, text: &str) {
        self.problem_at(&place.file, place.position(), text);
    }

    fn problem_at(&mut self, file: &File, position: Option<Position>, text: &str) {
        if self.problems.len() < MISTAKES_MAX {
            let mut line = String::new();
            // Writing to a text does not fail.
            let _ = shown(file, position, &mut line);
            self.problems.push((position, format!("{line}: {text}")));
        }
    }

    /// Brings the problems of one file into the order in which they stand there.
    fn sort(&mut self) {
        self.problems[self.sorted..].sort_by_key(|(position, _)| position.map(|at| (at.line, at.column)));
        self.sorted = self.problems.len();
    }

    fn finish(self) -> Result<Documents, Failure> {
        if self.problems.is_empty() {
            return Ok(self.documents);
        }
        let count = if self.problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", self.problems.len()) };
        let lines: Vec<String> = self.problems.into_iter().map(|(_, line)| line).collect();
        Err(Failure::usage(format!("{count} in what is to be applied:\n  {}", lines.join("\n  "))))
    }

    fn document(&mut self, file: &Arc<File>, index: usize, document: Value) {
        if document.is_null() {
            return;
        }
        let mut mistakes = Vec::new();
        DOCUMENT.check(&document, &mut Vec::new(), &mut mistakes);
        check_values(&document, &mut mistakes);
        for mistake in &mistakes {
            let place = place(file, index, &mistake.path, mistake.at_key);
            let path = path_text(&mistake.path);
            let separator = if path.is_empty() { "" } else { " " };
            self.problem(&place, &format!("{path}{separator}{}", mistake.text));
        }
        if let (true, Value::Object(fields)) = (mistakes.is_empty(), document) {
            self.sound(file, index, fields);
        }
    }

    /// A document without mistakes of form.
    fn sound(&mut self, file: &Arc<File>, index: usize, mut fields: Map<String, Value>) {
        let source = Whence { file, index };
        let mut twice = source.sections(&Kind::OF_GATEWAY, &mut fields, &mut self.documents.gateway);
        if !fields.is_empty() {
            twice.extend(self.account(&source, fields));
        }
        for (place, text) in twice {
            self.problem(&place, &text);
        }
    }

    /// What a document says of an account. Gives what is said more than once.
    fn account(&mut self, source: &Whence<'_>, mut fields: Map<String, Value>) -> Vec<(Place, String)> {
        let account = match fields.remove("account") {
            Some(Value::Object(account)) => account,
            _ => Map::new(),
        };
        let name = account.get("name").and_then(Value::as_str).map(str::to_owned);
        let accounts = &mut self.documents.accounts;
        let found = accounts.iter().position(|desired| desired.account == name);
        let number = found.unwrap_or_else(|| {
            accounts.push(Desired { account: name, ..Desired::default() });
            accounts.len() - 1
        });
        let mut twice = Vec::new();
        let desired = &mut accounts[number];
        if fields.contains_key("tier") {
            desired.tier_place = Some(source.place(&[Step::Field("tier".to_owned())], false));
        }
        let account_fields = account
            .into_iter()
            .filter(|(name, _)| name != "name")
            .chain(fields.remove("tier").map(|tier| ("tier".to_owned(), tier)));
        for (name, value) in account_fields {
            if desired.account_fields.insert(name.clone(), value).is_some() {
                twice.push((source.place(&[], false), format!("the account's {name} is said by another document too")));
            }
        }
        if let Some(Value::Object(config)) = fields.remove("gatewayConfig") {
            let path = [Step::Field("gatewayConfig".to_owned())];
            for (name, value) in config {
                if desired.gateway_config.insert(name.clone(), value).is_some() {
                    twice.push((source.place(&path, true), format!("gatewayConfig.{name} is said by another document too")));
                }
            }
        }
        twice.extend(source.sections(&Kind::OF_ACCOUNT, &mut fields, &mut desired.sections));
        twice
    }
}

/// The document that something stands in.
struct Whence<'a> {
    file: &'a Arc<File>,
    index: usize,
}

impl Whence<'_> {
    fn place(&self, path: &[Step], at_key: bool) -> Place {
        place(self.file, self.index, path, at_key)
    }

    /// Adds the sections of these kinds to what was said before. Gives what is said more than once.
    fn sections(
        &self,
        kinds: &[Kind],
        fields: &mut Map<String, Value>,
        sections: &mut BTreeMap<Kind, Vec<Entry>>,
    ) -> Vec<(Place, String)> {
        let mut twice = Vec::new();
        for kind in kinds {
            let Some(Value::Array(items)) = fields.remove(kind.section()) else { continue };
            let entries = sections.entry(*kind).or_default();
            let mut seen: BTreeSet<String> = entries.iter().map(|entry| entry.identity.clone()).collect();
            for (number, item) in items.into_iter().enumerate() {
                let Some(entry) = self.entry(*kind, number, item) else { continue };
                if !seen.insert(entry.identity.clone()) {
                    let text = format!("{} {} is described already", kind.noun(), entry.identity);
                    twice.push((entry.place.clone(), text));
                }
                entries.push(entry);
            }
        }
        twice
    }

    fn entry(&self, kind: Kind, number: usize, item: Value) -> Option<Entry> {
        let Value::Object(mut item) = item else { return None };
        let secret = item.remove("value").and_then(|value| source(&value, &self.file.dir));
        let identity = kind.identity(&item)?;
        let mut fields = shape::with_defaults(kind.fields(), item);
        fields.remove("value");
        let place = self.place(&[Step::Field(kind.section().to_owned()), Step::Item(number)], false);
        Some(Entry { identity, fields, secret, place })
    }
}

fn source(value: &Value, dir: &Path) -> Option<Source> {
    if let Some(name) = value.get("env").and_then(Value::as_str) {
        return Some(Source::Variable(name.to_owned()));
    }
    value.get("file").and_then(Value::as_str).map(|path| Source::File(dir.join(path)))
}

/// What the shapes cannot say.
fn check_values(document: &Value, mistakes: &mut Vec<Mistake>) {
    for section in [Kind::ProviderKey, Kind::ManagedKey].map(Kind::section) {
        let keys = document.get(section).and_then(Value::as_array);
        for (number, key) in keys.into_iter().flatten().enumerate() {
            let Some(value) = key.get("value").filter(|value| value.is_object()) else { continue };
            let count = ["env", "file"].iter().filter(|name| value.get(name).is_some_and(|value| !value.is_null())).count();
            if count != 1 {
                let path = vec![Step::Field(section.to_owned()), Step::Item(number), Step::Field("value".to_owned())];
                mistakes.push(Mistake { path, at_key: true, text: "must have either env or file".to_owned() });
            }
        }
    }
}

fn place(file: &Arc<File>, document: usize, path: &[Step], at_key: bool) -> Place {
    Place { file: Arc::clone(file), document, path: path.to_vec(), at_key }
}

fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Item(number) => text.push_str(&format!("[{number}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn read(texts: &[&str]) -> Result<Documents, Failure> {
        let files: Vec<File> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| File { name: format!("{number}.yaml"), dir: "/docs".into(), text: (*text).to_owned() })
            .collect();
        documents_of(files)
    }

    fn refused(texts: &[&str], expected: &Expect) {
        expected.assert_eq(&read(texts).unwrap_err().text);
    }

    #[test]
    fn sections_of_all_documents_come_together_by_account() {
        let first = "account: {name: acme}\ntier: free\nteams:\n- name: a\n---\naccount: {name: umbrella}\n";
        let second = "account: {name: acme}\nteams: [{name: b}]\nproviderKeys:\n- {provider: openai, name: main, value: {file: key.txt}}\n";
        let all = read(&[first, second]).unwrap().accounts;
        assert_eq!(all.iter().map(|desired| desired.account.as_deref()).collect::<Vec<_>>(), [Some("acme"), Some("umbrella")]);
        assert_eq!(all[0].account_fields["tier"], "free");
        let teams: Vec<&str> = all[0].sections[&Kind::Team].iter().map(|entry| entry.identity.as_str()).collect();
        assert_eq!(teams, ["a", "b"]);
        let key = &all[0].sections[&Kind::ProviderKey][0];
        assert_eq!((key.identity.as_str(), key.secret.clone()), ("openai/main", Some(Source::File("/docs/key.txt".into()))));
        let expected = json!({"provider": "openai", "name": "main", "description": null, "metadata": null});
        assert_eq!(Value::Object(key.fields.clone()), expected);
        assert_eq!(key.place.to_string(), "1.yaml:4:3");
        assert!(!all[0].sections.contains_key(&Kind::AccessKey) && all[1].sections.is_empty());
    }

    #[test]
    fn what_is_the_operators_stands_beside_the_accounts() {
        let text = "tiers: [{name: trial, requestsPerDay: 9}]\nmanagedKeys: [{provider: openai, name: house}]\n";
        let all = read(&[text, "account: {name: acme}\ntier: trial\ngrants: [{provider: openai, name: house}]\n"]).unwrap();
        assert_eq!(all.gateway.keys().copied().collect::<Vec<_>>(), Kind::OF_GATEWAY);
        assert_eq!(all.gateway[&Kind::Tier][0].fields["requestsPerMinute"], Value::Null);
        // A document of the operator's alone is for no account.
        assert_eq!(all.accounts.iter().map(|desired| desired.account.as_deref()).collect::<Vec<_>>(), [Some("acme")]);
        assert_eq!(all.accounts[0].sections[&Kind::Grant][0].identity, "openai/house");
        let expected = expect![[r#"
            3 problems in what is to be applied:
              0.yaml:1:39: tiers[0].requestsPerDay must be a whole number that is more than zero
              0.yaml:1:57: tiers[0].modelClasses[0] must be free or paid
              0.yaml:2:47: managedKeys[0].value must have either env or file"#]];
        refused(
            &[
                "tiers: [{name: trial, requestsPerDay: 0, modelClasses: [all]}]\nmanagedKeys: [{provider: openai, name: house, value: {}}]\n",
            ],
            &expected,
        );
        let expected = expect!["a problem in what is to be applied:\n  1.yaml:1:9: tier trial is described already"];
        refused(&[text, "tiers: [{name: trial}]\n"], &expected);
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let text = "teams:\n  - nme: a\n  - name: 7\naccesKeys: []\nproviderKeys:\n  - {provider: openai}\n";
        let expected = expect![[r#"
            6 problems in what is to be applied:
              0.yaml:2:5: teams[0].nme is not a field here; there are name, description, metadata, tier
              0.yaml:2:5: teams[0] must have the field "name"
              0.yaml:3:11: teams[1].name must be text, and is a number: put it in quotes
              0.yaml:4:1: accesKeys is not a field here; there are account, tier, gatewayConfig, tiers, managedKeys, grants, teams, providers, providerKeys, virtualModels, configurations, accessKeys, budgets
              0.yaml:6:5: providerKeys[0] must have the field "name"
              1.yaml:2:1: did not find expected node content"#]];
        refused(&[text, "teams: ["], &expected);
        let expected =
            expect!["a problem in what is to be applied:\n  0.yaml:1:1: must be fields, as `name: value`, and is text"];
        refused(&["hello"], &expected);
    }

    #[test]
    fn the_same_thing_is_said_once() {
        let first = "tier: free\ngatewayConfig: {totalTimeout: 9s}\nteams: [{name: a}, {name: a}]\n";
        let second = "tier: free\ngatewayConfig: {totalTimeout: 9s}\nproviderKeys: [{provider: a, name: b, value: {}}]\n";
        let expected = expect![[r#"
            2 problems in what is to be applied:
              0.yaml:3:20: team a is described already
              1.yaml:3:39: providerKeys[0].value must have either env or file"#]];
        refused(&[first, second], &expected);
        let expected = expect![[r#"
            3 problems in what is to be applied:
              0.yaml:3:20: team a is described already
              1.yaml:1:1: the account's tier is said by another document too
              1.yaml:2:1: gatewayConfig.totalTimeout is said by another document too"#]];
        refused(&[first, "tier: free\ngatewayConfig: {totalTimeout: 9s}\n"], &expected);
    }
}
