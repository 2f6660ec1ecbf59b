//! `GET /v1/models`: the models that an account can call, with what is known of them. Snake case, as the listing that OpenAI
//! and others have.

mod body;

use crate::context::Context;
use crate::error::ApiError;
use crate::inventory::Things;
use crate::page::Parameters;
use crate::route::{Access, Route};
use axum::Json;
use body::{ModelBody, ModelsBody};
use std::collections::{BTreeMap, HashSet};
use wardgate_core::api_key::Role;
use wardgate_model::{Model, Provider};

pub(crate) fn routes() -> Vec<Route> {
    let route = Route::get("/v1/models", Access::Account(Role::Viewer), handle)
        .named(
            "listModels",
            "Models",
            "Lists the models that an account can call: those of providers that it has a credential for.",
        )
        .answers::<ModelsBody>(200);
    vec![route]
}

async fn handle(context: Context, parameters: Parameters) -> Result<Json<ModelsBody>, ApiError> {
    parameters.finish()?;
    let things = Things::read(&context).await?;
    let mut data = catalogued(&things);
    for provider in things.overlay.providers().filter(|provider| provider.works_without_key()) {
        data.extend(provider.declared_models.iter().map(|model| ModelBody::declared(provider, model)));
    }
    Ok(Json(ModelsBody::new(data)))
}

/// A model, and who serves it.
type Served<'c> = (&'c Model, &'c Provider);

/// The models of the catalog, each once, with the providers that serve it here.
fn catalogued(things: &Things) -> Vec<ModelBody> {
    let material = &things.material;
    let own = material.provider_keys.iter().map(|key| key.provider_name.as_str());
    let managed = material.managed_keys.iter().map(|key| key.provider_name.as_str());
    let with_key: HashSet<&str> = own.chain(managed).collect();
    let mut by_slug: BTreeMap<&str, Vec<Served<'_>>> = BTreeMap::new();
    for model in things.overlay.catalog().models().iter().filter(|model| model.is_offered) {
        let Some(provider) = things.overlay.provider(model.provider.as_str()) else { continue };
        if provider.works_without_key() || with_key.contains(provider.name.as_str()) {
            by_slug.entry(&model.slug).or_default().push((model, provider));
        }
    }
    by_slug.into_values().filter_map(|served| ModelBody::catalogued(&served)).collect()
}
