//! `PATCH /operator-keys/{id}`.

use super::OperatorKeys;
use crate::body::{Change, Nullable, Problems, body};
use crate::context::Context;
use crate::resource::Update;
use crate::text::{DESCRIPTION, METADATA, NAME, change_label};
use crate::values;
use wardgate_core::api_key::OperatorKey;
use wardgate_core::time::Timestamp;

body! {
    /// What changes an operator key.
    OperatorKeyUpdate {
        /// A name for people.
        name: Change<String> = Nullable(NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// From when on it is refused. Null: never.
        expires_at: Change<Timestamp> = Nullable(values::time()),
    }
    example {"description": "of the platform team"}
}

impl Update for OperatorKeys {
    type Body = OperatorKeyUpdate;

    fn apply(context: &Context, key: &mut OperatorKey, wanted: &OperatorKeyUpdate, problems: &mut Problems) {
        values::check_future("expiresAt", wanted.expires_at.value().copied(), context.now(), problems);
        wanted.name.apply_to(&mut key.label.name);
        change_label(&mut key.label, &wanted.description, &wanted.metadata);
        wanted.expires_at.apply_to(&mut key.expires_at);
    }
}
