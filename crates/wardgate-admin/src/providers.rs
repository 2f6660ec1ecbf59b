//! Custom providers: upstreams that an account defines. Built-in ones are not shown here.

pub(crate) mod base_url;
mod create;
mod headers;
mod parts;
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
use serde_json::json;
use wardgate_core::api_key::Role;
use wardgate_core::id::{CustomModelId, CustomProviderId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{AuthScheme, CustomHeader, CustomModel, CustomProvider, CustomSurface};
use wardgate_store::kinds::CustomProviderFilter;

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<Providers>(reads),
        resource::create::<Providers>(writes),
        resource::get::<Providers>(reads),
        resource::update::<Providers>(writes),
        resource::delete::<Providers>(writes),
    ]
}

pub(crate) static PROVIDER: Param = Param::optional(
    "provider",
    "Only those of this provider, by the id that clients write.",
    || json!({"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,254}$"}),
);

/// Reads [`PROVIDER`].
pub(crate) fn filter(parameters: &mut Parameters) -> Result<Option<ProviderName>, ApiError> {
    parameters.read(&PROVIDER, |text| ProviderName::new(text).map_err(|error| error.to_string()))
}

/// The resource.
pub(crate) struct Providers;

/// A custom provider as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Provider")]
pub(crate) struct ProviderBody {
    #[schemars(with = "schema::Id<CustomProviderId>")]
    id: CustomProviderId,
    uri: String,
    /// What clients write before the colon.
    provider_id: String,
    name: String,
    base_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// How its keys are sent, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_scheme: Option<&'static str>,
    /// Headers that every call to it has.
    headers: Vec<HeaderBody>,
    /// The surfaces it speaks. Empty: OpenAI chat completions.
    supported_api_surfaces: Vec<SurfaceBody>,
    /// The models it declares. Others are passed on as clients write them.
    models: Vec<ModelBody>,
    #[serde(flatten)]
    stamped: Stamped,
}

/// A header.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProviderHeader")]
struct HeaderBody {
    name: String,
    value: String,
}

/// One surface of a custom provider.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProviderSurface")]
struct SurfaceBody {
    format: &'static str,
    surface: &'static str,
    /// Its own base URL, where it differs from the provider's.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    /// The parameters at the top of a body that it takes; others are removed. Empty: it takes all.
    supported_params: Vec<ParamBody>,
}

/// A parameter at the top of a body.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProviderParam")]
struct ParamBody {
    name: String,
}

/// One declared model of a custom provider.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProviderModel")]
struct ModelBody {
    #[schemars(with = "schema::Id<CustomModelId>")]
    id: CustomModelId,
    /// What clients write after the colon.
    model_id: String,
    /// What is sent upstream, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_model_id: Option<String>,
    /// What a million tokens of input cost, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_price: Option<String>,
    /// What a million tokens of output cost, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_price: Option<String>,
    /// The parameters at the top of a body that are removed for this model.
    unsupported_params: Vec<String>,
}

impl Resource for Providers {
    type Object = CustomProvider;
    type Shown = ProviderBody;
    const PATH: &'static str = "/providers";
    const ENVELOPE: &'static str = "aiGatewayProviders";
    const TITLE: &'static str = "Provider";
    const TAG: &'static str = "Custom providers";
    const ACTION: &'static str = "provider";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &PROVIDER];
    const CODES: Codes = Codes { full: None, conflict: Some("ERR_NGROK_27712"), referenced: Some("ERR_NGROK_27710") };

    fn collection(context: &Context) -> Result<Handle<'_, CustomProvider>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<CustomProviderFilter, ApiError> {
        Ok(CustomProviderFilter { text: parameters.name_filter()?, provider: filter(parameters)? })
    }

    async fn show(context: &Context, providers: Vec<CustomProvider>) -> Result<Vec<ProviderBody>, ApiError> {
        let show = |provider: CustomProvider| ProviderBody {
            id: provider.id,
            uri: context.app.item_uri(Self::PATH, provider.id),
            provider_id: provider.provider_name.to_string(),
            name: provider.display_name,
            base_url: provider.base_url,
            metadata: provider.metadata,
            auth_scheme: provider.auth_scheme.map(AuthScheme::name),
            headers: provider.headers.into_iter().map(HeaderBody::from).collect(),
            supported_api_surfaces: provider.surfaces.into_iter().map(SurfaceBody::from).collect(),
            models: provider.models.into_iter().map(ModelBody::from).collect(),
            stamped: Stamped::new(&context.app, provider.stamp),
        };
        Ok(providers.into_iter().map(show).collect())
    }
}

impl From<CustomHeader> for HeaderBody {
    fn from(header: CustomHeader) -> Self {
        Self { name: header.name, value: header.value }
    }
}

impl From<CustomSurface> for SurfaceBody {
    fn from(declared: CustomSurface) -> Self {
        Self {
            format: declared.format.family().name(),
            surface: declared.surface.name(),
            base_url: declared.base_url,
            supported_params: declared.supported_params.into_iter().map(|name| ParamBody { name }).collect(),
        }
    }
}

impl From<CustomModel> for ModelBody {
    fn from(model: CustomModel) -> Self {
        Self {
            id: model.id,
            model_id: model.model_id,
            provider_model_id: model.provider_model_id,
            input_price: model.prices.map(|prices| prices.input.to_usd_per_million()),
            output_price: model.prices.map(|prices| prices.output.to_usd_per_million()),
            unsupported_params: model.unsupported_params,
        }
    }
}
