//! A body as it comes in.

use super::{Body, Fields, Problems};
use crate::app::App;
use crate::error::ApiError;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};
use std::error::Error as _;

/// A request body that is a JSON object.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl JsonObject {
    /// Reads a body of this form. `None` when there is a problem.
    pub(crate) fn read<B: Body>(self, problems: &mut Problems) -> Option<B> {
        let mut fields = Fields::new(String::new(), self.0);
        let read = B::read(&mut fields, problems);
        fields.finish(problems);
        read
    }
}

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
        let bytes = read_bytes(request.into_body(), app.deps.options.body_bytes_max).await?;
        if bytes.is_empty() {
            return Err(ApiError::bad_request("not_json", "The body is empty, and must be a JSON object."));
        }
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

/// All bytes of a body, if they are not too many.
pub(crate) async fn read_bytes(body: axum::body::Body, bytes_max: usize) -> Result<axum::body::Bytes, ApiError> {
    to_bytes(body, bytes_max).await.map_err(|error| {
        if error.source().is_some_and(<dyn std::error::Error>::is::<LengthLimitError>) {
            let msg = format!("The body is longer than {bytes_max} bytes.");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", msg)
        } else {
            ApiError::bad_request("body_incomplete", "The body ended early.")
        }
    })
}
