//! `GET` on an item.

use super::{Resource, answer, not_found, show_one};
use crate::context::Context;
use crate::error::ApiError;
use crate::etag;
use crate::path::PathId;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use wardgate_store::{Collection, Kind};

pub(crate) async fn handle<R: Resource>(
    context: Context,
    PathId(id): PathId<<R::Object as Kind>::Id>,
) -> Result<Response, ApiError> {
    let object = found::<R>(&context, id).await?;
    let version = object.stamp().version;
    if context.preconditions.has(version) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag::value(version))]).into_response());
    }
    Ok(answer(StatusCode::OK, version, &show_one::<R>(&context, object).await?))
}

/// The object with this id.
pub(crate) async fn found<R: Resource>(context: &Context, id: <R::Object as Kind>::Id) -> Result<R::Object, ApiError> {
    let object: Option<R::Object> = Collection::get(&*R::collection(context)?, id).await?;
    object.ok_or_else(not_found::<R>)
}
