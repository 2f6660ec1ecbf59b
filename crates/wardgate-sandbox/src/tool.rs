//! Tools that are offered, and arguments that fit them.

use serde_json::{Map, Value, json};

/// How deep arguments nest: a schema may describe itself.
const DEPTH_MAX: usize = 8;
/// How many bytes a streamed fragment of arguments has at most.
const FRAGMENT_BYTES_MAX: usize = 8;

/// A tool that may be called.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The tool's name.
    pub(crate) name: String,
    /// The JSON schema of its arguments.
    pub(crate) schema: Value,
}

/// The smallest arguments that satisfy a schema's required properties, as text.
pub(crate) fn arguments(schema: &Value) -> String {
    object(schema, 0).to_string()
}

/// Arguments with which a tool of this schema runs a command; none when it takes no command.
pub(crate) fn command(schema: &Value, command: &str) -> Option<String> {
    let (name, property) = ["command", "cmd"].into_iter().find_map(|name| Some((name, schema["properties"].get(name)?)))?;
    let mut arguments = object(schema, 0);
    arguments[name] = if property["type"] == "array" { json!(["sh", "-c", command]) } else { json!(command) };
    Some(arguments.to_string())
}

/// The arguments in the fragments in which they are streamed: two at least, so that whoever joins them has to.
pub(crate) fn fragments(arguments: &str) -> Vec<String> {
    let bytes_max = FRAGMENT_BYTES_MAX.min(arguments.len().div_ceil(2)).max(1);
    let mut fragments = vec![String::new()];
    for character in arguments.chars() {
        match fragments.last_mut() {
            Some(last) if last.len() + character.len_utf8() <= bytes_max || last.is_empty() => last.push(character),
            _ => fragments.push(character.to_string()),
        }
    }
    fragments
}

fn object(schema: &Value, depth: usize) -> Value {
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members =
        required.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), value(&schema["properties"][name], depth + 1)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn value(schema: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    for given in [&schema["const"], &schema["default"], &schema["enum"][0]] {
        if !given.is_null() {
            return given.clone();
        }
    }
    for choice in [&schema["anyOf"][0], &schema["oneOf"][0]] {
        if !choice.is_null() {
            return value(choice, depth + 1);
        }
    }
    match schema["type"].as_str().or_else(|| schema["type"][0].as_str()) {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") if schema["minItems"].as_u64().unwrap_or(0) == 0 => json!([]),
        Some("array") => json!([value(&schema["items"], depth + 1)]),
        Some("object") => object(schema, depth),
        Some("null") => Value::Null,
        _ => json!("sandbox"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_hold_what_is_required_and_nothing_else() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 3},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "where": {"type": "object", "properties": {"x": {"type": ["number", "null"]}}, "required": ["x"]},
                "note": {"type": "string"},
            },
            "required": ["city", "days", "unit", "where"],
        });
        assert_eq!(arguments(&schema), r#"{"city":"sandbox","days":3,"unit":"celsius","where":{"x":1}}"#);
        assert_eq!(arguments(&Value::Null), "{}");
    }

    #[test]
    fn a_schema_without_an_end_has_arguments_with_one() {
        let mut schema = json!({"type": "string"});
        for _ in 0..40 {
            schema = json!({"type": "object", "properties": {"next": schema}, "required": ["next"]});
        }
        assert!(arguments(&schema).contains("null"));
    }

    #[test]
    fn fragments_join_to_the_whole() {
        for whole in ["{}", r#"{"city":"sandbox"}"#, r#"{"ort":"Zürich °°°°°°°°"}"#] {
            let fragments = fragments(whole);
            assert!(fragments.len() >= 2, "{fragments:?}");
            assert_eq!(fragments.concat(), whole);
        }
    }
}
