//! The credential itself, as a field of a body.

use crate::body::{Problems, Rule, Text};
use serde_json::{Value, json};
use wardgate_core::secret::Secret;

/// A credential at a provider. It will stand in a header. It is refused rather than trimmed: a line break in it means that more
/// than the key was copied, and only the person knows what. The keys of clouds are a JSON object of several texts, whose white
/// space means nothing.
#[derive(Clone, Copy)]
pub(crate) struct Credential;

const TEXT: Text = Text::max(8_192).filled(Some("ERR_NGROK_27507"));

impl Rule for Credential {
    type Value = Secret;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<Secret> {
        let secret = Secret::new(TEXT.read(path, value, problems)?);
        let value = secret.expose();
        if value.trim_start().starts_with('{') {
            let Ok(Value::Object(fields)) = serde_json::from_str(value) else {
                problems.add(
                    path,
                    "value_not_json",
                    None,
                    "begins like a JSON object and cannot be read as one: was it cut off?",
                );
                return None;
            };
            return Some(Secret::new(Value::Object(fields).to_string()));
        }
        let why = if value.starts_with(' ') || value.ends_with(' ') {
            "begins or ends with a space: remove it"
        } else if value.bytes().any(|byte| !matches!(byte, b' '..=b'~')) {
            "must consist of printable ASCII characters: remove line breaks and quotes that came with the copy"
        } else {
            return Some(secret);
        };
        problems.add(path, "value_not_printable", None, why);
        None
    }

    fn schema(&self) -> Value {
        let pattern = "^([!-~]([ -~]*[!-~])?|\\s*\\{[^\\u0000]*\\}\\s*)$";
        json!({"type": "string", "minLength": 1, "maxLength": 8_192, "pattern": pattern, "writeOnly": true})
    }

    fn missing_code(&self) -> Option<&'static str> {
        TEXT.missing_code()
    }
}
