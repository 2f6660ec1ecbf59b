//! `POST /teams`.

use super::Teams;
use crate::body::{Optional, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::text::{DESCRIPTION, METADATA, REQUIRED_NAME};
use crate::tiers;
use crate::values;
use wardgate_core::account::Team;
use wardgate_core::id::TeamId;
use wardgate_core::label::Label;
use wardgate_core::tier::TierName;

body! {
    /// What makes a team.
    TeamCreate {
        /// Unique within the account.
        name: String = Required(REQUIRED_NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// The tier it is on; without one, its account's.
        tier: Option<TierName> = Optional(values::tier_name()),
    }
    example {"name": "research"}
}

impl Create for Teams {
    type Body = TeamCreate;

    async fn make(context: &Context, wanted: TeamCreate) -> Result<Made<Team>, ApiError> {
        tiers::check(context, wanted.tier.as_ref()).await?;
        Ok(Made::from(Team {
            id: TeamId::new(context.now(), context.random()),
            account_id: context.account_id()?,
            label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
            tier: wanted.tier,
            stamp: context.first_stamp(),
        }))
    }
}
