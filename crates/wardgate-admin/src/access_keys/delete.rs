//! `DELETE /access-keys/{id}`: ends a key for good.

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use wardgate_core::id::AccessKeyId;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<AccessKeyId>,
) -> Result<StatusCode, ApiError> {
    let revoked = app.deps.store.tenant(caller.account_id).revoke_access_key(id, app.now()).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("access key")) }
}
