//! `DELETE /access-keys/{id}`: ends a key for good.

use super::AccessKeyBody;
use crate::app::App;
use crate::audit;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::path::PathId;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::AccessKeyId;
use wardgate_store::Collection;

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<AccessKeyId>,
) -> Result<StatusCode, ApiError> {
    let tenant = app.deps.store.tenant(caller.account_id);
    let found: Option<AccessKey> = tenant.get(id).await?;
    let before = found.map(|object| AccessKeyBody::new(&app, object, None)).ok_or_else(|| ApiError::not_found("access key"))?;
    let audit = audit::entry(&app, &caller, "access_key.delete", id, Some(&before), None);
    let revoked = Collection::<AccessKey>::delete(&*tenant, id, None, &audit).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("access key")) }
}
