//! Ids in paths.

use crate::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use std::str::FromStr;

/// The only id in a path. What is no id of this kind names nothing, so it is not found rather than malformed.
pub(crate) struct PathId<Id>(pub(crate) Id);

/// The two ids in a path.
pub(crate) struct PathIds<First, Second>(pub(crate) First, pub(crate) Second);

impl<Id: FromStr, S: Send + Sync> FromRequestParts<S> for PathId<Id> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        parse(&text).map(Self)
    }
}

impl<First: FromStr, Second: FromStr, S: Send + Sync> FromRequestParts<S> for PathIds<First, Second> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((first, second)) =
            Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        Ok(Self(parse(&first)?, parse(&second)?))
    }
}

fn parse<Id: FromStr>(text: &str) -> Result<Id, ApiError> {
    text.parse().map_err(|_| not_found())
}

fn not_found() -> ApiError {
    ApiError::not_found("object")
}
