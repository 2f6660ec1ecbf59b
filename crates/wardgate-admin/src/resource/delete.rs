//! `DELETE` on an item.

use super::{Resource, found, not_found, show_one};
use crate::context::Context;
use crate::error::ApiError;
use crate::etag;
use crate::path::PathId;
use axum::http::StatusCode;
use wardgate_store::{Collection, Kind, StoreError};

/// How often a deletion is tried anew because someone made a change in between, which the audit log is to show.
const TRIES_MAX: usize = 5;

pub(crate) async fn handle<R: Resource>(
    context: Context,
    PathId(id): PathId<<R::Object as Kind>::Id>,
) -> Result<StatusCode, ApiError> {
    delete::<R>(&context, id).await
}

/// Deletes the version that is there, so that the audit log shows what was deleted.
pub(crate) async fn delete<R: Resource>(context: &Context, id: <R::Object as Kind>::Id) -> Result<StatusCode, ApiError> {
    for _ in 0..TRIES_MAX {
        let object = found::<R>(context, id).await?;
        let version = object.stamp().version;
        context.preconditions.check(version)?;
        let before = show_one::<R>(context, object).await?;
        let audit = context.audit(R::owner(context), format!("{}.delete", R::ACTION), id, Some(&before), None);
        match Collection::<R::Object>::delete(&*R::collection(context)?, id, Some(version), &audit).await {
            Ok(true) => return Ok(StatusCode::NO_CONTENT),
            Ok(false) => return Err(not_found::<R>()),
            Err(StoreError::Changed { .. }) if context.preconditions.names_a_version() => return Err(etag::changed()),
            Err(StoreError::Changed { .. }) => {}
            Err(error) => return Err(R::CODES.error(error)),
        }
    }
    Err(StoreError::Changed { what: format!("the {}", R::Object::NAME) }.into())
}
