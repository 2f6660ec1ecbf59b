//! `PATCH /virtual-models/{id}`.

use super::VirtualModels;
use super::create::{NAME, check, models};
use crate::body::{Change, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::Update;
use crate::text::{DESCRIPTION, METADATA, change_label};
use wardgate_core::configuration::VirtualModel;

body! {
    /// What changes a virtual model.
    VirtualModelUpdate {
        /// What clients write as the model.
        name: Option<String> = Kept(NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// The models, in place of those that are there.
        models: Option<Vec<String>> = Kept(models()),
    }
    example {"models": ["openai:gpt-4o-mini"]}
}

impl Update for VirtualModels {
    type Body = VirtualModelUpdate;

    async fn check(context: &Context, wanted: &VirtualModelUpdate) -> Result<(), ApiError> {
        check(context, wanted.name.as_ref(), wanted.models.as_ref()).await
    }

    fn apply(_: &Context, model: &mut VirtualModel, wanted: &VirtualModelUpdate, _: &mut Problems) {
        model.label.name = wanted.name.clone().or(model.label.name.take());
        change_label(&mut model.label, &wanted.description, &wanted.metadata);
        if let Some(models) = &wanted.models {
            model.models.clone_from(models);
        }
    }
}
