//! Schemas for providers that take only a part of JSON Schema.
//!
//! Only schemas of structured output are changed, and only where the provider would refuse them. What a keyword demanded and the
//! provider cannot enforce moves into the description, where the model still reads it.

mod root;

pub(crate) use root::object_root;

use crate::json::Path;
use crate::json::tree::Tree;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// Keywords that Anthropic's structured output refuses, in the order in which they are told in a description.
const MOVED: [&str; 25] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "patternProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "not",
    "if",
    "then",
    "else",
];

/// String formats that Anthropic's structured output knows.
const FORMATS: [&str; 9] = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6"];

/// Whether a schema is one that OpenAI takes as strict: an object, every object in it closed, every property required.
pub(crate) fn is_openai_strict(schema: &RawValue) -> bool {
    Tree::read(schema, &Path::Root).is_ok_and(|tree| says_object(tree.get("type")) && is_closed(&tree))
}

/// Whether a schema's `type` is an object, or an object among others.
fn says_object(kind: Option<&Tree>) -> bool {
    match kind {
        Some(Tree::Array(kinds)) => kinds.iter().any(|kind| says_object(Some(kind))),
        Some(kind) => kind.as_text().as_deref() == Some("object"),
        None => false,
    }
}

fn is_closed(tree: &Tree) -> bool {
    match tree {
        Tree::Scalar(_) => true,
        Tree::Array(values) => values.iter().all(is_closed),
        Tree::Object(members) => {
            let is_object = says_object(tree.get("type"));
            let own = !is_object || {
                let required = match tree.get("required") {
                    Some(Tree::Array(names)) => names.iter().filter_map(Tree::as_text).collect(),
                    _ => HashSet::new(),
                };
                let all_required = match tree.get("properties") {
                    Some(Tree::Object(properties)) => properties.iter().all(|(name, _)| required.contains(name)),
                    _ => true,
                };
                all_required && tree.get("additionalProperties") == Some(&Tree::Scalar("false".to_owned()))
            };
            own && members.iter().all(|(_, value)| is_closed(value))
        }
    }
}

/// A schema as Anthropic's and Bedrock's structured output take it.
pub(crate) fn for_anthropic(schema: &RawValue) -> String {
    match Tree::read(schema, &Path::Root) {
        Ok(tree) => clean(tree).to_json(),
        Err(_) => schema.get().to_owned(),
    }
}

/// Cleans a schema and what is in it.
fn clean(tree: Tree) -> Tree {
    let members = match tree {
        Tree::Object(members) => members,
        other => return other,
    };
    let find = |wanted: &str| members.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
    let is_object = says_object(find("type")) || find("type").is_none() && find("properties").is_some();
    let mut kept: Vec<(String, Tree)> = Vec::with_capacity(members.len() + 1);
    let mut said: Vec<(usize, String)> = Vec::new();
    for (key, value) in members {
        if let Some(place) = MOVED.iter().position(|moved| *moved == key) {
            let is_taken = key == "minItems" && matches!(&value, Tree::Scalar(count) if count == "0" || count == "1");
            if !is_taken {
                said.push((place, format!("{key}: {}", value.to_json())));
                continue;
            }
        }
        match key.as_str() {
            "format" if !value.as_text().is_some_and(|format| FORMATS.contains(&format.as_str()) || format == "uuid") => {
                said.push((MOVED.len(), format!("format: {}", value.to_json())));
            }
            // Every object must be closed; what else could be in it is said.
            "additionalProperties" if is_object => {
                if matches!(value, Tree::Object(_)) {
                    said.push((MOVED.len(), format!("additionalProperties: {}", value.to_json())));
                }
            }
            "$schema" => {}
            "oneOf" => kept.push(("anyOf".to_owned(), clean_all(value))),
            "anyOf" | "allOf" | "prefixItems" => kept.push((key, clean_all(value))),
            // Here members are names of properties, not keywords.
            "properties" | "$defs" | "definitions" => kept.push((key, clean_each(value))),
            "items" => kept.push((key, clean(value))),
            _ => kept.push((key, value)),
        }
    }
    if is_object {
        kept.push(("additionalProperties".to_owned(), Tree::Scalar("false".to_owned())));
    }
    if !said.is_empty() {
        said.sort();
        let said = said.into_iter().map(|(_, said)| said).collect::<Vec<_>>().join(", ");
        match kept.iter_mut().find(|(key, _)| key == "description") {
            Some((_, description)) => {
                let text = description.as_text().unwrap_or_default();
                *description = Tree::text(&format!("{text} ({said})"));
            }
            None => kept.push(("description".to_owned(), Tree::text(&said))),
        }
    }
    Tree::Object(kept)
}

fn clean_all(tree: Tree) -> Tree {
    match tree {
        Tree::Array(values) => Tree::Array(values.into_iter().map(clean).collect()),
        other => other,
    }
}

fn clean_each(tree: Tree) -> Tree {
    match tree {
        Tree::Object(members) => Tree::Object(members.into_iter().map(|(key, value)| (key, clean(value))).collect()),
        other => other,
    }
}

