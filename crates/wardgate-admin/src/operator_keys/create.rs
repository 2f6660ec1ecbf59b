//! `POST /operator-keys`: makes a key and shows its token, this once.

use super::{OperatorKeyBody, OperatorKeys};
use crate::body::{Optional, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::text::{DESCRIPTION, METADATA, NAME};
use crate::values;
use wardgate_core::api_key::OperatorKey;
use wardgate_core::id::OperatorKeyId;
use wardgate_core::label::Label;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;

body! {
    /// What makes an operator key.
    OperatorKeyCreate {
        /// A name for people.
        name: Option<String> = Optional(NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// From when on it is refused; without it, never.
        expires_at: Option<Timestamp> = Optional(values::time()),
    }
    example {"name": "provisioning"}
}

impl Create for OperatorKeys {
    type Body = OperatorKeyCreate;

    async fn make(context: &Context, wanted: OperatorKeyCreate) -> Result<Made<OperatorKey>, ApiError> {
        let mut problems = Problems::default();
        values::check_future("expiresAt", wanted.expires_at, context.now(), &mut problems);
        problems.check()?;
        let id = OperatorKeyId::new(context.now(), context.random());
        let minted = context.app.mint(id).await?;
        let object = OperatorKey {
            id,
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

    fn reveal(shown: &mut OperatorKeyBody, token: &Secret) {
        shown.token = Some(token.expose().to_owned());
    }
}
