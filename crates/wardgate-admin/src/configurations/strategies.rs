//! What the API's description says of strategies. What they mean is `wardgate-policy`'s to know.

use serde_json::{Value, json};
use wardgate_policy::configuration::{FALLBACK_MODELS_MAX, FORMULAS_MAX, MESSAGE_CHARACTERS_MAX, PARAMETERS_MAX};
use wardgate_policy::expression::SOURCE_BYTES_MAX;

fn expression(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": SOURCE_BYTES_MAX, "description": description})
}

/// The schema of `admit`.
pub(super) fn admit() -> Value {
    let one = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["expression"],
        "properties": {
            "expression": expression("True of every request that is admitted."),
            "message": {
                "type": "string",
                "minLength": 1,
                "maxLength": MESSAGE_CHARACTERS_MAX,
                "description": "What the client of another request is told.",
            },
        },
    });
    json!({"type": "array", "items": one, "maxItems": FORMULAS_MAX})
}

/// The schema of `model_selection`, and of `key_selection`.
pub(super) fn selection(is_of_models: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "strategy": {
                "type": "array",
                "items": expression("What is tried, in order; the first expression that gives something decides."),
                "maxItems": FORMULAS_MAX,
            },
            "on_error": {
                "type": "string",
                "enum": ["halt", "continue"],
                "description": "When none gives anything and one cannot be worked out: refuse, or go on without strategies.",
            },
        },
    });
    if is_of_models {
        schema["properties"]["fallback_models"] = json!({
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 511},
            "maxItems": FALLBACK_MODELS_MAX,
            "description": "Models that are considered behind those that the client names.",
        });
    }
    schema
}

/// The schema of `transform`.
pub(super) fn transform() -> Value {
    let parameters = |what: &str| json!({"type": "object", "additionalProperties": true, "description": what});
    let one = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "when": expression("True of every call that is changed; without it, all are."),
            "set": parameters("Parameters that get these values, whatever the client wrote."),
            "default": parameters("Parameters that get these values where the client wrote none."),
            "cap": parameters("Parameters that get these numbers where the client wrote larger ones."),
            "remove": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}, "maxItems": PARAMETERS_MAX},
            "max_output_tokens": {"type": "integer", "minimum": 1, "description": "The most tokens of an answer."},
        },
    });
    json!({"type": "array", "items": one, "maxItems": FORMULAS_MAX})
}
