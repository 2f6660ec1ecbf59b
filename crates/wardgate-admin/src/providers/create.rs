//! `POST /providers`: defines an upstream.

use super::Providers;
use super::base_url::BaseUrl;
use super::headers::{ProviderHeaderWrite, auth_scheme, headers, read_headers};
use super::parts::{ProviderModelWrite, ProviderSurfaceWrite, models, read_models, read_surfaces, surfaces};
use crate::body::{Optional, Problems, Required, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use wardgate_core::id::CustomProviderId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{AuthScheme, CustomProvider};

const MISSING: Option<&str> = Some("ERR_NGROK_27704");
const PROVIDER_ID: Text = Text::max(255).too_long("ERR_NGROK_27706").filled(MISSING).described("^[a-z0-9][a-z0-9._-]*$");
pub(super) const NAME: Text = Text::max(255).too_long("ERR_NGROK_27701").filled(MISSING);
pub(super) const METADATA: Text = Text::max(4_096).too_long("ERR_NGROK_27702");

body! {
    /// What makes a custom provider.
    ProviderCreate {
        /// What clients write before the colon: lower-case letters, digits, "-", "_" and "."; unique within the account, not the id
        /// of a built-in provider, and never changed.
        provider_id: String = Required(PROVIDER_ID),
        /// A name for people.
        name: String = Required(NAME),
        /// Where it is: https, or http where the operator allows the host.
        base_url: String = Required(BaseUrl { is_required: true }),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// How its keys are sent. Without it: "api-key" where the URL is one of Azure's, both usual headers where it speaks
        /// Anthropic's format, and else "bearer".
        auth_scheme: Option<AuthScheme> = Optional(auth_scheme()),
        /// Headers that every call to it has. They are shown, so they are no place for secrets.
        headers: Option<Vec<ProviderHeaderWrite>> = Optional(headers()),
        /// The surfaces it speaks; without any, OpenAI chat completions.
        supported_api_surfaces: Option<Vec<ProviderSurfaceWrite>> = Optional(surfaces()),
        /// The models it declares. Others are passed on as clients write them.
        models: Option<Vec<ProviderModelWrite>> = Optional(models()),
    }
    example {"providerId": "ollama", "name": "Ollama", "baseUrl": "http://127.0.0.1:11434/v1", "models": [{"modelId": "qwen3:8b"}]}
}

impl Create for Providers {
    type Body = ProviderCreate;

    async fn make(context: &Context, wanted: ProviderCreate) -> Result<Made<CustomProvider>, ApiError> {
        let mut problems = Problems::default();
        let provider_name = provider_name(context, &wanted.provider_id, &mut problems);
        let surfaces = read_surfaces(&wanted.supported_api_surfaces.unwrap_or_default(), &mut problems);
        let headers = read_headers(&wanted.headers.unwrap_or_default(), &mut problems);
        let provider_name = problems.settle(provider_name)?;
        Ok(Made::from(CustomProvider {
            id: CustomProviderId::new(context.now(), context.random()),
            account_id: context.account_id()?,
            provider_name,
            display_name: wanted.name,
            base_url: wanted.base_url,
            metadata: wanted.metadata,
            auth_scheme: wanted.auth_scheme,
            headers,
            surfaces,
            models: read_models(context, &wanted.models.unwrap_or_default(), &[]),
            stamp: context.first_stamp(),
        }))
    }
}

fn provider_name(context: &Context, text: &str, problems: &mut Problems) -> Option<ProviderName> {
    match ProviderName::new(text) {
        Err(error) => problems.add("providerId", "bad_provider_id", None, error.to_string()),
        Ok(_) if context.app.is_builtin(text) => {
            let why = "is the id of a built-in provider: choose another";
            problems.add("providerId", "provider_id_reserved", Some("ERR_NGROK_27705"), why);
        }
        Ok(name) => return Some(name),
    }
    None
}
