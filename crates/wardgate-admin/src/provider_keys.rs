//! Provider keys: an account's own credentials at providers. Their values go in and never come out.

pub(crate) mod create;
pub(crate) mod rotate;
pub(crate) mod update;
pub(crate) mod value;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::providers;
use crate::resource::{self, Codes, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::api_key::Role;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::ProviderKeyFilter;

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<ProviderKeys>(reads),
        resource::create::<ProviderKeys>(writes),
        resource::get::<ProviderKeys>(reads),
        resource::update::<ProviderKeys>(writes),
        resource::delete::<ProviderKeys>(writes),
        rotate::route(),
    ]
}

/// The resource.
pub(crate) struct ProviderKeys;

/// A provider key as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProviderKey")]
pub(crate) struct ProviderKeyBody {
    #[schemars(with = "schema::Id<ProviderKeyId>")]
    id: ProviderKeyId,
    uri: String,
    /// The provider that it opens.
    provider_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// The credential with its middle cut out.
    key_redacted: String,
    /// When it was last used, to within a few minutes.
    #[schemars(with = "Option<schema::Time>")]
    last_used: Option<Timestamp>,
    #[serde(flatten)]
    stamped: Stamped,
}

impl Resource for ProviderKeys {
    type Object = ProviderKey;
    type Shown = ProviderKeyBody;
    const PATH: &'static str = "/provider-keys";
    const ENVELOPE: &'static str = "aiGatewayProviderKeys";
    const TITLE: &'static str = "ProviderKey";
    const TAG: &'static str = "Provider keys";
    const ACTION: &'static str = "provider_key";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &providers::PROVIDER];
    const CODES: Codes = Codes { full: Some("ERR_NGROK_27506"), conflict: None, referenced: Some("ERR_NGROK_27511") };

    fn collection(context: &Context) -> Result<Handle<'_, ProviderKey>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<ProviderKeyFilter, ApiError> {
        Ok(ProviderKeyFilter { text: parameters.name_filter()?, provider: providers::filter(parameters)? })
    }

    async fn show(context: &Context, keys: Vec<ProviderKey>) -> Result<Vec<ProviderKeyBody>, ApiError> {
        let show = |key: ProviderKey| ProviderKeyBody {
            id: key.id,
            uri: context.app.item_uri(Self::PATH, key.id),
            provider_id: key.provider_name.to_string(),
            name: key.label.name.unwrap_or_default(),
            description: key.label.description,
            metadata: key.label.metadata,
            key_redacted: key.redacted,
            last_used: key.last_used_at,
            stamped: Stamped::new(&context.app, key.stamp),
        };
        Ok(keys.into_iter().map(show).collect())
    }
}
