//! API keys: what manages one account through this API.

mod create;
mod update;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use wardgate_core::api_key::{ApiKey, Role};
use wardgate_core::id::ApiKeyId;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::ApiKeyFilter;

pub(crate) fn routes() -> Vec<Route> {
    let admins = Access::Account(Role::Admin);
    vec![
        resource::list::<ApiKeys>(admins),
        resource::create::<ApiKeys>(admins),
        resource::get::<ApiKeys>(admins),
        resource::update::<ApiKeys>(admins),
        resource::delete::<ApiKeys>(admins),
    ]
}

/// The resource.
pub(crate) struct ApiKeys;

/// An API key as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiKey")]
pub(crate) struct ApiKeyBody {
    #[schemars(with = "schema::Id<ApiKeyId>")]
    id: ApiKeyId,
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// What it may do: a viewer reads, an editor does everything but manage API keys, an admin does everything.
    #[schemars(with = "schema::RoleName")]
    role: &'static str,
    /// The token; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The token with its middle cut out.
    key_redacted: String,
    /// From when on it is refused. Null: never.
    #[schemars(with = "Option<schema::Time>")]
    expires_at: Option<Timestamp>,
    /// When it was last used, to within a few minutes.
    #[schemars(with = "Option<schema::Time>")]
    last_used: Option<Timestamp>,
    #[serde(flatten)]
    stamped: Stamped,
}

static ROLE: Param =
    Param::optional("role", "Only keys with this role.", || json!({"type": "string", "enum": Role::ALL.map(Role::name)}));

impl Resource for ApiKeys {
    type Object = ApiKey;
    type Shown = ApiKeyBody;
    const PATH: &'static str = "/api-keys";
    const ENVELOPE: &'static str = "aiGatewayApiKeys";
    const TITLE: &'static str = "ApiKey";
    const TAG: &'static str = "API keys";
    const ACTION: &'static str = "api_key";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &ROLE];

    fn collection(context: &Context) -> Result<Handle<'_, ApiKey>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<ApiKeyFilter, ApiError> {
        let role = parameters.word(&ROLE, &Role::ALL.map(|role| (role.name(), role)))?;
        Ok(ApiKeyFilter { text: parameters.name_filter()?, role })
    }

    async fn show(context: &Context, keys: Vec<ApiKey>) -> Result<Vec<ApiKeyBody>, ApiError> {
        let show = |key: ApiKey| ApiKeyBody {
            id: key.id,
            uri: context.app.item_uri(Self::PATH, key.id),
            name: key.label.name,
            description: key.label.description,
            metadata: key.label.metadata,
            role: key.role.name(),
            token: None,
            key_redacted: key.redacted,
            expires_at: key.expires_at,
            last_used: key.last_used_at,
            stamped: Stamped::new(&context.app, key.stamp),
        };
        Ok(keys.into_iter().map(show).collect())
    }
}
