//! `GET /provider-keys/{id}`.

use super::ProviderKeyBody;
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::extract::State;
use axum::{Extension, Json};
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ProviderKeyId>,
) -> Result<Json<ProviderKeyBody>, ApiError> {
    let found: ProviderKey =
        app.deps.store.tenant(caller.account_id).get(id).await?.ok_or_else(|| ApiError::not_found("provider key"))?;
    Ok(Json(ProviderKeyBody::new(&app, found)))
}
