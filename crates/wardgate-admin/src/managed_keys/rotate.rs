//! `POST /managed-keys/{id}/rotate`: another credential under the same id, so that grants stay.

use super::{ManagedKeyBody, ManagedKeys};
use crate::body::{JsonObject, Problems};
use crate::context::Context;
use crate::error::ApiError;
use crate::path::PathId;
use crate::provider_keys::rotate::ProviderKeyRotation;
use crate::resource::{self, Resource as _, Writes};
use crate::route::{Access, Route};
use axum::http::StatusCode;
use axum::response::Response;
use wardgate_core::id::ManagedKeyId;
use wardgate_core::provider_key::ManagedKey;
use wardgate_core::secret::redact;

pub(super) fn route() -> Route {
    let summary = "Replaces the credential of a managed key; its id and grants stay.";
    Route::post(format!("{}/rotate", resource::item::<ManagedKeys>()), Access::Operator, handle)
        .path_id::<ManagedKeyId>()
        .named("rotateManagedKey", ManagedKeys::TAG, summary)
        .body::<ProviderKeyRotation>()
        .answers::<ManagedKeyBody>(200)
        .versioned()
}

async fn handle(context: Context, PathId(id): PathId<ManagedKeyId>, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<ProviderKeyRotation>(&mut problems);
    let wanted = problems.settle(read)?;
    let apply = |key: &mut ManagedKey, _: &mut Problems| {
        key.label.name = Some(wanted.name.clone());
        key.sealed_value = context.app.deps.master_key.seal_managed(id, &wanted.value, context.random());
        key.redacted = redact(wanted.value.expose());
        key.last_used_at = None;
    };
    let (key, shown) = resource::change::<ManagedKeys>(&context, id, "rotate", Writes::Always, apply).await?;
    Ok(resource::answer(StatusCode::OK, key.stamp.version, &shown))
}
