//! `PATCH /access-key-configurations/{id}`.

use super::parts::{METADATA, NAME, NewIds, Part, fields, make_keys, unmake_keys};
use super::{ConfigurationBody, Configurations, document};
use crate::body::{Change, JsonObject, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::inventory::Things;
use crate::path::PathId;
use crate::resource::{self, Resource as _, Writes};
use crate::route::{Access, Route};
use crate::text::{DESCRIPTION, change_label};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use wardgate_core::configuration::Configuration;
use wardgate_core::id::ConfigurationId;

body! {
    /// What changes an access-key configuration.
    AccessKeyConfigurationUpdate {
        /// A name for people.
        name: Option<String> = Kept(NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// Which providers and models may be called, in place of what is there; or entries to add to and remove from the allow
        /// lists. Null: all.
        access: Change<Value> = Nullable(Part::Access),
        /// Which credentials providers and models are called with, in place of what is there. Null: the account's own, then
        /// managed ones.
        router: Change<Value> = Nullable(Part::Router),
        /// Expressions that must be true of a request, in place of those there. Null: none.
        admit: Change<Value> = Nullable(Part::Admit),
        /// Which models may answer, in place of what is there. Null: all, in the client's order.
        model_selection: Change<Value> = Nullable(Part::ModelSelection),
        /// Which keys a model is called with, in place of what is there. Null: all, in the order of the rules.
        key_selection: Change<Value> = Nullable(Part::KeySelection),
        /// How parameters are changed, in place of what is there. Null: not at all.
        transform: Change<Value> = Nullable(Part::Transform),
    }
    example {"access": {"providers": {"allow": ["openai", "anthropic"]}}}
}

pub(super) fn route(access: Access) -> Route {
    let summary = "Changes one access-key configuration: what is left out stays, null clears.";
    Route::patch(resource::item::<Configurations>(), access, handle)
        .path_id::<ConfigurationId>()
        .named("updateAccessKeyConfiguration", Configurations::TAG, summary)
        .body::<AccessKeyConfigurationUpdate>()
        .answers::<ConfigurationBody>(200)
        .versioned()
}

async fn handle(context: Context, PathId(id): PathId<ConfigurationId>, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<AccessKeyConfigurationUpdate>(&mut problems);
    let wanted = problems.settle(read)?;
    let present = resource::found::<Configurations>(&context, id).await?;
    context.preconditions.check(present.stamp.version)?;
    let things = Things::read(&context).await?;
    let fields = fields([
        (Part::Access, &wanted.access),
        (Part::Router, &wanted.router),
        (Part::Admit, &wanted.admit),
        (Part::ModelSelection, &wanted.model_selection),
        (Part::KeySelection, &wanted.key_selection),
        (Part::Transform, &wanted.transform),
    ]);
    let new_ids = NewIds::default();
    // The keys that come along stand in the new router, which replaces the stored one; so they are known from the first reading.
    let mut problems = Problems::default();
    let ready = new_ids.read(&context, &things, &document(&present)?, &fields, &mut problems);
    let ready = problems.settle(ready)?;
    make_keys(&context, &ready.new_keys).await?;
    let apply = |configuration: &mut Configuration, problems: &mut Problems| {
        configuration.label.name = wanted.name.clone().or(configuration.label.name.take());
        change_label(&mut configuration.label, &wanted.description, &wanted.metadata);
        if fields.is_empty() {
            return;
        }
        let Ok(stored) = document(configuration) else {
            problems.add("access", "unreadable_configuration", None, "cannot be changed: what is stored cannot be read");
            return;
        };
        if let Some(ready) = new_ids.read(&context, &things, &stored, &fields, problems) {
            configuration.document = ready.document.to_text();
            configuration.references = ready.references;
        }
    };
    match resource::change::<Configurations>(&context, id, "update", Writes::WhatShows, apply).await {
        Ok((configuration, shown)) => Ok(resource::answer(StatusCode::OK, configuration.stamp.version, &shown)),
        Err(error) => {
            unmake_keys(&context, &ready.new_keys).await;
            Err(error)
        }
    }
}
