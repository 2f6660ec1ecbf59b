//! `PATCH /teams/{id}`.

use super::Teams;
use crate::body::{Change, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::Update;
use crate::text::{DESCRIPTION, METADATA, REQUIRED_NAME, change_label};
use crate::tiers;
use crate::values;
use wardgate_core::account::{DEFAULT_TEAM, Team};
use wardgate_core::tier::TierName;

body! {
    /// What changes a team.
    TeamUpdate {
        /// Unique within the account. The team "default" keeps its name.
        name: Option<String> = Kept(REQUIRED_NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// The tier it is on. Null: its account's.
        tier: Change<TierName> = Nullable(values::tier_name()),
    }
    example {"description": "models and evaluations"}
}

impl Update for Teams {
    type Body = TeamUpdate;

    async fn check(context: &Context, wanted: &TeamUpdate) -> Result<(), ApiError> {
        tiers::check(context, wanted.tier.value()).await
    }

    fn apply(_: &Context, team: &mut Team, wanted: &TeamUpdate, problems: &mut Problems) {
        if let Some(name) = &wanted.name {
            // An account always has a team of this name, so whoever has it is that one.
            if team.label.name() == DEFAULT_TEAM && name != DEFAULT_TEAM {
                let why = "cannot be changed: every account has a team \"default\"";
                problems.add("name", "default_team", None, why);
            }
            team.label.name = Some(name.clone());
        }
        change_label(&mut team.label, &wanted.description, &wanted.metadata);
        wanted.tier.apply_to(&mut team.tier);
    }
}
