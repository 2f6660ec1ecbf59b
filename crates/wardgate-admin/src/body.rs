//! Reading request bodies: JSON objects whose every field is known.
//!
//! All problems of a body are told at once, each under the path of its field. A field that nobody read is a problem too: a
//! misspelled limit that is passed over in silence is worse than none.

use crate::app::App;
use crate::error::ApiError;
use crate::text::TextRule;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};
use std::error::Error as _;

/// The most problems that one answer names.
const PROBLEMS_MAX: usize = 50;

/// A request body that is a JSON object.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl FromRequest<App> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let content_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            let msg = "Send the body as JSON, with the header Content-Type: application/json.";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", msg));
        }
        let bytes_max = app.deps.options.body_bytes_max;
        let bytes = to_bytes(request.into_body(), bytes_max).await.map_err(|error| {
            if error.source().is_some_and(<dyn std::error::Error>::is::<LengthLimitError>) {
                let msg = format!("The body is longer than {bytes_max} bytes.");
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", msg)
            } else {
                ApiError::bad_request("body_incomplete", "The body ended early.")
            }
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err(ApiError::bad_request("not_an_object", "The body must be a JSON object.")),
            // The position is said and the text is not: it may hold a credential.
            Err(error) => Err(ApiError::bad_request(
                "not_json",
                format!("The body is not JSON: line {}, column {}.", error.line(), error.column()),
            )),
        }
    }
}

/// What is wrong with a body.
#[derive(Default)]
pub(crate) struct Problems(Vec<Problem>);

struct Problem {
    path: String,
    code: &'static str,
    error_code: Option<&'static str>,
    why: String,
}

impl Problems {
    /// Adds one: our word, the code of the API we are compatible with, and the reason with what to do about it.
    pub(crate) fn add(&mut self, path: String, code: &'static str, error_code: Option<&'static str>, why: impl Into<String>) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(Problem { path, code, error_code, why: why.into() });
        }
    }

    /// An error that tells them all, if there are any. The first one gives the codes.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        let Some(first) = self.0.first() else { return Ok(()) };
        let msg = match self.0.len() {
            1 => format!("{}: {}.", first.path, first.why),
            count => format!("{}: {}. The body has {} more; see details.", first.path, first.why, problems(count - 1)),
        };
        let mut error = ApiError::bad_request(first.code, msg).known_as(first.error_code);
        for problem in self.0 {
            // `code` is taken.
            let key = if problem.path == "code" { "body.code".to_owned() } else { problem.path };
            error = error.detail(key, problem.why);
        }
        Err(error)
    }
}

fn problems(count: usize) -> String {
    if count == 1 { "problem".to_owned() } else { format!("{count} problems") }
}

/// The fields of an object that are not read yet.
pub(crate) struct Fields {
    path: String,
    unread: Map<String, Value>,
}

impl Fields {
    /// The fields of a body.
    pub(crate) fn of_body(JsonObject(unread): JsonObject) -> Self {
        Self { path: String::new(), unread }
    }

    /// The fields of an object inside a body.
    pub(crate) fn of_item(path: String, value: Value, problems: &mut Problems) -> Option<Self> {
        match value {
            Value::Object(unread) => Some(Self { path, unread }),
            _ => {
                problems.add(path, "wrong_type", None, "must be an object");
                None
            }
        }
    }

    /// The path of a field, as problems name it.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A text that keeps its rule. `None` when it is absent or a problem.
    pub(crate) fn text(&mut self, rule: &TextRule, problems: &mut Problems) -> Option<String> {
        let text = match self.unread.remove(rule.name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                problems.add(self.path(rule.name), "wrong_type", None, "must be a string");
                return None;
            }
        };
        match rule.check(text.as_deref()) {
            Ok(()) => text,
            Err(broken) => {
                problems.add(self.path(rule.name), broken.code, broken.error_code, broken.why);
                None
            }
        }
    }

    /// A list of at most so many items. Empty when it is absent or a problem.
    pub(crate) fn list(&mut self, name: &str, items_max: usize, problems: &mut Problems) -> Vec<Value> {
        match self.unread.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) if items.len() <= items_max => items,
            Some(Value::Array(_)) => {
                problems.add(self.path(name), "too_many_items", None, format!("must hold at most {items_max} items"));
                Vec::new()
            }
            Some(_) => {
                problems.add(self.path(name), "wrong_type", None, "must be a list");
                Vec::new()
            }
        }
    }

    /// A field of the API we are compatible with that does nothing here yet. It must be absent, null or empty.
    pub(crate) fn unsupported(&mut self, name: &str, problems: &mut Problems) {
        let empty = match self.unread.remove(name) {
            None | Some(Value::Null) => true,
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        if !empty {
            problems.add(self.path(name), "not_supported", None, "is not supported yet: leave it out");
        }
    }

    /// Makes a problem of every field that nobody read.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for name in self.unread.keys() {
            let shown: String = name.chars().take(64).collect();
            problems.add(self.path(&shown), "unknown_field", None, "is not a field of this resource: check its spelling");
        }
    }
}
