//! Reading the surfaces and models of a custom provider.

use super::{base_url, format_name};
use crate::body::{Fields, Problems};
use crate::text::TextRule;
use serde_json::Value;
use std::collections::HashSet;
use wardgate_core::format::Surface;
use wardgate_core::id::CustomModelId;
use wardgate_core::provider::{CustomModel, CustomSurface};
use wardgate_core::random::Random;
use wardgate_core::time::Timestamp;

/// The most surfaces that are read; more than there are kinds would be repetitions.
const SURFACES_MAX: usize = 20;

/// The most models that a provider may declare.
const MODELS_MAX: usize = 1_000;

const FORMAT: TextRule =
    TextRule::optional("format", 64, "unsupported_format", Some("ERR_NGROK_27707")).required(Some("ERR_NGROK_27704"));
const SURFACE: TextRule = TextRule::optional("surface", 64, "unsupported_surface", Some("ERR_NGROK_27708"));
const BASE_URL: TextRule = TextRule::optional("baseUrl", 2_048, "base_url_too_long", Some("ERR_NGROK_27703"));
const MODEL_ID: TextRule =
    TextRule::optional("modelId", 255, "model_id_too_long", Some("ERR_NGROK_27709")).required(Some("ERR_NGROK_27704"));
const PROVIDER_MODEL_ID: TextRule =
    TextRule::optional("providerModelId", 255, "provider_model_id_too_long", Some("ERR_NGROK_27713"));

/// The field `supportedApiSurfaces`.
pub(crate) fn surfaces(fields: &mut Fields, problems: &mut Problems) -> Vec<CustomSurface> {
    let items = fields.list("supportedApiSurfaces", SURFACES_MAX, problems);
    let mut surfaces: Vec<CustomSurface> = Vec::new();
    for (number, item) in items.into_iter().enumerate() {
        let path = format!("supportedApiSurfaces[{number}]");
        let Some(surface) = surface(path.clone(), item, problems) else { continue };
        if surfaces.iter().any(|other| other.surface == surface.surface) {
            problems.add(path, "duplicate_surface", None, "declares a surface that stands in the list already");
        } else {
            surfaces.push(surface);
        }
    }
    surfaces
}

fn surface(path: String, item: Value, problems: &mut Problems) -> Option<CustomSurface> {
    let mut fields = Fields::of_item(path, item, problems)?;
    let format = fields.text(&FORMAT, problems);
    let name = fields.text(&SURFACE, problems);
    let base_url = fields.text(&BASE_URL, problems).filter(|text| !text.is_empty());
    fields.unsupported("supportedParams", problems);
    let (format_path, surface_path, url_path) = (fields.path("format"), fields.path("surface"), fields.path("baseUrl"));
    fields.finish(problems);

    if let Some(why) = base_url.as_deref().and_then(base_url::problem) {
        problems.add(url_path, "bad_base_url", None, why);
    }
    let format = format?;
    let of_format = || Surface::ALL.into_iter().filter(|surface| format_name(*surface) == format);
    if of_format().next().is_none() {
        let why = "must be \"openai\" or \"anthropic\"";
        problems.add(format_path, "unsupported_format", Some("ERR_NGROK_27707"), why);
        return None;
    }
    // Each format has one surface so far, so the format alone says which is meant.
    let found = of_format().find(|surface| name.as_deref().is_none_or(|name| name == surface.name()));
    if found.is_none() {
        let names: Vec<_> = of_format().map(Surface::name).collect();
        let why = format!("must be \"{}\" with the format \"{format}\"", names.join("\" or \""));
        problems.add(surface_path, "unsupported_surface", Some("ERR_NGROK_27708"), why);
    }
    found.map(|surface| CustomSurface { surface, base_url, supported_params: Vec::new() })
}

/// The field `models`. Ids are compared without case, as they are when a request names one.
pub(crate) fn models(fields: &mut Fields, now: Timestamp, random: &dyn Random, problems: &mut Problems) -> Vec<CustomModel> {
    let items = fields.list("models", MODELS_MAX, problems);
    let mut seen = HashSet::new();
    let mut models = Vec::new();
    for (number, item) in items.into_iter().enumerate() {
        let Some(mut fields) = Fields::of_item(format!("models[{number}]"), item, problems) else { continue };
        let model_id = fields.text(&MODEL_ID, problems);
        let provider_model_id = fields.text(&PROVIDER_MODEL_ID, problems).filter(|text| !text.is_empty());
        fields.unsupported("unsupportedParams", problems);
        let path = fields.path("modelId");
        fields.finish(problems);
        let Some(model_id) = model_id else { continue };
        if seen.insert(model_id.to_lowercase()) {
            models.push(CustomModel {
                id: CustomModelId::new(now, random),
                model_id,
                provider_model_id,
                unsupported_params: Vec::new(),
            });
        } else {
            let why = "stands in the list already (upper and lower case are the same)";
            problems.add(path, "duplicate_model", Some("ERR_NGROK_27711"), why);
        }
    }
    models
}
