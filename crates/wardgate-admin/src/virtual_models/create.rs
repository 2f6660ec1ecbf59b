//! `POST /virtual-models`.

use super::VirtualModels;
use crate::body::{Items, Optional, Problems, Required, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::inventory::{Things, add_problems};
use crate::resource::{Create, Made};
use crate::text::{DESCRIPTION, METADATA};
use wardgate_core::configuration::{VIRTUAL_MODEL_TARGETS_MAX, VirtualModel};
use wardgate_core::id::VirtualModelId;
use wardgate_core::label::Label;
use wardgate_policy::configuration::ProblemKind;
use wardgate_policy::virtual_model::{NAME_CHARACTERS_MAX, check_name, check_targets};

pub(super) const NAME: Text = Text::max(NAME_CHARACTERS_MAX)
    .too_long("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_NAME_TOO_LONG")
    .filled(Some("ERR_NGROK_27006"))
    .described("^[A-Za-z0-9._-]+$");

/// The models that a name stands for.
pub(super) fn models() -> Items<Text> {
    Items::of(Text::max(512).filled(None), VIRTUAL_MODEL_TARGETS_MAX)
        .at_least(1)
        .too_many("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_TARGETS_OUT_OF_RANGE")
}

body! {
    /// What makes a virtual model.
    VirtualModelCreate {
        /// What clients write as the model: letters, digits, ".", "_" and "-"; unique within the account, in upper or lower case, and
        /// no model of the catalog.
        name: String = Required(NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// The models, in the order in which they are tried.
        models: Vec<String> = Required(models()),
    }
    example {"name": "fast", "models": ["openai:gpt-4o-mini", "groq:llama-3.1-8b-instant"]}
}

impl Create for VirtualModels {
    type Body = VirtualModelCreate;

    async fn make(context: &Context, wanted: VirtualModelCreate) -> Result<Made<VirtualModel>, ApiError> {
        check(context, Some(&wanted.name), Some(&wanted.models)).await?;
        Ok(Made::from(VirtualModel {
            id: VirtualModelId::new(context.now(), context.random()),
            account_id: context.account_id()?,
            label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
            models: wanted.models,
            stamp: context.first_stamp(),
        }))
    }
}

/// Whether a name may be one, and models lead somewhere.
pub(super) async fn check(context: &Context, name: Option<&String>, models: Option<&Vec<String>>) -> Result<(), ApiError> {
    let things = Things::read(context).await?;
    let mut problems = Problems::default();
    if let Some(name) = name {
        add_problems(check_name(name, &things.overlay).err(), code_of_name, &mut problems);
    }
    if let Some(models) = models {
        let found = check_targets("models", models, &things.material.virtual_models, &things.overlay).err();
        add_problems(found.unwrap_or_default(), code_of_target, &mut problems);
    }
    problems.check()
}

fn code_of_name(kind: ProblemKind) -> Option<&'static str> {
    match kind {
        ProblemKind::TooMany => Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_NAME_TOO_LONG"),
        ProblemKind::Malformed => Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_NAME_ILLEGAL_CHARACTER"),
        ProblemKind::Duplicate => Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_NAME_CONFLICT"),
        _ => None,
    }
}

fn code_of_target(kind: ProblemKind) -> Option<&'static str> {
    match kind {
        ProblemKind::TooMany => Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_TARGETS_OUT_OF_RANGE"),
        ProblemKind::UnknownModel | ProblemKind::UnknownProvider => Some("ERR_NGROK_AI_GATEWAY_VIRTUAL_MODEL_TARGET_NOT_FOUND"),
        _ => None,
    }
}
