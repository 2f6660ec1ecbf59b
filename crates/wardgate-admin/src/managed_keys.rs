//! Managed keys: the operator's own credentials at providers, which accounts may use that were granted them.

mod create;
mod grants;
mod rotate;
mod update;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::providers;
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_core::provider_key::ManagedKey;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::ProviderKeyFilter;

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        resource::list::<ManagedKeys>(Access::Operator),
        resource::create::<ManagedKeys>(Access::Operator),
        resource::get::<ManagedKeys>(Access::Operator),
        resource::update::<ManagedKeys>(Access::Operator),
        resource::delete::<ManagedKeys>(Access::Operator),
        rotate::route(),
    ];
    routes.extend(grants::routes());
    routes
}

/// The resource.
pub(crate) struct ManagedKeys;

/// A managed key as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ManagedKey")]
pub(crate) struct ManagedKeyBody {
    #[schemars(with = "schema::Id<ManagedKeyId>")]
    id: ManagedKeyId,
    uri: String,
    /// The built-in provider that it opens.
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

impl Resource for ManagedKeys {
    type Object = ManagedKey;
    type Shown = ManagedKeyBody;
    const PATH: &'static str = "/managed-keys";
    const ENVELOPE: &'static str = "managedKeys";
    const TITLE: &'static str = "ManagedKey";
    const TAG: &'static str = "Managed keys";
    const ACTION: &'static str = "managed_key";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &providers::PROVIDER];

    fn collection(context: &Context) -> Result<Handle<'_, ManagedKey>, ApiError> {
        Ok(Handle::Store(context.store()))
    }

    fn owner(_: &Context) -> Option<AccountId> {
        None
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<ProviderKeyFilter, ApiError> {
        Ok(ProviderKeyFilter { text: parameters.name_filter()?, provider: providers::filter(parameters)? })
    }

    async fn show(context: &Context, keys: Vec<ManagedKey>) -> Result<Vec<ManagedKeyBody>, ApiError> {
        let show = |key: ManagedKey| ManagedKeyBody {
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
