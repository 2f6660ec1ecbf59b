//! `GET /providers/{id}`.

use super::ProviderBody;
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::extract::State;
use axum::{Extension, Json};
use wardgate_core::id::CustomProviderId;
use wardgate_core::provider::CustomProvider;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<CustomProviderId>,
) -> Result<Json<ProviderBody>, ApiError> {
    let found: CustomProvider =
        app.deps.store.tenant(caller.account_id).get(id).await?.ok_or_else(|| ApiError::not_found("provider"))?;
    Ok(Json(ProviderBody::new(&app, found)))
}
