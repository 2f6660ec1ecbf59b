//! Virtual models: names that stand for an ordered list of models.

mod create;
mod update;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::resource::{self, Codes, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::api_key::Role;
use wardgate_core::configuration::VirtualModel;
use wardgate_core::id::VirtualModelId;
use wardgate_store::kinds::NameFilter;

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<VirtualModels>(reads),
        resource::create::<VirtualModels>(writes),
        resource::get::<VirtualModels>(reads),
        resource::update::<VirtualModels>(writes),
        resource::delete::<VirtualModels>(writes),
    ]
}

/// The resource.
pub(crate) struct VirtualModels;

/// A virtual model as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "VirtualModel")]
pub(crate) struct VirtualModelBody {
    #[schemars(with = "schema::Id<VirtualModelId>")]
    id: VirtualModelId,
    uri: String,
    /// What clients write as the model.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// The models, in the order in which they are tried.
    models: Vec<String>,
    #[serde(flatten)]
    stamped: Stamped,
}

impl Resource for VirtualModels {
    type Object = VirtualModel;
    type Shown = VirtualModelBody;
    const PATH: &'static str = "/virtual-models";
    const ENVELOPE: &'static str = "aiGatewayVirtualModels";
    const TITLE: &'static str = "VirtualModel";
    const TAG: &'static str = "Virtual models";
    const ACTION: &'static str = "virtual_model";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH];
    const CODES: Codes = Codes {
        full: Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_LIMIT_EXCEEDED"),
        conflict: Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_NAME_ALREADY_EXISTS"),
        referenced: None,
    };

    fn collection(context: &Context) -> Result<Handle<'_, VirtualModel>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<NameFilter, ApiError> {
        parameters.name_filter()
    }

    async fn show(context: &Context, models: Vec<VirtualModel>) -> Result<Vec<VirtualModelBody>, ApiError> {
        let show = |model: VirtualModel| VirtualModelBody {
            id: model.id,
            uri: context.app.item_uri(Self::PATH, model.id),
            name: model.label.name.unwrap_or_default(),
            description: model.label.description,
            metadata: model.label.metadata,
            models: model.models,
            stamped: Stamped::new(&context.app, model.stamp),
        };
        Ok(models.into_iter().map(show).collect())
    }
}
