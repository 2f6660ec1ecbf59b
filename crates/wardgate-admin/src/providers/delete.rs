//! `DELETE /providers/{id}`: removes an upstream that nothing refers to.

use super::ProviderBody;
use crate::app::App;
use crate::audit;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use wardgate_core::id::CustomProviderId;
use wardgate_core::provider::CustomProvider;
use wardgate_store::{Collection, StoreError};

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<CustomProviderId>,
) -> Result<StatusCode, ApiError> {
    let tenant = app.deps.store.tenant(caller.account_id);
    let found: Option<CustomProvider> = tenant.get(id).await?;
    let before = found.map(|object| ProviderBody::new(&app, object)).ok_or_else(|| ApiError::not_found("provider"))?;
    let audit = audit::entry(&app, &caller, "provider.delete", id, Some(&before), None);
    match Collection::<CustomProvider>::delete(&*tenant, id, None, &audit).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(ApiError::not_found("provider")),
        Err(error @ StoreError::Referenced { .. }) => Err(ApiError::from(error).known_as(Some("ERR_NGROK_27710"))),
        Err(error) => Err(error.into()),
    }
}
