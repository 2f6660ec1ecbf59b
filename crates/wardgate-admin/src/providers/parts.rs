//! The surfaces and models of a custom provider, as parts of a body.

use super::base_url::BaseUrl;
use crate::body::{Items, Nested, OneOf, Optional, Problems, Required, Text, body};
use crate::context::Context;
use crate::values;
use std::collections::HashSet;
use wardgate_core::format::{Family, Surface};
use wardgate_core::id::CustomModelId;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::provider::{CustomModel, CustomSurface, DeclaredPrices};

/// The most surfaces that are read; more than there are kinds would be repetitions.
const SURFACES_MAX: usize = 20;

/// The most models that a provider may declare.
const MODELS_MAX: usize = 1_000;

/// The most parameters in a list of them.
const PARAMS_MAX: usize = 100;

const MISSING: Option<&str> = Some("ERR_NGROK_27704");

fn format() -> OneOf<Family> {
    OneOf {
        words: Family::ALL.map(|family| (family.name(), family)).into(),
        code: "unsupported_format",
        error_code: Some("ERR_NGROK_27707"),
        missing_code: MISSING,
    }
}

fn surface() -> OneOf<Surface> {
    OneOf {
        words: Surface::ALL.map(|surface| (surface.name(), surface)).into(),
        code: "unsupported_surface",
        error_code: Some("ERR_NGROK_27708"),
        missing_code: MISSING,
    }
}

body! {
    /// A parameter at the top of a body.
    ProviderParamWrite {
        /// Its name.
        name: String = Required(Text::max(255).filled(None)),
    }
    example {"name": "temperature"}
}

body! {
    /// One surface of a custom provider.
    ProviderSurfaceWrite {
        /// The family of formats.
        format: Family = Required(format()),
        /// Which of the family; without it, its first one.
        surface: Option<Surface> = Optional(surface()),
        /// Its own base URL, where it differs from the provider's.
        base_url: Option<String> = Optional(BaseUrl { is_required: false }),
        /// The parameters at the top of a body that it takes; others are removed. Empty: it takes all.
        supported_params: Option<Vec<ProviderParamWrite>> = Optional(
            Items::of(Nested::<ProviderParamWrite>::new(), PARAMS_MAX)
                .unique(|param: &ProviderParamWrite| param.name.clone(), "duplicate_param", None, None)
        ),
    }
    example {"format": "openai", "surface": "chat-completions"}
}

body! {
    /// One declared model of a custom provider.
    ProviderModelWrite {
        /// What clients write after the colon; upper and lower case are the same.
        model_id: String = Required(Text::max(255).too_long("ERR_NGROK_27709").filled(MISSING)),
        /// What is sent upstream, where it differs.
        provider_model_id: Option<String> = Optional(Text::max(255).too_long("ERR_NGROK_27713")),
        /// What a million tokens of input cost, in dollars; without it, nothing.
        input_price: Option<PicoUsdPerToken> = Optional(values::price()),
        /// What a million tokens of output cost, in dollars; without it, nothing.
        output_price: Option<PicoUsdPerToken> = Optional(values::price()),
        /// The parameters at the top of a body that are removed for this model.
        unsupported_params: Option<Vec<String>> = Optional(
            Items::of(Text::max(255).too_long("ERR_NGROK_27714").filled(Some("ERR_NGROK_27717")), PARAMS_MAX)
                .too_many("ERR_NGROK_27716")
                .unique(Clone::clone, "duplicate_param", Some("ERR_NGROK_27715"), None)
        ),
    }
    example {"modelId": "qwen3:8b"}
}

/// The field `supportedApiSurfaces`.
pub(super) fn surfaces() -> Items<Nested<ProviderSurfaceWrite>> {
    Items::of(Nested::new(), SURFACES_MAX)
}

/// The field `models`. Ids are compared without case, as they are when a request names one.
pub(super) fn models() -> Items<Nested<ProviderModelWrite>> {
    let id = |model: &ProviderModelWrite| model.model_id.to_lowercase();
    Items::of(Nested::new(), MODELS_MAX).unique(id, "duplicate_model", Some("ERR_NGROK_27711"), Some("modelId"))
}

/// The surfaces that are meant.
pub(super) fn read_surfaces(written: &[ProviderSurfaceWrite], problems: &mut Problems) -> Vec<CustomSurface> {
    let mut surfaces: Vec<CustomSurface> = Vec::new();
    let mut seen = HashSet::new();
    for (number, write) in written.iter().enumerate() {
        let path = format!("supportedApiSurfaces[{number}]");
        let of_family = || Surface::ALL.into_iter().filter_map(|surface| Some((surface, surface.format_of(write.format)?)));
        let meant = of_family().find(|(surface, _)| write.surface.is_none_or(|wanted| wanted == *surface));
        let Some((surface, format)) = meant else {
            let names: Vec<_> = of_family().map(|(surface, _)| format!("\"{}\"", surface.name())).collect();
            let why = format!("must be {} with the format \"{}\"", names.join(" or "), write.format.name());
            problems.add(format!("{path}.surface"), "unsupported_surface", Some("ERR_NGROK_27708"), why);
            continue;
        };
        if !seen.insert((surface, format)) {
            problems.add(path, "duplicate_surface", None, "declares a surface that stands in the list already");
            continue;
        }
        let params = write.supported_params.iter().flatten().map(|param| param.name.clone());
        let (base_url, supported_params) = (write.base_url.clone(), params.collect());
        surfaces.push(CustomSurface { surface, format, base_url, supported_params });
    }
    surfaces
}

/// The models that are meant. One that was there before keeps its id.
pub(super) fn read_models(context: &Context, written: &[ProviderModelWrite], before: &[CustomModel]) -> Vec<CustomModel> {
    let id_of = |model_id: &str| {
        let same = before.iter().find(|model| model.model_id.eq_ignore_ascii_case(model_id));
        same.map_or_else(|| CustomModelId::new(context.now(), context.random()), |model| model.id)
    };
    let model = |write: &ProviderModelWrite| CustomModel {
        id: id_of(&write.model_id),
        model_id: write.model_id.clone(),
        provider_model_id: write.provider_model_id.clone().filter(|text| !text.is_empty()),
        unsupported_params: write.unsupported_params.clone().unwrap_or_default(),
        prices: (write.input_price.is_some() || write.output_price.is_some()).then(|| DeclaredPrices {
            input: write.input_price.unwrap_or_default(),
            output: write.output_price.unwrap_or_default(),
        }),
    };
    written.iter().map(model).collect()
}
