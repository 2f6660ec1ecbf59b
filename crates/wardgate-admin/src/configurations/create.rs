//! `POST /access-key-configurations`.

use super::parts::{CODES, METADATA, NAME, NewIds, Part, fields, make_keys, unmake_keys};
use super::{ConfigurationBody, Configurations};
use crate::body::{Change, JsonObject, Nullable, Optional, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::inventory::Things;
use crate::resource::{self, Resource as _};
use crate::route::{Access, Route};
use crate::text::DESCRIPTION;
use axum::response::Response;
use serde_json::Value;
use wardgate_core::configuration::Configuration;
use wardgate_core::id::ConfigurationId;
use wardgate_core::label::Label;
use wardgate_policy::configuration::Document;

body! {
    /// What makes an access-key configuration.
    AccessKeyConfigurationCreate {
        /// A name for people.
        name: String = Required(NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// Which providers and models may be called; without it, all.
        access: Change<Value> = Nullable(Part::Access),
        /// Which credentials providers and models are called with; without it, the account's own, then managed ones.
        router: Change<Value> = Nullable(Part::Router),
        /// Expressions that must be true of a request.
        admit: Change<Value> = Nullable(Part::Admit),
        /// Which models may answer, in which order, by expressions.
        model_selection: Change<Value> = Nullable(Part::ModelSelection),
        /// Which keys a model is called with, in which order, by expressions.
        key_selection: Change<Value> = Nullable(Part::KeySelection),
        /// How parameters of a request are changed before it is sent.
        transform: Change<Value> = Nullable(Part::Transform),
    }
    example {"name": "OpenAI only", "access": {"providers": {"allow": ["openai"]}}}
}

pub(super) fn route(access: Access) -> Route {
    Route::post(Configurations::PATH, access, handle)
        .named("createAccessKeyConfiguration", Configurations::TAG, "Makes a new access-key configuration.")
        .body::<AccessKeyConfigurationCreate>()
        .answers::<ConfigurationBody>(201)
}

async fn handle(context: Context, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<AccessKeyConfigurationCreate>(&mut problems);
    let wanted = problems.settle(read)?;
    let things = Things::read(&context).await?;
    let mut problems = Problems::default();
    let fields = fields([
        (Part::Access, &wanted.access),
        (Part::Router, &wanted.router),
        (Part::Admit, &wanted.admit),
        (Part::ModelSelection, &wanted.model_selection),
        (Part::KeySelection, &wanted.key_selection),
        (Part::Transform, &wanted.transform),
    ]);
    let ready = NewIds::default().read(&context, &things, &Document::default(), &fields, &mut problems);
    let ready = problems.settle(ready)?;
    let configuration = Configuration {
        id: ConfigurationId::new(context.now(), context.random()),
        account_id: context.account_id()?,
        label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
        document: ready.document.to_text(),
        references: ready.references,
        stamp: context.first_stamp(),
    };
    make_keys(&context, &ready.new_keys).await?;
    match store(&context, &configuration).await {
        Ok(shown) => Ok(resource::created::<Configurations>(&context, &configuration, &shown)),
        Err(error) => {
            unmake_keys(&context, &ready.new_keys).await;
            Err(error)
        }
    }
}

async fn store(context: &Context, configuration: &Configuration) -> Result<ConfigurationBody, ApiError> {
    let shown = resource::show_one::<Configurations>(context, configuration.clone()).await?;
    let action = format!("{}.create", Configurations::ACTION);
    let audit = context.audit(context.caller.account_id, action, configuration.id, None, Some(&shown));
    context.tenant()?.create(configuration, &audit).await.map_err(|error| CODES.error(error))?;
    Ok(shown)
}
