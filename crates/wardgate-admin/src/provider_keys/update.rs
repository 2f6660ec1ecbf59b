//! `PATCH /provider-keys/{id}`: changes the texts. The credential changes by rotation.

use super::ProviderKeys;
use super::create::{DESCRIPTION, METADATA, NAME};
use crate::body::{Change, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::resource::Update;
use crate::text::change_label;
use wardgate_core::provider_key::ProviderKey;

body! {
    /// What changes a provider key.
    ProviderKeyUpdate {
        /// A name for people.
        name: Option<String> = Kept(NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
    }
    example {"description": "of the new organization"}
}

impl Update for ProviderKeys {
    type Body = ProviderKeyUpdate;

    fn apply(_: &Context, key: &mut ProviderKey, wanted: &ProviderKeyUpdate, _: &mut Problems) {
        key.label.name = wanted.name.clone().or(key.label.name.take());
        change_label(&mut key.label, &wanted.description, &wanted.metadata);
    }
}
