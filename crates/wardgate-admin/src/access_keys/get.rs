//! `GET /access-keys/{id}`.

use super::AccessKeyBody;
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::extract::State;
use axum::{Extension, Json};
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::AccessKeyId;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<AccessKeyId>,
) -> Result<Json<AccessKeyBody>, ApiError> {
    let found: AccessKey =
        app.deps.store.tenant(caller.account_id).get(id).await?.ok_or_else(|| ApiError::not_found("access key"))?;
    Ok(Json(AccessKeyBody::new(&app, found, None)))
}
