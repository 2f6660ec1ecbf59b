//! `PATCH /access-keys/{id}`.

use super::AccessKeys;
use super::create::{METADATA, NAME, check, networks, tags};
use crate::body::{Change, Flag, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::Update;
use crate::text::{DESCRIPTION, change_label};
use crate::values;
use ipnet::IpNet;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::{ConfigurationId, TeamId};
use wardgate_core::time::Timestamp;

body! {
    /// What changes an access key.
    AccessKeyUpdate {
        /// A name for people.
        name: Change<String> = Nullable(NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// What it may call and how. Null: everything, in the default way.
        access_key_configuration_id: Change<ConfigurationId> = Nullable(values::id::<ConfigurationId>("unknown_configuration")),
        /// The team it is issued to.
        team_id: Option<TeamId> = Kept(values::id::<TeamId>("unknown_team")),
        /// Words to find and group keys by, in place of those that are there.
        tags: Change<Vec<String>> = Nullable(tags()),
        /// From when on it is refused. Null: never.
        expires_at: Change<Timestamp> = Nullable(values::time()),
        /// Whether it is refused until someone enables it.
        disabled: Option<bool> = Kept(Flag),
        /// From where it may be used, in place of what is there. Null or empty: from anywhere.
        allowed_networks: Change<Vec<IpNet>> = Nullable(networks()),
    }
    example {"description": "moved to the new cluster", "expiresAt": null}
}

impl Update for AccessKeys {
    type Body = AccessKeyUpdate;

    async fn check(context: &Context, wanted: &AccessKeyUpdate) -> Result<(), ApiError> {
        let configuration_id = wanted.access_key_configuration_id.value().copied();
        check(context, wanted.team_id, configuration_id, wanted.expires_at.value().copied()).await
    }

    fn apply(context: &Context, key: &mut AccessKey, wanted: &AccessKeyUpdate, _: &mut Problems) {
        wanted.name.apply_to(&mut key.label.name);
        change_label(&mut key.label, &wanted.description, &wanted.metadata);
        wanted.access_key_configuration_id.apply_to(&mut key.configuration_id);
        key.team_id = wanted.team_id.unwrap_or(key.team_id);
        wanted.tags.apply_to_list(&mut key.tags);
        wanted.expires_at.apply_to(&mut key.expires_at);
        match wanted.disabled {
            Some(true) => key.disabled_at = key.disabled_at.or(Some(context.now())),
            Some(false) => key.disabled_at = None,
            None => {}
        }
        wanted.allowed_networks.apply_to_list(&mut key.allowed_networks);
    }
}
