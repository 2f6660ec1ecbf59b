//! A tool's schema whose root says that it is an object and says it outright.
//!
//! Anthropic and Bedrock take neither a reference nor alternatives there. What a reference leads to takes its place; alternatives
//! that are objects become one that may have the members of each, and must have those that all of them must.

use super::super::fit::EMPTY_SCHEMA;
use crate::json::Path;
use crate::json::tree::Tree;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How many references are followed to the root.
const REFERENCES_MAX: usize = 8;

/// The words that alternatives stand under.
const ALTERNATIVES: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// The schema, byte for byte where its root is fine.
pub(crate) fn object_root(schema: &str) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Root<'s> {
        #[serde(borrow, rename = "type")]
        kind: Option<&'s RawValue>,
        #[serde(rename = "$ref")]
        reference: Option<serde::de::IgnoredAny>,
        #[serde(rename = "anyOf")]
        any: Option<serde::de::IgnoredAny>,
        #[serde(rename = "oneOf")]
        one: Option<serde::de::IgnoredAny>,
        #[serde(rename = "allOf")]
        all: Option<serde::de::IgnoredAny>,
    }
    let Ok(root) = serde_json::from_str::<Root<'_>>(schema) else { return EMPTY_SCHEMA.into() };
    let is_plain = root.reference.is_none() && root.any.is_none() && root.one.is_none() && root.all.is_none();
    match (root.kind.map(RawValue::get), schema.trim_start().strip_prefix('{')) {
        (Some("\"object\""), Some(_)) if is_plain => schema.into(),
        (None, Some(rest)) if is_plain && rest.trim_start().starts_with('}') => EMPTY_SCHEMA.into(),
        (None, Some(rest)) if is_plain => format!(r#"{{"type":"object",{rest}"#).into(),
        (_, Some(_)) => rebuilt(schema).map_or(EMPTY_SCHEMA.into(), Cow::Owned),
        (_, None) => EMPTY_SCHEMA.into(),
    }
}

fn rebuilt(schema: &str) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(schema).ok()?;
    let whole = Tree::read(raw, &Path::Root).ok()?;
    let mut root = followed(&whole, &whole)?;
    for word in ALTERNATIVES {
        let Some(Tree::Array(branches)) = take(&mut root, word) else { continue };
        let branches: Vec<_> =
            branches.iter().filter_map(|branch| followed(branch, &whole)).filter(|branch| is_object(branch)).collect();
        join(&mut root, &branches, word == "allOf");
    }
    let kind = ("type".to_owned(), Tree::text("object"));
    match root.iter_mut().find(|(key, _)| key == "type") {
        Some(found) => *found = kind,
        None => root.insert(0, kind),
    }
    Some(Tree::Object(root).to_json())
}

/// The members of a schema, with those of what it refers to.
fn followed(schema: &Tree, whole: &Tree) -> Option<Vec<(String, Tree)>> {
    let Tree::Object(members) = schema else { return None };
    let mut members = members.clone();
    for _ in 0..REFERENCES_MAX {
        let Some(reference) = take(&mut members, "$ref") else { return Some(members) };
        let path = reference.as_text()?;
        let target = path.strip_prefix("#/")?.split('/').try_fold(whole, |tree, key| tree.get(key))?;
        let Tree::Object(more) = target else { return None };
        for (key, value) in more {
            if !members.iter().any(|(known, _)| known == key) {
                members.push((key.clone(), value.clone()));
            }
        }
    }
    None
}

fn is_object(members: &[(String, Tree)]) -> bool {
    let has = |wanted: &str| members.iter().any(|(key, _)| key == wanted);
    let says = |(key, value): &(String, Tree)| key == "type" && value.as_text().as_deref() == Some("object");
    members.iter().any(says) || has("properties") && !has("type")
}

/// Adds the members of alternatives. Those that must be there are those of all of them together, or those that all have.
fn join(root: &mut Vec<(String, Tree)>, branches: &[Vec<(String, Tree)>], is_all: bool) {
    let mut properties = match take(root, "properties") {
        Some(Tree::Object(properties)) => properties,
        _ => Vec::new(),
    };
    let mut required = names(take(root, "required").as_ref());
    let mut of_branches: Option<Vec<Tree>> = None;
    for branch in branches {
        if let Some((_, Tree::Object(more))) = branch.iter().find(|(key, _)| key == "properties") {
            for (name, value) in more {
                if !properties.iter().any(|(known, _)| known == name) {
                    properties.push((name.clone(), value.clone()));
                }
            }
        }
        let own = names(branch.iter().find(|(key, _)| key == "required").map(|(_, value)| value));
        of_branches = Some(match of_branches {
            None => own,
            Some(before) if is_all => before.into_iter().chain(own).collect(),
            Some(before) => before.into_iter().filter(|name| own.contains(name)).collect(),
        });
    }
    for name in of_branches.unwrap_or_default() {
        if !required.contains(&name) {
            required.push(name);
        }
    }
    root.push(("properties".to_owned(), Tree::Object(properties)));
    if !required.is_empty() {
        root.push(("required".to_owned(), Tree::Array(required)));
    }
}

fn names(list: Option<&Tree>) -> Vec<Tree> {
    match list {
        Some(Tree::Array(names)) => names.clone(),
        _ => Vec::new(),
    }
}

fn take(members: &mut Vec<(String, Tree)>, key: &str) -> Option<Tree> {
    let at = members.iter().position(|(known, _)| known == key)?;
    Some(members.remove(at).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, expected: &str) {
        assert_eq!(object_root(schema), expected, "{schema}");
    }

    #[test]
    fn a_root_that_is_fine_stays_byte_for_byte() {
        let schema =
            r##"{ "type":"object", "properties":{"a":{"anyOf":[{"$ref":"#/$defs/x"}]}},"$defs":{"x":{"maximum":1e308}}}"##;
        check(schema, schema);
    }

    #[test]
    fn a_root_without_a_type_gets_one() {
        check("{}", EMPTY_SCHEMA);
        check(r#"{"properties":{"a":{}}}"#, r#"{"type":"object","properties":{"a":{}}}"#);
        check("true", EMPTY_SCHEMA);
        check(r#"{"type":["object","null"],"properties":{}}"#, r#"{"type":"object","properties":{}}"#);
    }

    #[test]
    fn a_reference_is_followed() {
        check(
            r##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"object","properties":{"a":{"$ref":"#/$defs/y"}}},"y":{"type":"string"}}}"##,
            r##"{"$defs":{"x":{"type":"object","properties":{"a":{"$ref":"#/$defs/y"}}},"y":{"type":"string"}},"type":"object","properties":{"a":{"$ref":"#/$defs/y"}}}"##,
        );
        // One that leads nowhere, or to itself.
        check(r##"{"$ref":"#/$defs/x"}"##, EMPTY_SCHEMA);
        check(r##"{"$ref":"#/$defs/x","$defs":{"x":{"$ref":"#/$defs/x"}}}"##, EMPTY_SCHEMA);
    }

    #[test]
    fn alternatives_become_one_object() {
        check(
            r#"{"anyOf":[{"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]},{"type":"object","properties":{"b":{},"c":{}},"required":["b"]},{"type":"null"}]}"#,
            r#"{"type":"object","properties":{"a":{},"b":{},"c":{}},"required":["b"]}"#,
        );
        check(
            r#"{"type":"object","properties":{"z":{}},"required":["z"],"allOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}]}"#,
            r#"{"type":"object","properties":{"z":{},"a":{},"b":{}},"required":["z","a","b"]}"#,
        );
    }
}
