//! `PATCH /managed-keys/{id}`: changes the texts. The credential changes by rotation.

use super::ManagedKeys;
use crate::body::Problems;
use crate::context::Context;
use crate::provider_keys::update::ProviderKeyUpdate;
use crate::resource::Update;
use crate::text::change_label;
use wardgate_core::provider_key::ManagedKey;

impl Update for ManagedKeys {
    type Body = ProviderKeyUpdate;

    fn apply(_: &Context, key: &mut ManagedKey, wanted: &ProviderKeyUpdate, _: &mut Problems) {
        key.label.name = wanted.name.clone().or(key.label.name.take());
        change_label(&mut key.label, &wanted.description, &wanted.metadata);
    }
}
