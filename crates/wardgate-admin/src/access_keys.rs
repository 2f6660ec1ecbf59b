//! Access keys: what clients present on the data plane.

mod create;
mod rotate;
mod update;

use crate::app::AppState;
use crate::configurations::Configurations;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH, id_schema, text_schema};
use crate::reference::{Reference, references};
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use crate::teams::Teams;
use crate::values::network;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use wardgate_core::access_key::{AccessKey, KeyStatus};
use wardgate_core::api_key::Role;
use wardgate_core::id::{AccessKeyId, ConfigurationId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::AccessKeyFilter;

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<AccessKeys>(reads),
        resource::create::<AccessKeys>(writes),
        resource::get::<AccessKeys>(reads),
        resource::update::<AccessKeys>(writes),
        resource::delete::<AccessKeys>(writes),
        rotate::route(),
    ]
}

/// The resource.
pub(crate) struct AccessKeys;

/// An access key as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AccessKey")]
pub(crate) struct AccessKeyBody {
    #[schemars(with = "schema::Id<AccessKeyId>")]
    id: AccessKeyId,
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// The team it is issued to.
    #[schemars(with = "schema::Id<TeamId>")]
    team_id: TeamId,
    /// The same team, with its name.
    team: Option<Reference>,
    /// What it may call and how. Null: everything, in the default way.
    access_key_configuration: Option<Reference>,
    tags: Vec<String>,
    /// The token; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The token with its middle cut out.
    key_redacted: String,
    status: Status,
    /// Whether someone disabled it.
    disabled: bool,
    /// From when on it is refused. Null: never.
    #[schemars(with = "Option<schema::Time>")]
    expires_at: Option<Timestamp>,
    /// Until when the token before the last rotation is served too. Null: it is not.
    #[schemars(with = "Option<schema::Time>")]
    previous_token_expires_at: Option<Timestamp>,
    /// From where it may be used. Empty: from anywhere.
    allowed_networks: Vec<String>,
    /// When it was last used, to within a few minutes.
    #[schemars(with = "Option<schema::Time>")]
    last_used: Option<Timestamp>,
    #[serde(flatten)]
    stamped: Stamped,
}

/// Whether a key may be used at this moment.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "AccessKeyStatus")]
enum Status {
    Active,
    Disabled,
    Expired,
}

static TEAM_ID: Param = Param::optional("teamId", "Only keys that are issued to this team.", id_schema::<TeamId>);
static TAG: Param = Param::optional("tag", "Only keys with this tag.", text_schema);
static CONFIGURATION_ID: Param =
    Param::optional("accessKeyConfigurationId", "Only keys that link to this configuration.", id_schema::<ConfigurationId>);
static STATUS: Param = Param::optional(
    "status",
    "Only keys of this status.",
    || json!({"type": "string", "enum": KeyStatus::LISTED.map(KeyStatus::name)}),
);

impl Resource for AccessKeys {
    type Object = AccessKey;
    type Shown = AccessKeyBody;
    const PATH: &'static str = "/access-keys";
    const ENVELOPE: &'static str = "aiGatewayAccessKeys";
    const TITLE: &'static str = "AccessKey";
    const TAG: &'static str = "Access keys";
    const ACTION: &'static str = "access_key";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &TEAM_ID, &TAG, &CONFIGURATION_ID, &STATUS];

    fn collection(context: &Context) -> Result<Handle<'_, AccessKey>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(context: &Context, parameters: &mut Parameters) -> Result<AccessKeyFilter, ApiError> {
        let status = parameters.word(&STATUS, &KeyStatus::LISTED.map(|status| (status.name(), status)))?;
        Ok(AccessKeyFilter {
            text: parameters.name_filter()?,
            configuration_id: parameters.parse(&CONFIGURATION_ID)?,
            team_id: parameters.parse(&TEAM_ID)?,
            tag: parameters.text(&TAG)?,
            status: status.map(|status| (status, context.now())),
        })
    }

    async fn show(context: &Context, keys: Vec<AccessKey>) -> Result<Vec<AccessKeyBody>, ApiError> {
        let teams = references::<Teams>(context, keys.iter().map(|key| key.team_id), |team| team.label.name.as_deref()).await?;
        let linked = keys.iter().filter_map(|key| key.configuration_id);
        let linked = references::<Configurations>(context, linked, |found| found.label.name.as_deref()).await?;
        let show = |key: AccessKey| AccessKeyBody {
            team: teams.get(&key.team_id).cloned(),
            access_key_configuration: key.configuration_id.and_then(|id| linked.get(&id).cloned()),
            ..show(&context.app, key, context.now())
        };
        Ok(keys.into_iter().map(show).collect())
    }
}

/// A key without what it takes the store to know.
fn show(app: &AppState, key: AccessKey, now: Timestamp) -> AccessKeyBody {
    AccessKeyBody {
        status: match key.status(now) {
            KeyStatus::Disabled => Status::Disabled,
            KeyStatus::Expired => Status::Expired,
            KeyStatus::Active | KeyStatus::Revoked => Status::Active,
        },
        id: key.id,
        uri: app.item_uri(AccessKeys::PATH, key.id),
        name: key.label.name,
        description: key.label.description,
        metadata: key.label.metadata,
        team_id: key.team_id,
        team: None,
        access_key_configuration: None,
        tags: key.tags,
        token: None,
        key_redacted: key.redacted,
        disabled: key.disabled_at.is_some(),
        expires_at: key.expires_at,
        previous_token_expires_at: key.previous_secret.map(|secret| secret.valid_until).filter(|until| now < *until),
        allowed_networks: key.allowed_networks.into_iter().map(network::write).collect(),
        last_used: key.last_used_at,
        stamped: Stamped::new(app, key.stamp),
    }
}
