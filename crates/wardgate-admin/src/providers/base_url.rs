//! A base URL as a field of a body.

use crate::body::{Problems, Rule, Text};
use serde_json::{Value, json};
use wardgate_model::base_url;

/// Such a field.
#[derive(Clone, Copy)]
pub(super) struct BaseUrl {
    /// Whether it must not be empty.
    pub(super) is_required: bool,
}

const TEXT: Text = Text::max(2_048).too_long("ERR_NGROK_27703");
const MISSING: Option<&str> = Some("ERR_NGROK_27704");

impl Rule for BaseUrl {
    type Value = String;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<String> {
        let text = if self.is_required { TEXT.filled(MISSING) } else { TEXT };
        let text = text.read(path, value, problems)?;
        let Some(why) = base_url::problem(&text) else { return Some(text) };
        problems.add(path, "bad_base_url", None, why);
        None
    }

    fn schema(&self) -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": 2_048, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^#@]+$"})
    }

    fn missing_code(&self) -> Option<&'static str> {
        MISSING
    }
}
