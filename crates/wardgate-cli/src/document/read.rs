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

/// What one account shall have.
#[derive(Debug, Default)]
pub(crate) struct Desired {
    /// The account's name; none: that of the key.
    pub(crate) account: Option<String>,
    /// What is said of the account beside its name: metadata and tier, where they are said.
    pub(crate) account_fields: Map<String, Value>,
    /// The settings that are said.
    pub(crate) gateway_config: Map<String, Value>,
    /// The sections that are there.
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

/// What the texts say, account by account; or all that is wrong with them.
pub(crate) fn documents_of(files: Vec<File>) -> Result<Vec<Desired>, Failure> {
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
    accounts: Vec<Desired>,
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

    fn finish(self) -> Result<Vec<Desired>, Failure> {
        if self.problems.is_empty() {
            return Ok(self.accounts);
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
        if mistakes.is_empty() {
            check_values(&document, &mut mistakes);
        }
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
        let account = match fields.remove("account") {
            Some(Value::Object(account)) => account,
            _ => Map::new(),
        };
        let name = account.get("name").and_then(Value::as_str).map(str::to_owned);
        let found = self.accounts.iter().position(|desired| desired.account == name);
        let number = found.unwrap_or_else(|| {
            self.accounts.push(Desired { account: name, ..Desired::default() });
            self.accounts.len() - 1
        });
        let mut twice = Vec::new();
        let desired = &mut self.accounts[number];
        let account_fields = account
            .into_iter()
            .filter(|(name, _)| name != "name")
            .chain(fields.remove("tier").map(|tier| ("tier".to_owned(), tier)));
        for (name, value) in account_fields {
            if desired.account_fields.insert(name.clone(), value).is_some() {
                twice.push((place(file, index, &[], false), format!("the account's {name} is said by another document too")));
            }
        }
        if let Some(Value::Object(config)) = fields.remove("gatewayConfig") {
            let path = [Step::Field("gatewayConfig".to_owned())];
            for (name, value) in config {
                if desired.gateway_config.insert(name.clone(), value).is_some() {
                    let place = place(file, index, &path, true);
                    twice.push((place, format!("gatewayConfig.{name} is said by another document too")));
                }
            }
        }
        for kind in Kind::ALL {
            let Some(Value::Array(items)) = fields.remove(kind.section()) else { continue };
            let entries = desired.sections.entry(kind).or_default();
            let mut seen: BTreeSet<String> = entries.iter().map(|entry| entry.identity.clone()).collect();
            let places = Places { file, index, kind };
            for (number, item) in items.into_iter().enumerate() {
                let Some(entry) = entry(&places, number, item) else { continue };
                if !seen.insert(entry.identity.clone()) {
                    let text = format!("{} {} is described already", kind.noun(), entry.identity);
                    twice.push((entry.place.clone(), text));
                }
                entries.push(entry);
            }
        }
        for (place, text) in twice {
            self.problem(&place, &text);
        }
    }
}

/// Where the items of a section are.
struct Places<'a> {
    file: &'a Arc<File>,
    index: usize,
    kind: Kind,
}

fn entry(places: &Places<'_>, number: usize, item: Value) -> Option<Entry> {
    let Value::Object(mut item) = item else { return None };
    let secret = item.remove("value").and_then(|value| source(&value, &places.file.dir));
    let identity = places.kind.identity(&item)?;
    let mut fields = shape::with_defaults(places.kind.fields(), item);
    fields.remove("value");
    let path = [Step::Field(places.kind.section().to_owned()), Step::Item(number)];
    let place = place(places.file, places.index, &path, false);
    Some(Entry { identity, fields, secret, place })
}

fn source(value: &Value, dir: &Path) -> Option<Source> {
    if let Some(name) = value.get("env").and_then(Value::as_str) {
        return Some(Source::Variable(name.to_owned()));
    }
    value.get("file").and_then(Value::as_str).map(|path| Source::File(dir.join(path)))
}

/// What the shapes cannot say.
fn check_values(document: &Value, mistakes: &mut Vec<Mistake>) {
    let keys = document.get("providerKeys").and_then(Value::as_array);
    for (number, key) in keys.into_iter().flatten().enumerate() {
        let Some(value) = key.get("value").filter(|value| !value.is_null()) else { continue };
        let count = ["env", "file"].iter().filter(|name| value.get(name).is_some_and(|value| !value.is_null())).count();
        if count != 1 {
            let path = vec![Step::Field("providerKeys".to_owned()), Step::Item(number), Step::Field("value".to_owned())];
            mistakes.push(Mistake { path, at_key: true, text: "must have either env or file".to_owned() });
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

    fn read(texts: &[&str]) -> Result<Vec<Desired>, Failure> {
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
        let all = read(&[first, second]).unwrap();
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
    fn every_problem_is_told_with_its_place() {
        let text = "teams:\n  - nme: a\n  - name: 7\naccesKeys: []\nproviderKeys:\n  - {provider: openai}\n";
        let expected = expect![[r#"
            6 problems in what is to be applied:
              0.yaml:2:5: teams[0].nme is not a field here; there are name, description, metadata, tier
              0.yaml:2:5: teams[0] must have the field "name"
              0.yaml:3:11: teams[1].name must be text, and is a number: put it in quotes
              0.yaml:4:1: accesKeys is not a field here; there are account, tier, gatewayConfig, teams, providers, providerKeys, virtualModels, configurations, accessKeys, budgets
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
