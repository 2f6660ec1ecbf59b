//! What a value must be, as data: from it come the checks, the defaults and the JSON Schema.

use super::yaml::Step;
use ipnet::{IpNet, Ipv4Net};
use serde_json::{Map, Value};
use std::net::IpAddr;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;

/// What a value must be.
pub(crate) enum Shape {
    /// A text of so many characters.
    Text { min: usize, max: usize },
    /// One of these texts.
    Word(&'static [&'static str]),
    /// A whole number that is not negative.
    Number,
    /// A whole number that is more than zero.
    Count,
    /// True or false.
    Flag,
    /// An instant as RFC 3339 writes it.
    Instant,
    /// A length of time, as `90s`.
    Length,
    /// An address or a network, as `10.0.0.0/8`.
    Network,
    /// An amount of dollars that is more than zero.
    Dollars,
    /// At most so many of these.
    List(&'static Shape, usize),
    /// An object with these fields.
    Object(&'static Fields),
    /// An object with whatever fields and values.
    Values,
}

/// The fields of an object.
pub(crate) struct Fields(pub(crate) &'static [Field]);

/// One field.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// What its absence means.
    pub(crate) absent: Absent,
    /// What it is for, for editors and the manual.
    pub(crate) about: &'static str,
}

/// What a field's absence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// A mistake.
    Mistake,
    /// Nothing is set, which null means too.
    Unset,
    /// An empty list, which null means too.
    Empty,
    /// This text.
    Text(&'static str),
    /// Not so.
    False,
}

/// One mistake, by the path of the value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) path: Vec<Step>,
    /// Whether it is about the name and not about the value.
    pub(super) at_key: bool,
    pub(super) text: String,
}

/// The most mistakes that are told at once.
pub(super) const MISTAKES_MAX: usize = 50;

impl Field {
    pub(crate) const fn new(name: &'static str, shape: Shape, absent: Absent, about: &'static str) -> Self {
        Self { name, shape, absent, about }
    }
}

impl Fields {
    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name == name)
    }

    /// Adds what is wrong with an object.
    pub(super) fn check(&self, value: &Value, path: &mut Vec<Step>, mistakes: &mut Vec<Mistake>) {
        let Value::Object(fields) = value else {
            add(path, false, format!("must be fields, as `name: value`, and is {}", type_of(value)), mistakes);
            return;
        };
        for (name, value) in fields {
            path.push(Step::Field(name.clone()));
            match self.get(name) {
                Some(field) if value.is_null() && field.absent != Absent::Mistake => {}
                Some(field) => field.shape.check(value, path, mistakes),
                None => {
                    let known: Vec<&str> = self.0.iter().map(|field| field.name).collect();
                    add(path, true, format!("is not a field here; there are {}", known.join(", ")), mistakes);
                }
            }
            path.pop();
        }
        for field in self.0.iter().filter(|field| field.absent == Absent::Mistake && !fields.contains_key(field.name)) {
            add(path, false, format!("must have the field {:?}", field.name), mistakes);
        }
    }
}

/// One field's value in the shortest form that means the same; null and empty ones stay what they are.
pub(crate) fn shortest_field(fields: &Fields, name: &str, value: &Value) -> Value {
    fields.get(name).map_or_else(|| value.clone(), |field| field.shape.shortest(value))
}

