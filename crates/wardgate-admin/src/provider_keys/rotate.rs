//! `POST /provider-keys/{id}/rotate`: another credential under the same id, so that configurations keep working.

use super::create::NAME;
use super::value::Credential;
use super::{ProviderKeyBody, ProviderKeys};
use crate::body::{JsonObject, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::path::PathId;
use crate::resource::{self, Writes};
use crate::route::{Access, Route};
use axum::http::StatusCode;
use axum::response::Response;
use wardgate_core::api_key::Role;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::secret::{Secret, redact};

body! {
    /// What replaces a credential.
    ProviderKeyRotation {
        /// A name for people, in place of the present one.
        name: String = Required(NAME),
        /// The credential.
        value: Secret = Required(Credential),
    }
    example {"name": "production, second half of the year", "value": "sk-your-new-key"}
}

pub(super) fn route() -> Route {
    let summary = "Replaces the credential of a provider key; its id stays.";
    Route::post(format!("{}/rotate", resource::item::<ProviderKeys>()), Access::Account(Role::Editor), handle)
        .path_id::<ProviderKeyId>()
        .named("rotateProviderKey", "Provider keys", summary)
        .body::<ProviderKeyRotation>()
        .answers::<ProviderKeyBody>(200)
        .versioned()
}

async fn handle(context: Context, PathId(id): PathId<ProviderKeyId>, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<ProviderKeyRotation>(&mut problems);
    let wanted = problems.settle(read)?;
    let data_key = context.app.data_key(context.account_id()?).await?;
    let apply = |key: &mut ProviderKey, _: &mut Problems| {
        key.label.name = Some(wanted.name.clone());
        key.sealed_value = data_key.seal(id, &wanted.value, context.random());
        key.redacted = redact(wanted.value.expose());
        key.last_used_at = None;
    };
    let (key, shown) = resource::change::<ProviderKeys>(&context, id, "rotate", Writes::Always, apply).await?;
    Ok(resource::answer(StatusCode::OK, key.stamp.version, &shown))
}
