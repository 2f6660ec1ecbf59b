//! Operator keys: what manages the whole gateway.

mod create;
mod delete;
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
use wardgate_core::api_key::OperatorKey;
use wardgate_core::id::{AccountId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::NameFilter;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        resource::list::<OperatorKeys>(Access::Operator),
        resource::create::<OperatorKeys>(Access::Operator),
        resource::get::<OperatorKeys>(Access::Operator),
        resource::update::<OperatorKeys>(Access::Operator),
        delete::route(),
    ]
}

/// The resource.
pub(crate) struct OperatorKeys;

/// An operator key as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OperatorKey")]
pub(crate) struct OperatorKeyBody {
    #[schemars(with = "schema::Id<OperatorKeyId>")]
    id: OperatorKeyId,
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
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

impl Resource for OperatorKeys {
    type Object = OperatorKey;
    type Shown = OperatorKeyBody;
    const PATH: &'static str = "/operator-keys";
    const ENVELOPE: &'static str = "operatorKeys";
    const TITLE: &'static str = "OperatorKey";
    const TAG: &'static str = "Operator keys";
    const ACTION: &'static str = "operator_key";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH];

    fn collection(context: &Context) -> Result<Handle<'_, OperatorKey>, ApiError> {
        Ok(Handle::Store(context.store()))
    }

    fn owner(_: &Context) -> Option<AccountId> {
        None
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<NameFilter, ApiError> {
        parameters.name_filter()
    }

    async fn show(context: &Context, keys: Vec<OperatorKey>) -> Result<Vec<OperatorKeyBody>, ApiError> {
        let show = |key: OperatorKey| OperatorKeyBody {
            id: key.id,
            uri: context.app.item_uri(Self::PATH, key.id),
            name: key.label.name,
            description: key.label.description,
            metadata: key.label.metadata,
            token: None,
            key_redacted: key.redacted,
            expires_at: key.expires_at,
            last_used: key.last_used_at,
            stamped: Stamped::new(&context.app, key.stamp),
        };
        Ok(keys.into_iter().map(show).collect())
    }
}
