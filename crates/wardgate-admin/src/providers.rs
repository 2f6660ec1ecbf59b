//! Custom providers: upstreams that an account defines. Built-in ones are not shown here.

pub(crate) mod base_url;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod parts;

use crate::actor::ActorBody;
use crate::app::AppState;
use serde::Serialize;
use wardgate_core::format::{Format, Surface};
use wardgate_core::id::{CustomModelId, CustomProviderId};
use wardgate_core::provider::{CustomModel, CustomProvider, CustomSurface};
use wardgate_core::time::Timestamp;

pub(crate) const PATH: &str = "/providers";

/// A custom provider as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderBody {
    id: CustomProviderId,
    uri: String,
    provider_id: String,
    name: String,
    base_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    supported_api_surfaces: Vec<SurfaceBody>,
    models: Vec<ModelBody>,
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by: ActorBody,
    last_updated_by: ActorBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SurfaceBody {
    format: &'static str,
    surface: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelBody {
    id: CustomModelId,
    model_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_model_id: Option<String>,
    /// Always there, and empty as long as there is nothing to put into it.
    unsupported_params: [String; 0],
}

impl ProviderBody {
    pub(crate) fn new(app: &AppState, provider: CustomProvider) -> Self {
        Self {
            id: provider.id,
            uri: app.item_uri(PATH, provider.id),
            provider_id: provider.provider_name.to_string(),
            name: provider.display_name,
            base_url: provider.base_url,
            metadata: provider.metadata,
            supported_api_surfaces: provider.surfaces.into_iter().map(SurfaceBody::from).collect(),
            models: provider.models.into_iter().map(ModelBody::from).collect(),
            created_at: provider.created_at,
            updated_at: provider.updated_at,
            created_by: ActorBody::new(app, provider.created_by),
            last_updated_by: ActorBody::new(app, provider.updated_by),
        }
    }
}

impl From<CustomSurface> for SurfaceBody {
    fn from(surface: CustomSurface) -> Self {
        Self { format: format_name(surface.surface), surface: surface.surface.name(), base_url: surface.base_url }
    }
}

impl From<CustomModel> for ModelBody {
    fn from(model: CustomModel) -> Self {
        Self { id: model.id, model_id: model.model_id, provider_model_id: model.provider_model_id, unsupported_params: [] }
    }
}

/// What this API calls the family of a surface.
const fn format_name(surface: Surface) -> &'static str {
    match surface.format() {
        Format::OpenAiChat | Format::OpenAiResponses | Format::OpenAiCompletions | Format::OpenAiEmbeddings => "openai",
        Format::AnthropicMessages => "anthropic",
        Format::Gemini => "gemini",
        Format::CohereChat => "cohere",
        Format::BedrockConverse => "bedrock",
    }
}
