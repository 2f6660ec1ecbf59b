//! `DELETE /operator-keys/{id}`. The last key that is served stays: without it nobody could make another one through this API.

use super::OperatorKeys;
use crate::context::Context;
use crate::error::ApiError;
use crate::path::PathId;
use crate::resource::{self, Resource as _};
use crate::route::{Access, Route};
use axum::http::StatusCode;
use wardgate_core::api_key::OperatorKey;
use wardgate_core::id::OperatorKeyId;
use wardgate_store::kinds::NameFilter;
use wardgate_store::{Listed, Page};

pub(super) fn route() -> Route {
    Route::delete(resource::item::<OperatorKeys>(), Access::Operator, handle)
        .path_id::<OperatorKeyId>()
        .named("deleteOperatorKey", OperatorKeys::TAG, "Deletes one operator key, unless it is the last one.")
        .answers_nothing()
        .versioned()
}

async fn handle(context: Context, PathId(id): PathId<OperatorKeyId>) -> Result<StatusCode, ApiError> {
    resource::found::<OperatorKeys>(&context, id).await?;
    if !is_another_served(&context, id).await? {
        let msg = "This is the last operator key that is served. Make another one first.";
        return Err(ApiError::new(StatusCode::CONFLICT, "last_operator_key", msg));
    }
    resource::delete::delete::<OperatorKeys>(&context, id).await
}

/// Whether another key than this one is served now.
async fn is_another_served(context: &Context, id: OperatorKeyId) -> Result<bool, ApiError> {
    let mut page = Page::first();
    loop {
        let listed: Listed<OperatorKey> = OperatorKeys::collection(context)?.list(&NameFilter::default(), page).await?;
        let is_served = |key: &OperatorKey| key.expires_at.is_none_or(|end| context.now() < end);
        if listed.items.iter().any(|key| key.id != id && is_served(key)) {
            return Ok(true);
        }
        page.before = listed.items.last().map(|key| key.id);
        if !listed.has_more {
            return Ok(false);
        }
    }
}
