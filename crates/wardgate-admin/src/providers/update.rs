//! `PATCH /providers/{id}`. Its lists are replaced as a whole.

use super::Providers;
use super::base_url::BaseUrl;
use super::create::{METADATA, NAME};
use super::headers::{ProviderHeaderWrite, auth_scheme, headers, read_headers};
use super::parts::{ProviderModelWrite, ProviderSurfaceWrite, models, read_models, read_surfaces, surfaces};
use crate::body::{Change, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::resource::Update;
use wardgate_core::provider::{AuthScheme, CustomProvider};

body! {
    /// What changes a custom provider.
    ProviderUpdate {
        /// A name for people.
        name: Option<String> = Kept(NAME),
        /// Where it is.
        base_url: Option<String> = Kept(BaseUrl { is_required: true }),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// How its keys are sent. Null: as its URL and its surfaces make likely.
        auth_scheme: Change<AuthScheme> = Nullable(auth_scheme()),
        /// Headers that every call to it has, in place of those that are there. Null or empty: none.
        headers: Change<Vec<ProviderHeaderWrite>> = Nullable(headers()),
        /// The surfaces it speaks, in place of those that are there. Null or empty: OpenAI chat completions.
        supported_api_surfaces: Change<Vec<ProviderSurfaceWrite>> = Nullable(surfaces()),
        /// The models it declares, in place of those that are there. One that was there keeps its id.
        models: Change<Vec<ProviderModelWrite>> = Nullable(models()),
    }
    example {"models": [{"modelId": "qwen3:8b"}, {"modelId": "qwen3:14b"}]}
}

impl Update for Providers {
    type Body = ProviderUpdate;

    fn apply(context: &Context, provider: &mut CustomProvider, wanted: &ProviderUpdate, problems: &mut Problems) {
        if let Some(name) = &wanted.name {
            provider.display_name.clone_from(name);
        }
        if let Some(base_url) = &wanted.base_url {
            provider.base_url.clone_from(base_url);
        }
        wanted.metadata.apply_to(&mut provider.metadata);
        wanted.auth_scheme.apply_to(&mut provider.auth_scheme);
        match &wanted.headers {
            Change::Keep => {}
            Change::Clear => provider.headers.clear(),
            Change::Set(written) => provider.headers = read_headers(written, problems),
        }
        match &wanted.supported_api_surfaces {
            Change::Keep => {}
            Change::Clear => provider.surfaces.clear(),
            Change::Set(written) => provider.surfaces = read_surfaces(written, problems),
        }
        match &wanted.models {
            Change::Keep => {}
            Change::Clear => provider.models.clear(),
            Change::Set(written) => provider.models = read_models(context, written, &provider.models),
        }
    }
}