impl Shape {
    pub(super) fn check(&self, value: &Value, path: &mut Vec<Step>, mistakes: &mut Vec<Mistake>) {
        match (self, value) {
            (Self::Object(fields), value) => fields.check(value, path, mistakes),
            (Self::List(shape, max), Value::Array(items)) => {
                if items.len() > *max {
                    add(path, false, format!("has {} items, and may have at most {max}", items.len()), mistakes);
                    return;
                }
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Item(index));
                    shape.check(item, path, mistakes);
                    path.pop();
                }
            }
            (Self::Values, Value::Object(_)) => {}
            (shape, value) => {
                if let Err(text) = shape.check_plain(value) {
                    add(path, false, text, mistakes);
                }
            }
        }
    }

    fn check_plain(&self, value: &Value) -> Result<(), String> {
        let is = type_of(value);
        match (self, value) {
            (Self::Text { min, max }, Value::String(text)) => match text.chars().count() {
                0 if *min > 0 => Err("must not be empty".to_owned()),
                count if count > *max => Err(format!("has {count} characters, and may have at most {max}")),
                _ => Ok(()),
            },
            (Self::Word(words), Value::String(text)) if words.contains(&text.as_str()) => Ok(()),
            (Self::Word(words), _) => Err(format!("must be {}", words.join(" or "))),
            (Self::Number, Value::Number(number)) if number.is_u64() => Ok(()),
            (Self::Number, _) => Err(format!("must be a whole number, and is {is}")),
            (Self::Count, Value::Number(number)) if number.as_u64().is_some_and(|count| count > 0) => Ok(()),
            (Self::Count, Value::Number(_)) => Err("must be a whole number that is more than zero".to_owned()),
            (Self::Count, _) => Err(format!("must be a whole number, and is {is}")),
            (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Flag, _) => Err(format!("must be true or false, and is {is}")),
            (Self::Instant, Value::String(text)) if Timestamp::parse(text).is_some() => Ok(()),
            // A time from now would be another one each time the document is applied.
            (Self::Instant, _) => Err("must be an instant, as 2027-01-01T00:00:00Z".to_owned()),
            (Self::Length, Value::String(text)) if length(text).is_some() => Ok(()),
            (Self::Length, _) => Err("must be a length of time, as 90s or 2m".to_owned()),
            (Self::Network, Value::String(text)) if network(text).is_some() => Ok(()),
            (Self::Network, _) => Err("must be an address or a network, as 10.0.0.0/8".to_owned()),
            (Self::Dollars, value) if dollars(value).is_some() => Ok(()),
            (Self::Dollars, _) => Err("must be dollars, more than zero, as \"12.50\"".to_owned()),
            (Self::Text { .. }, Value::Number(_) | Value::Bool(_)) => {
                Err(format!("must be text, and is {is}: put it in quotes"))
            }
            (Self::Text { .. }, _) => Err(format!("must be text, and is {is}")),
            (Self::List(..), _) => Err(format!("must be a list, and is {is}")),
            (Self::Values, _) => Err(format!("must be fields, as `name: value`, and is {is}")),
            (Self::Object(_), _) => Ok(()),
        }
    }

    fn shortest(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(object)) => Value::Object(without_defaults(fields, object)),
            (Self::List(shape, _), Value::Array(items)) => items.iter().map(|item| shape.shortest(item)).collect(),
            (_, value) => value.clone(),
        }
    }

    fn in_order(&self, value: &Value) -> serde_yaml::Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(object)) => in_order(fields, object),
            (Self::List(shape, _), Value::Array(items)) => items.iter().map(|item| shape.in_order(item)).collect(),
            (_, value) => serde_yaml::to_value(value).unwrap_or_default(),
        }
    }

    /// The same value as it is written everywhere else, so that two can be compared.
    fn canonical(&self, value: Value) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(object)) => Value::Object(with_defaults(fields, object)),
            (Self::List(shape, _), Value::Array(items)) => items.into_iter().map(|item| shape.canonical(item)).collect(),
            (Self::Instant, Value::String(text)) => Timestamp::parse(&text).map_or(text, |instant| instant.to_string()).into(),
            (Self::Length, Value::String(text)) => length(&text).unwrap_or(text).into(),
            (Self::Network, Value::String(text)) => network(&text).unwrap_or(text).into(),
            (Self::Dollars, value) => dollars(&value).map_or(value, Value::from),
            (_, value) => value,
        }
    }
}

/// An object with every field of its shape in its canonical form, absent ones with what their absence means. Fields that the
/// shape does not have are left out: that is how the API's own fields go.
pub(crate) fn with_defaults(fields: &Fields, mut object: Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for field in fields.0 {
        let value = object.remove(field.name).filter(|value| !value.is_null());
        let value = match (value, field.absent) {
            (Some(value), _) => field.shape.canonical(value),
            (None, Absent::Mistake | Absent::Unset) => Value::Null,
            (None, Absent::Empty) => Value::Array(Vec::new()),
            (None, Absent::Text(text)) => text.into(),
            (None, Absent::False) => false.into(),
        };
        all.insert(field.name.to_owned(), value);
    }
    all
}

/// Only what is said by more than its absence: the shortest object that means the same.
pub(crate) fn without_defaults(fields: &Fields, object: &Map<String, Value>) -> Map<String, Value> {
    let defaults = with_defaults(fields, Map::new());
    let said = fields.0.iter().filter_map(|field| {
        let value = object.get(field.name).filter(|value| !value.is_null())?;
        (defaults.get(field.name) != Some(value)).then(|| (field.name.to_owned(), field.shape.shortest(value)))
    });
    said.collect()
}

