//! `POST /providers`: defines an upstream.

use super::{ProviderBody, base_url, parts};
use crate::app::{App, AppState};
use crate::audit;
use crate::auth::Caller;
use crate::body::{Fields, JsonObject, Problems};
use crate::error::ApiError;
use crate::text::TextRule;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use wardgate_core::id::CustomProviderId;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;
use wardgate_core::stamp::Stamp;
use wardgate_store::StoreError;

const MISSING: Option<&str> = Some("ERR_NGROK_27704");
const PROVIDER_ID: TextRule =
    TextRule::optional("providerId", 255, "provider_id_too_long", Some("ERR_NGROK_27706")).required(MISSING);
const NAME: TextRule = TextRule::optional("name", 255, "name_too_long", Some("ERR_NGROK_27701")).required(MISSING);
const BASE_URL: TextRule = TextRule::optional("baseUrl", 2_048, "base_url_too_long", Some("ERR_NGROK_27703")).required(MISSING);
const METADATA: TextRule = TextRule::optional("metadata", 4_096, "metadata_too_long", Some("ERR_NGROK_27702"));

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: JsonObject,
) -> Result<impl IntoResponse, ApiError> {
    let provider = read(&app, &caller, body)?;
    let body = ProviderBody::new(&app, provider.clone());
    let audit = audit::entry(&app, &caller, "provider.create", provider.id, None, Some(&body));
    match app.deps.store.tenant(caller.account_id).create(&provider, &audit).await {
        Ok(()) => Ok((StatusCode::CREATED, Json(body))),
        Err(error @ StoreError::Conflict { .. }) => Err(ApiError::from(error).known_as(Some("ERR_NGROK_27712"))),
        Err(error) => Err(error.into()),
    }
}

fn read(app: &AppState, caller: &Caller, body: JsonObject) -> Result<CustomProvider, ApiError> {
    let now = app.now();
    let mut problems = Problems::default();
    let mut fields = Fields::of_body(body);
    let provider_name = provider_name(app, &mut fields, &mut problems);
    let display_name = fields.text(&NAME, &mut problems);
    let base_url = fields.text(&BASE_URL, &mut problems);
    let metadata = fields.text(&METADATA, &mut problems);
    let surfaces = parts::surfaces(&mut fields, &mut problems);
    let models = parts::models(&mut fields, now, &*app.deps.random, &mut problems);
    fields.finish(&mut problems);
    if let Some(why) = base_url.as_deref().and_then(base_url::problem) {
        problems.add("baseUrl".to_owned(), "bad_base_url", None, why);
    }
    problems.check()?;
    let (Some(provider_name), Some(display_name), Some(base_url)) = (provider_name, display_name, base_url) else {
        unreachable!("a required field that is absent is a problem");
    };
    Ok(CustomProvider {
        id: CustomProviderId::new(now, &*app.deps.random),
        account_id: caller.account_id,
        provider_name,
        display_name,
        base_url,
        metadata,
        surfaces,
        models,
        stamp: Stamp::first(now, &caller.actor),
    })
}

fn provider_name(app: &AppState, fields: &mut Fields, problems: &mut Problems) -> Option<ProviderName> {
    let text = fields.text(&PROVIDER_ID, problems)?;
    let path = "providerId".to_owned();
    match ProviderName::new(&text) {
        Err(error) => problems.add(path, "bad_provider_id", None, error.to_string()),
        Ok(_) if (app.deps.builtin_providers)(&text) => {
            let why = "is the id of a built-in provider: choose another";
            problems.add(path, "provider_id_reserved", Some("ERR_NGROK_27705"), why);
        }
        Ok(name) => return Some(name),
    }
    None
}
