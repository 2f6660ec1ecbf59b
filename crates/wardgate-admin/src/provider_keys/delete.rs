//! `DELETE /provider-keys/{id}`: forgets a credential.

use super::ProviderKeyBody;
use crate::app::App;
use crate::audit;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_store::Collection;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<ProviderKeyId>,
) -> Result<StatusCode, ApiError> {
    let tenant = app.deps.store.tenant(caller.account_id);
    let found: Option<ProviderKey> = tenant.get(id).await?;
    let before = found.map(|object| ProviderKeyBody::new(&app, object)).ok_or_else(|| ApiError::not_found("provider key"))?;
    let audit = audit::entry(&app, &caller, "provider_key.delete", id, Some(&before), None);
    let deleted = Collection::<ProviderKey>::delete(&*tenant, id, None, &audit).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("provider key")) }
}
