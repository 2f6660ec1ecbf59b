//! `POST /api-keys`: makes a key and shows its token, this once.

use super::{ApiKeyBody, ApiKeys};
use crate::body::{OneOf, Optional, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::text::{DESCRIPTION, METADATA, NAME};
use crate::values;
use axum::http::StatusCode;
use wardgate_core::api_key::{ApiKey, Role};
use wardgate_core::id::ApiKeyId;
use wardgate_core::label::Label;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;

/// The roles, by name.
pub(super) fn role() -> OneOf<Role> {
    OneOf::new(Role::ALL.map(|role| (role.name(), role)), "unknown_role")
}

body! {
    /// What makes an API key.
    ApiKeyCreate {
        /// A name for people.
        name: Option<String> = Optional(NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// What it may do: a viewer reads, an editor does everything but manage API keys, an admin does everything; without it,
        /// admin.
        role: Option<Role> = Optional(role()),
        /// From when on it is refused; without it, never.
        expires_at: Option<Timestamp> = Optional(values::time()),
    }
    example {"name": "dashboard", "role": "viewer"}
}

impl Create for ApiKeys {
    type Body = ApiKeyCreate;

    async fn make(context: &Context, wanted: ApiKeyCreate) -> Result<Made<ApiKey>, ApiError> {
        let mut problems = Problems::default();
        values::check_future("expiresAt", wanted.expires_at, context.now(), &mut problems);
        problems.check()?;
        let role = wanted.role.unwrap_or(Role::Admin);
        check_grant(context, role)?;
        let id = ApiKeyId::new(context.now(), context.random());
        let minted = context.app.mint(id).await?;
        let object = ApiKey {
            id,
            account_id: context.account_id()?,
            role,
            label: Label { name: wanted.name, description: wanted.description, metadata: wanted.metadata },
            secret_hash: minted.secret_hash,
            redacted: minted.redacted,
            expires_at: wanted.expires_at,
            last_used_at: None,
            stamp: context.first_stamp(),
            deleted_at: None,
        };
        Ok(Made { object, token: Some(minted.token) })
    }

    fn reveal(shown: &mut ApiKeyBody, token: &Secret) {
        shown.token = Some(token.expose().to_owned());
    }
}

/// Nobody gives more than they have. The table of endpoints lets only admins this far; this holds whatever it says.
pub(super) fn check_grant(context: &Context, role: Role) -> Result<(), ApiError> {
    if role <= context.caller.role {
        return Ok(());
    }
    let msg = format!("A key with the role {} cannot give the role {}.", context.caller.role.name(), role.name());
    Err(ApiError::new(StatusCode::FORBIDDEN, "role_too_low", msg))
}
