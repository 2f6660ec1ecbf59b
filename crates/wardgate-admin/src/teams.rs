//! Teams: groups inside an account that access keys are issued to.

mod create;
mod update;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use crate::tiers;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::account::Team;
use wardgate_core::api_key::Role;
use wardgate_core::id::TeamId;
use wardgate_store::kinds::TieredFilter;

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<Teams>(reads),
        resource::create::<Teams>(writes),
        resource::get::<Teams>(reads),
        resource::update::<Teams>(writes),
        resource::delete::<Teams>(writes),
    ]
}

/// The resource.
pub(crate) struct Teams;

/// A team as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Team")]
pub(crate) struct TeamBody {
    #[schemars(with = "schema::Id<TeamId>")]
    id: TeamId,
    uri: String,
    /// Unique within the account.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// The tier it is on. Null: its account's.
    tier: Option<String>,
    /// Whether it is the team that the account always has.
    is_default: bool,
    #[serde(flatten)]
    stamped: Stamped,
}

impl Resource for Teams {
    type Object = Team;
    type Shown = TeamBody;
    const PATH: &'static str = "/teams";
    const ENVELOPE: &'static str = "teams";
    const TITLE: &'static str = "Team";
    const TAG: &'static str = "Teams";
    const ACTION: &'static str = "team";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &tiers::TIER];

    fn collection(context: &Context) -> Result<Handle<'_, Team>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<TieredFilter, ApiError> {
        Ok(TieredFilter { text: parameters.name_filter()?, tier: tiers::filter(parameters)? })
    }

    async fn show(context: &Context, teams: Vec<Team>) -> Result<Vec<TeamBody>, ApiError> {
        let account = context.app.account(context.account_id()?).await?.ok_or_else(|| ApiError::not_found("account"))?;
        let show = |team: Team| TeamBody {
            id: team.id,
            uri: context.app.item_uri(Self::PATH, team.id),
            name: team.label.name.unwrap_or_default(),
            description: team.label.description,
            metadata: team.label.metadata,
            tier: team.tier.map(|tier| tier.to_string()),
            is_default: team.id == account.default_team_id,
            stamped: Stamped::new(&context.app, team.stamp),
        };
        Ok(teams.into_iter().map(show).collect())
    }
}
