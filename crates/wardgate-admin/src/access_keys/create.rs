//! `POST /access-keys`: makes a key and shows its token, this once.

use super::{AccessKeyBody, AccessKeys};
use crate::body::{Flag, Items, Optional, Problems, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::text::DESCRIPTION;
use crate::values::{self, network};
use ipnet::IpNet;
use wardgate_core::access_key::{ALLOWED_NETWORKS_MAX, AccessKey, TAGS_MAX};
use wardgate_core::account::Team;
use wardgate_core::configuration::Configuration;
use wardgate_core::id::{AccessKeyId, ConfigurationId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;
use wardgate_store::Collection;

pub(super) const NAME: Text = Text::max(255).too_long("ERR_NGROK_27603");
pub(super) const METADATA: Text = Text::max(4_096).too_long("ERR_NGROK_27604");

/// Words to find and group keys by.
pub(super) fn tags() -> Items<Text> {
    Items::of(Text::max(64).filled(None), TAGS_MAX).unique(Clone::clone, "duplicate_tag", None, None)
}

/// From where a key may be used.
pub(super) fn networks() -> Items<crate::body::Parsed<IpNet>> {
    Items::of(network::network(), ALLOWED_NETWORKS_MAX).unique(ToString::to_string, "duplicate_network", None, None)
}

body! {
    /// What makes an access key.
    AccessKeyCreate {
        /// A name for people.
        name: Option<String> = Optional(NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// What it may call and how; without one, everything in the default way.
        access_key_configuration_id: Option<ConfigurationId> = Optional(values::id::<ConfigurationId>("unknown_configuration")),
        /// The team it is issued to; without one, the team "default".
        team_id: Option<TeamId> = Optional(values::id::<TeamId>("unknown_team")),
        /// Words to find and group keys by.
        tags: Option<Vec<String>> = Optional(tags()),
        /// From when on it is refused; without it, never.
        expires_at: Option<Timestamp> = Optional(values::time()),
        /// Whether it is refused until someone enables it.
        disabled: Option<bool> = Optional(Flag),
        /// From where it may be used: networks or single addresses; without any, from anywhere.
        allowed_networks: Option<Vec<IpNet>> = Optional(networks()),
    }
    example {"name": "checkout service", "tags": ["production"], "allowedNetworks": ["10.0.0.0/8"]}
}

impl Create for AccessKeys {
    type Body = AccessKeyCreate;

    async fn make(context: &Context, wanted: AccessKeyCreate) -> Result<Made<AccessKey>, ApiError> {
        check(context, wanted.team_id, wanted.access_key_configuration_id, wanted.expires_at).await?;
        let account_id = context.account_id()?;
        let team_id = match wanted.team_id {
            Some(id) => id,
            None => context.app.account(account_id).await?.ok_or_else(|| ApiError::not_found("account"))?.default_team_id,
        };
        let now = context.now();
        let id = AccessKeyId::new(now, context.random());
        let minted = context.app.mint(id).await?;
        let object = AccessKey {
            id,
            account_id,
            team_id,
            configuration_id: wanted.access_key_configuration_id,
            label: Label { name: wanted.name, description: wanted.description, metadata: wanted.metadata },
            tags: wanted.tags.unwrap_or_default(),
            secret_hash: minted.secret_hash,
            previous_secret: None,
            redacted: minted.redacted,
            expires_at: wanted.expires_at,
            disabled_at: wanted.disabled.unwrap_or_default().then_some(now),
            allowed_networks: wanted.allowed_networks.unwrap_or_default(),
            last_used_at: None,
            stamp: context.first_stamp(),
            revoked_at: None,
        };
        Ok(Made { object, token: Some(minted.token) })
    }

    fn reveal(shown: &mut AccessKeyBody, token: &Secret) {
        shown.token = Some(token.expose().to_owned());
    }
}

/// Whether what a key is to refer to is there, and its end is still to come.
pub(super) async fn check(
    context: &Context,
    team_id: Option<TeamId>,
    configuration_id: Option<ConfigurationId>,
    expires_at: Option<Timestamp>,
) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    let tenant = context.tenant()?;
    if let Some(id) = team_id {
        let team: Option<Team> = Collection::get(&*tenant, id).await?;
        if team.is_none() {
            let why = "names no team of this account: leave it out for the team \"default\"";
            problems.add("teamId", "unknown_team", None, why);
        }
    }
    if let Some(id) = configuration_id {
        let configuration: Option<Configuration> = Collection::get(&*tenant, id).await?;
        if configuration.is_none() {
            let why = "names no configuration of this account: leave it out for none";
            problems.add("accessKeyConfigurationId", "unknown_configuration", None, why);
        }
    }
    values::check_future("expiresAt", expires_at, context.now(), &mut problems);
    problems.check()
}
