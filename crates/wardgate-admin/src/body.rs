//! Request bodies: JSON objects whose every field is known.
//!
//! A body is declared once, with the macro [`body!`]: its fields, what each must be, and what it is read as. From that come
//! the reading, with all problems told at once under the paths of their fields, and the schema in the API's description. A
//! field that nobody declared is a problem too: a misspelled limit that is passed over in silence is worse than none.

mod fields;
pub(crate) mod json;
mod presence;
mod problems;
mod rule;

pub(crate) use fields::Fields;
pub(crate) use json::JsonObject;
pub(crate) use presence::{Change, Kept, Nullable, Optional, Presence, Required};
pub(crate) use problems::Problems;
pub(crate) use rule::{Entries, Flag, Integer, Items, Nested, OneOf, Parsed, Raw, Rule, Text};

use serde_json::{Map, Value, json};

/// An object that is read from a body, or is part of one.
pub(crate) trait Body: Sized + Send + Sync + 'static {
    /// Its name in the API's description.
    const NAME: &'static str;

    /// Reads all declared fields. `None` when there is a problem.
    fn read(fields: &mut Fields, problems: &mut Problems) -> Option<Self>;

    /// What it must be, as JSON Schema.
    fn schema() -> Value;

    /// One that is accepted.
    fn example() -> Value;
}

/// Declares a body: `name: type = rule,` for each field, where the rule says whether it must be there ([`Required`],
/// [`Optional`]; [`Nullable`] and [`Kept`] in changes).
macro_rules! body {
    (
        $(#[doc = $doc:literal])+
        $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty = $rule:expr,)*
        }
        example $example:tt
    ) => {
        $(#[doc = $doc])+
        pub(crate) struct $name {
            $($(#[doc = $field_doc])+ pub(crate) $field: $type,)*
        }

        impl $crate::body::Body for $name {
            const NAME: &'static str = stringify!($name);

            fn read(fields: &mut $crate::body::Fields, problems: &mut $crate::body::Problems) -> Option<Self> {
                $(let $field = fields.take(stringify!($field), &$rule, problems);)*
                Some(Self { $($field: $field?,)* })
            }

            fn schema() -> serde_json::Value {
                let fields = [$($crate::body::described(stringify!($field), concat!($($field_doc),+), &$rule),)*];
                $crate::body::object_schema(concat!($($doc),+), fields)
            }

            fn example() -> serde_json::Value {
                serde_json::json!($example)
            }
        }
    };
}
pub(crate) use body;

/// Fields that are written as they are called here, since the product that they come from writes them so.
const AS_CALLED: [&str; 2] = ["model_selection", "key_selection"];

/// A field's name as it is written in JSON: `accessKeyId` for `access_key_id`.
pub(crate) fn camel(name: &str) -> String {
    if AS_CALLED.contains(&name) {
        return name.to_owned();
    }
    let mut words = name.trim_start_matches("r#").split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut characters = word.chars();
        text.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(characters.as_str());
    }
    text
}

/// A described field: its name, its schema, and whether it is required. For the macro.
pub(crate) fn described(name: &str, doc: &str, rule: &impl Presence) -> (String, Value, bool) {
    let mut schema = rule.schema();
    schema["description"] = json!(doc.trim());
    (camel(name), schema, rule.is_required())
}

/// The schema of an object with these fields and no others. For the macro.
pub(crate) fn object_schema<const COUNT: usize>(doc: &str, fields: [(String, Value, bool); COUNT]) -> Value {
    let required: Vec<&str> = fields.iter().filter(|(.., is_required)| *is_required).map(|(name, ..)| name.as_str()).collect();
    let mut schema = json!({"type": "object", "description": doc.trim(), "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["properties"] = fields.into_iter().map(|(name, schema, _)| (name, schema)).collect::<Map<_, _>>().into();
    schema
}
