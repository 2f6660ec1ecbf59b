//! `DELETE /provider-keys/{id}`: forgets a credential.

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use wardgate_core::id::ProviderKeyId;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ProviderKeyId>,
) -> Result<StatusCode, ApiError> {
    let deleted = app.deps.store.tenant(caller.account_id).delete_provider_key(id).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("provider key")) }
}
