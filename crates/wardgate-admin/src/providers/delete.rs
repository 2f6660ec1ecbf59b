//! `DELETE /providers/{id}`: removes an upstream that nothing refers to.

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use wardgate_core::id::CustomProviderId;
use wardgate_store::StoreError;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<CustomProviderId>,
) -> Result<StatusCode, ApiError> {
    match app.deps.store.tenant(caller.account_id).delete_provider(id).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(ApiError::not_found("provider")),
        Err(error @ StoreError::Referenced { .. }) => Err(ApiError::from(error).known_as(Some("ERR_NGROK_27710"))),
        Err(error) => Err(error.into()),
    }
}
