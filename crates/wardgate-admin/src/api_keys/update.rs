//! `PATCH /api-keys/{id}`.

use super::ApiKeys;
use super::create::{check_grant, role};
use crate::body::{Change, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::Update;
use crate::text::{DESCRIPTION, METADATA, NAME, change_label};
use crate::values;
use wardgate_core::api_key::{ApiKey, Role};
use wardgate_core::time::Timestamp;

body! {
    /// What changes an API key.
    ApiKeyUpdate {
        /// A name for people.
        name: Change<String> = Nullable(NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// What it may do.
        role: Option<Role> = Kept(role()),
        /// From when on it is refused. Null: never.
        expires_at: Change<Timestamp> = Nullable(values::time()),
    }
    example {"role": "editor"}
}

impl Update for ApiKeys {
    type Body = ApiKeyUpdate;

    async fn check(context: &Context, wanted: &ApiKeyUpdate) -> Result<(), ApiError> {
        let mut problems = Problems::default();
        values::check_future("expiresAt", wanted.expires_at.value().copied(), context.now(), &mut problems);
        problems.check()?;
        wanted.role.map_or(Ok(()), |role| check_grant(context, role))
    }

    fn apply(_: &Context, key: &mut ApiKey, wanted: &ApiKeyUpdate, _: &mut Problems) {
        wanted.name.apply_to(&mut key.label.name);
        change_label(&mut key.label, &wanted.description, &wanted.metadata);
        key.role = wanted.role.unwrap_or(key.role);
        wanted.expires_at.apply_to(&mut key.expires_at);
    }
}