/// A schema as Mistral takes it in a tool: without the words that it refuses.
pub(crate) fn for_mistral(schema: &RawValue) -> String {
    match Tree::read(schema, &Path::Root) {
        Ok(tree) => plainer(tree).to_json(),
        Err(_) => schema.get().to_owned(),
    }
}

fn plainer(tree: Tree) -> Tree {
    match tree {
        Tree::Object(members) => {
            let is_refused = |key: &str, value: &Tree| match key {
                "$id" | "$schema" => matches!(value, Tree::Scalar(_)),
                "strict" => matches!(value, Tree::Scalar(word) if word == "true" || word == "false"),
                "additionalProperties" => *value == Tree::Scalar("false".to_owned()),
                _ => false,
            };
            let kept = members.into_iter().filter(|(key, value)| !is_refused(key, value));
            Tree::Object(kept.map(|(key, value)| (key, plainer(value))).collect())
        }
        Tree::Array(values) => Tree::Array(values.into_iter().map(plainer).collect()),
        scalar => scalar,
    }
}

/// Gemini's own way of writing schemas (`OBJECT`, `nullable`) as JSON Schema.
pub(crate) fn from_gemini(schema: &RawValue) -> Box<RawValue> {
    let converted = Tree::read(schema, &Path::Root).ok().map(|tree| plain(tree).to_json());
    converted.and_then(|json| RawValue::from_string(json).ok()).unwrap_or_else(|| schema.to_owned())
}

fn plain(tree: Tree) -> Tree {
    let Tree::Object(members) = tree else { return tree };
    let is_nullable = members.iter().any(|(key, value)| key == "nullable" && *value == Tree::Scalar("true".to_owned()));
    let members = members.into_iter().filter(|(key, _)| !matches!(key.as_str(), "nullable" | "propertyOrdering"));
    Tree::Object(
        members
            .map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("type", value) => match value.as_text().map(|kind| kind.to_ascii_lowercase()) {
                        Some(kind) if is_nullable => Tree::Array(vec![Tree::text(&kind), Tree::text("null")]),
                        Some(kind) => Tree::text(&kind),
                        None => value,
                    },
                    ("properties", Tree::Object(properties)) => {
                        Tree::Object(properties.into_iter().map(|(name, value)| (name, plain(value))).collect())
                    }
                    ("anyOf", Tree::Array(values)) => Tree::Array(values.into_iter().map(plain).collect()),
                    ("items", value) => plain(value),
                    // Whole numbers are text in this notation.
                    ("maxItems" | "minItems" | "maxLength" | "minLength" | "maxProperties" | "minProperties", value) => {
                        value.as_text().map_or(value, Tree::Scalar)
                    }
                    (_, value) => value,
                };
                (key, value)
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn what_cannot_be_enforced_is_said() {
        assert_eq!(
            for_anthropic(&raw(
                r#"{"type":"object","properties":{"pattern":{"type":"string","maxLength":9007199254740993,"description":"d"},"b":{"oneOf":[{"type":"number","minimum":1e308}]}},"required":["pattern"]}"#
            )),
            r#"{"type":"object","properties":{"pattern":{"type":"string","description":"d (maxLength: 9007199254740993)"},"b":{"anyOf":[{"type":"number","description":"minimum: 1e308"}]}},"required":["pattern"],"additionalProperties":false}"#
        );
    }

    #[test]
    fn objects_are_closed_however_they_are_told() {
        assert_eq!(
            for_anthropic(&raw(
                r#"{"type":["object","null"],"additionalProperties":{"type":"integer"},"not":{"a":1},"properties":{"p":{"properties":{}}}}"#
            )),
            r#"{"type":["object","null"],"properties":{"p":{"properties":{},"additionalProperties":false}},"additionalProperties":false,"description":"not: {\"a\":1}, additionalProperties: {\"type\":\"integer\"}"}"#
        );
    }

    #[test]
    fn mistral_gets_fewer_words() {
        assert_eq!(
            for_mistral(&raw(
                r#"{"$schema":"x","type":"object","properties":{"strict":{"type":"object","additionalProperties":false}},"additionalProperties":false}"#
            )),
            r#"{"type":"object","properties":{"strict":{"type":"object"}}}"#
        );
    }

    #[test]
    fn strict_needs_every_property_and_no_other() {
        assert!(is_openai_strict(&raw(
            r#"{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}"#
        )));
        assert!(!is_openai_strict(&raw(r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#)));
        assert!(!is_openai_strict(&raw(r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#)));
        assert!(!is_openai_strict(&raw(r#"{"type":"array","items":{}}"#)) && !is_openai_strict(&raw("{}")));
    }

    #[test]
    fn geminis_notation_becomes_json_schema() {
        let schema = r#"{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true},"n":{"type":"ARRAY","maxItems":"3","items":{"type":"INTEGER"}}},"propertyOrdering":["n"]}"#;
        assert_eq!(
            from_gemini(&raw(schema)).get(),
            r#"{"type":"object","properties":{"type":{"type":["string","null"]},"n":{"type":"array","maxItems":3,"items":{"type":"integer"}}}}"#
        );
    }
}
