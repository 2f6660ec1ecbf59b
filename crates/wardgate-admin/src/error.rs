//! Every error that this API answers, and its one shape.
//!
//! `errorCode` is the code that clients of the API we are compatible with look for, where it has one for the case.
//! `details.code` is ours: a word that is always there and never changes its meaning. The text is for people, and no text
//! holds a credential or a part of one.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use wardgate_store::StoreError;

/// An answer other than success.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    error_code: Option<&'static str>,
    msg: String,
    details: BTreeMap<String, String>,
    /// Boxed because most errors have none and every result would be the larger for it.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// What went wrong, why, and what to do about it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Error")]
pub(crate) struct ErrorBody {
    /// The code that clients of ngrok's AI Gateway know, where that has one for the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    /// The HTTP status.
    status_code: u16,
    /// For people.
    msg: String,
    /// `code` is a stable word for the case. For a body or query that is refused, there is an entry for each field with a problem.
    details: BTreeMap<String, String>,
}

impl ApiError {
    /// An error with our word for it and a text.
    pub(crate) fn new(status: StatusCode, code: impl Into<String>, msg: impl Into<String>) -> Self {
        let details = BTreeMap::from([("code".to_owned(), code.into())]);
        Self { status, error_code: None, msg: msg.into(), details, header: None }
    }

    /// With the code that the API we are compatible with has for it.
    pub(crate) fn known_as(mut self, error_code: Option<&'static str>) -> Self {
        self.error_code = error_code;
        self
    }

    /// With something more to say of a field.
    pub(crate) fn detail(mut self, key: String, value: String) -> Self {
        self.details.insert(key, value);
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    pub(crate) fn bad_request(code: impl Into<String>, msg: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, msg)
    }

    pub(crate) fn unauthorized(code: &'static str, msg: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, msg).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// It is not there, or is another account's, which is the same to the one who asks.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no {what} with this id."))
            .known_as(Some("ERR_NGROK_27611"))
    }

    /// The hashing lane is full.
    pub(crate) fn busy() -> Self {
        Self::temporary("busy", "Too many keys are being checked at this moment. Try again in a second.")
    }

    fn temporary(code: &'static str, msg: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, msg).with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// A defect of ours or of what is stored. The cause goes to the log only.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, "a management request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong inside the gateway; its log says what.")
    }
}

/// What a store's error means where the endpoint has nothing more precise to say.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the store does not answer a management request");
                Self::temporary("store_unavailable", "The gateway's database does not answer. Try again in a second.")
            }
            StoreError::Conflict { .. } => {
                let msg = format!("{} Choose another name, or change the one that is there.", sentence(&error));
                Self::new(StatusCode::CONFLICT, "already_exists", msg).known_as(Some("ERR_NGROK_27607"))
            }
            StoreError::Full { .. } => Self::new(StatusCode::CONFLICT, "limit_reached", sentence(&error)),
            StoreError::Referenced { .. } => {
                let msg = format!("{} Change or delete that first.", sentence(&error));
                Self::new(StatusCode::CONFLICT, "in_use", msg).known_as(Some("ERR_NGROK_27615"))
            }
            StoreError::Changed { .. } => Self::new(StatusCode::CONFLICT, "changed_meanwhile", sentence(&error)),
            // What the request names was looked for before, so someone deleted it in between.
            StoreError::NotInAccount { .. } => Self::new(StatusCode::CONFLICT, "reference_gone", sentence(&error)),
            StoreError::Corrupt { .. } => Self::internal(&error),
        }
    }
}

fn sentence(error: &StoreError) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body =
            ErrorBody { error_code: self.error_code, status_code: self.status.as_u16(), msg: self.msg, details: self.details };
        let mut response = (self.status, Json(body)).into_response();
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