/// An object as YAML, with its fields in the order of the shape.
pub(crate) fn yaml_text(fields: &Fields, object: &Map<String, Value>) -> String {
    serde_yaml::to_string(&in_order(fields, object)).unwrap_or_default()
}

fn in_order(fields: &Fields, object: &Map<String, Value>) -> serde_yaml::Value {
    let said = fields.0.iter().filter_map(|field| Some((field.name.into(), field.shape.in_order(object.get(field.name)?))));
    serde_yaml::Value::Mapping(said.collect())
}

/// An address or a network as the API shows it: in its shortest form, without what the length cuts off.
fn network(text: &str) -> Option<String> {
    let net = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().ok()?.trunc(),
    };
    let net = match net {
        IpNet::V6(v6) => match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
            (Some(address), Some(length)) => Ipv4Net::new(address, length).ok()?.into(),
            _ => net,
        },
        IpNet::V4(_) => net,
    };
    let is_single = net.prefix_len() == net.max_prefix_len();
    Some(if is_single { net.addr().to_string() } else { net.to_string() })
}

/// An amount as the API shows it. A number is read by its digits.
fn dollars(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    NanoUsd::from_usd(&text).filter(|amount| *amount > NanoUsd::ZERO).map(NanoUsd::to_usd)
}

/// A length of time as the API shows it: in whole seconds, else in milliseconds.
fn length(text: &str) -> Option<String> {
    let millis = crate::expiry::millis(text)?;
    Some(if millis % 1_000 == 0 { format!("{}s", millis / 1_000) } else { format!("{millis}ms") })
}

fn add(path: &[Step], at_key: bool, text: String, mistakes: &mut Vec<Mistake>) {
    if mistakes.len() < MISTAKES_MAX {
        mistakes.push(Mistake { path: path.to_vec(), at_key, text });
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Kind;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn check(kind: Kind, value: &Value, expected: &Expect) {
        let mut mistakes = Vec::new();
        kind.fields().check(value, &mut Vec::new(), &mut mistakes);
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{:?} {}\n", mistake.path, mistake.text)).collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let value = json!({"name": 7, "tagz": [], "tags": ["", "a"], "expiresAt": "90d", "disabled": "no",
            "allowedNetworks": ["10.0.0.0/33"], "team": null});
        let expected = expect![[r#"
            [Field("allowedNetworks"), Item(0)] must be an address or a network, as 10.0.0.0/8
            [Field("disabled")] must be true or false, and is text
            [Field("expiresAt")] must be an instant, as 2027-01-01T00:00:00Z
            [Field("name")] must be text, and is a number: put it in quotes
            [Field("tags"), Item(0)] must not be empty
            [Field("tagz")] is not a field here; there are name, description, metadata, team, configuration, tags, expiresAt, disabled, allowedNetworks
        "#]];
        check(Kind::AccessKey, &value, &expected);
        check(Kind::Team, &json!([]), &expect![["[] must be fields, as `name: value`, and is a list\n"]]);
        check(Kind::Team, &json!({}), &expect![["[] must have the field \"name\"\n"]]);
    }

    #[test]
    fn what_means_the_same_compares_as_the_same() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let one = object(
            json!({"name": "a", "expiresAt": "2027-01-01T01:00:00+01:00", "allowedNetworks": ["10.0.0.1/32", "10.1.2.3/8"]}),
        );
        let other = object(json!({"name": "a", "team": "default", "tags": [], "disabled": false, "description": null,
            "expiresAt": "2027-01-01T00:00:00.000Z", "allowedNetworks": ["10.0.0.1", "10.0.0.0/8"], "keyRedacted": "…"}));
        let fields = Kind::AccessKey.fields();
        assert_eq!(with_defaults(fields, one.clone()), with_defaults(fields, other));
        let short = without_defaults(fields, &with_defaults(fields, one));
        let expected = json!({"name": "a", "expiresAt": "2027-01-01T00:00:00Z", "allowedNetworks": ["10.0.0.1", "10.0.0.0/8"]});
        assert_eq!(Value::Object(short), expected);
        // Nothing allowed is something else than nothing said.
        let strict = object(json!({"name": "a", "access": {"providers": {"allow": []}}}));
        let fields = Kind::Configuration.fields();
        assert_eq!(without_defaults(fields, &with_defaults(fields, strict.clone())), strict);
    }
}
