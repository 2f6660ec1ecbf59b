//! YAML as JSON values, within bounds, and the places of values in the text.
//!
//! The parser tells a place only with an error. So what is checked is a plain value, and the place of each problem is found
//! afterwards: the text is read once more by a reader that fails on purpose where the problem is.

use serde::de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

/// The most values in one text, aliases followed.
const VALUES_MAX: usize = 200_000;

/// The most documents in one text.
const DOCUMENTS_MAX: usize = 1_000;

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct BadYaml {
    /// What, for people.
    pub text: String,
    /// Where, if it is known.
    pub position: Option<Position>,
}

/// Line and column, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the field with this name.
    Field(String),
    /// To the item at this place, from 0.
    Item(usize),
}

/// The documents of a text.
///
/// # Errors
/// When it is not YAML, or too much of it.
pub fn documents(text: &str) -> Result<Vec<Value>, BadYaml> {
    let left = Cell::new(VALUES_MAX);
    let mut all = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        if all.len() == DOCUMENTS_MAX {
            return Err(BadYaml { text: format!("has more than {DOCUMENTS_MAX} documents"), position: None });
        }
        all.push(Bounded { left: &left }.deserialize(document).map_err(|error| bad(&error))?);
    }
    Ok(all)
}

/// Where a value is; with `at_key`, where its name is. The text is one that [`documents`] took.
#[must_use]
pub fn position(text: &str, document: usize, path: &[Step], at_key: bool) -> Option<Position> {
    let document = serde_yaml::Deserializer::from_str(text).nth(document)?;
    let error = Walk { path, at_key }.deserialize(document).err()?;
    place(&error)
}

/// Where a path leads in a text, or as far as it leads.
#[must_use]
pub fn position_of(text: &str, document: usize, path: &str) -> Option<Position> {
    let mut steps = steps(path);
    while !steps.is_empty() {
        if let Some(position) = position(text, document, &steps, false) {
            return Some(position);
        }
        steps.pop();
    }
    None
}

/// `a.b[2]` as steps.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|name| !name.is_empty()).map(|name| Step::Field(name.to_owned())));
        let indices = pieces.filter_map(|index| index.trim_end_matches(']').parse().ok());
        steps.extend(indices.map(Step::Item));
    }
    steps
}

fn bad(error: &serde_yaml::Error) -> BadYaml {
    let text = error.to_string();
    // The place is told apart from the text.
    let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
    BadYaml { text, position: place(error) }
}

fn place(error: &serde_yaml::Error) -> Option<Position> {
    error.location().map(|location| Position { line: location.line(), column: location.column() })
}

/// Builds a value while there is room for more.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    left: &'a Cell<usize>,
}

impl Bounded<'_> {
    fn take<E: serde::de::Error>(self) -> Result<(), E> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| E::custom(format_args!("has more than {VALUES_MAX} values; an alias may stand for too many")))?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has too")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.take().map(|()| value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.take().map(|()| value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.take().map(|()| value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.take().map(|()| value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.take().map(|()| value.into())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.take().map(|()| Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.take()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        self.take()?;
        let mut all = Map::new();
        let mut seen = BTreeSet::new();
        while let Some(name) = fields.next_key_seed(Name { seen: &mut seen })? {
            all.insert(name, fields.next_value_seed(self)?);
        }
        Ok(Value::Object(all))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(A::Error::custom("has a tag (\"!\"), and documents have none"))
    }
}

/// A field's name, which must not have been there before.
struct Name<'a> {
    seen: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name, as text")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<String, E> {
        if name == "<<" {
            return Err(E::custom("\"<<\" is not understood here: repeat the fields, or use an alias for the whole value"));
        }
        if self.seen.insert(name.to_owned()) {
            Ok(name.to_owned())
        } else {
            Err(E::custom(format_args!("the field {name:?} stands here twice")))
        }
    }
}

/// Goes down a path and fails at its end.
#[derive(Clone, Copy)]
struct Walk<'a> {
    path: &'a [Step],
    at_key: bool,
}

const HERE: &str = "here";

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Item(wanted), rest)) = self.path.split_first() else { return Err(A::Error::custom(HERE)) };
        for _ in 0..*wanted {
            items.next_element::<serde::de::IgnoredAny>()?;
        }
        items.next_element_seed(Walk { path: rest, at_key: self.at_key })?;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some((Step::Field(wanted), rest)) = self.path.split_first() else { return Err(A::Error::custom(HERE)) };
        let is_key = self.at_key && rest.is_empty();
        while let Some(is_wanted) = fields.next_key_seed(WantedName { wanted, is_key })? {
            if is_wanted {
                return fields.next_value_seed(Walk { path: rest, at_key: self.at_key });
            }
            fields.next_value::<serde::de::IgnoredAny>()?;
        }
        Ok(())
    }
}

struct WantedName<'a> {
    wanted: &'a str,
    is_key: bool,
}

impl<'de> DeserializeSeed<'de> for WantedName<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for WantedName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<bool, E> {
        match name == self.wanted {
            true if self.is_key => Err(E::custom(HERE)),
            is_wanted => Ok(is_wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bad_at(text: &str) -> (String, usize, usize) {
        let bad = documents(text).unwrap_err();
        let position = bad.position.unwrap_or_else(|| panic!("{}", bad.text));
        (bad.text, position.line, position.column)
    }

    #[test]
    fn documents_are_values() {
        let text = "a: 1\nb: [x, 'y', null, true, 1.5]\nc: &c {d: 1}\ne: *c\n---\n---\n{\"f\": -1}\n";
        let expected = vec![
            json!({"a": 1, "b": ["x", "y", null, true, 1.5], "c": {"d": 1}, "e": {"d": 1}}),
            json!(null),
            json!({"f": -1}),
        ];
        assert_eq!(documents(text).unwrap(), expected);
    }

    #[test]
    fn what_is_no_document_is_refused_at_its_place() {
        assert_eq!(bad_at("a: 1\nb: 2\na: 3\n"), ("the field \"a\" stands here twice".to_owned(), 3, 1));
        let (text, line, _) = bad_at("a: 1\nb: [1,\n");
        assert!(line >= 2 && text.contains("expected"), "{text}");
        assert!(bad_at("a: !secret x").0.contains("tag"));
        assert!(bad_at("x: &x {a: 1}\ny:\n  <<: *x\n").0.contains("\"<<\""));
        assert!(bad_at("1: a").0.contains("a field's name"));
    }

    #[test]
    fn aliases_do_not_multiply_without_end() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let bad = documents(&text).unwrap_err();
        assert!(bad.text.contains("alias") || bad.text.contains("repetition"), "{}", bad.text);
        assert!(documents(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn every_value_and_name_has_a_place() {
        let text = "# a\nteams:\n  - name: x\n    tags: [a, b]\n---\nfoo:\n  bar: 1\n";
        let field = |name: &str| Step::Field(name.to_owned());
        let at = |document, path: &[Step], at_key| position(text, document, path, at_key).map(|at| (at.line, at.column));
        assert_eq!(at(0, &[field("teams"), Step::Item(0), field("name")], true), Some((3, 5)));
        assert_eq!(at(0, &[field("teams"), Step::Item(0), field("name")], false), Some((3, 11)));
        assert_eq!(at(0, &[field("teams"), Step::Item(0), field("tags"), Step::Item(1)], false), Some((4, 15)));
        assert_eq!(at(1, &[field("foo"), field("bar")], true), Some((7, 3)));
        assert_eq!(at(0, &[field("teams"), Step::Item(0)], false), Some((3, 5)));
        assert_eq!(at(0, &[field("nothing")], true), None);
    }
}
