//! The JSON Schema of a document, for editors.

use super::section::DOCUMENT;
use super::shape::{Absent, Fields, Shape};
use serde_json::{Map, Value, json};

/// The schema, made from what reading checks.
pub(crate) fn json_schema() -> Value {
    let mut schema = object(&DOCUMENT);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "What a Wardgate gateway and its accounts have".into();
    schema
}

fn object(fields: &Fields) -> Value {
    let mut properties = Map::new();
    for field in fields.0 {
        let mut schema = shape(&field.shape);
        schema["description"] = field.about.into();
        match field.absent {
            Absent::Mistake => {}
            Absent::Text(text) => schema["default"] = text.into(),
            Absent::False => schema["default"] = false.into(),
            Absent::Empty | Absent::Unset => nullable(&mut schema),
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<&str> = fields.0.iter().filter(|field| field.absent == Absent::Mistake).map(|field| field.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text { min: 0, max } => json!({"type": "string", "maxLength": max}),
        Shape::Text { min, max } => json!({"type": "string", "minLength": min, "maxLength": max}),
        Shape::Word(words) => json!({"type": "string", "enum": words}),
        Shape::Number => json!({"type": "integer", "minimum": 0}),
        Shape::Count => json!({"type": "integer", "minimum": 1}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Instant => json!({"type": "string", "format": "date-time"}),
        Shape::Length | Shape::Network | Shape::Dollars => json!({"type": "string"}),
        Shape::List(item, max) => json!({"type": "array", "items": self::shape(item), "maxItems": max}),
        Shape::Object(fields) => object(fields),
        Shape::Values => json!({"type": "object", "additionalProperties": true}),
    }
}

fn nullable(schema: &mut Value) {
    let kind = schema["type"].take();
    schema["type"] = json!([kind, "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_for_editors_is_that_of_this_version() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/document.schema.json");
        expect_test::expect_file![path].assert_eq(&format!("{:#}\n", super::json_schema()));
    }
}
