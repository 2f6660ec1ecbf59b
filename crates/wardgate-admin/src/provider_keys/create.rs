//! `POST /provider-keys`: takes a credential and seals it.

use super::ProviderKeyBody;
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
use wardgate_core::id::{AccountId, ProviderKeyId};
use wardgate_core::label::Label;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::CustomProvider;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::secret::{Secret, redact};
use wardgate_core::stamp::Stamp;
use wardgate_keys::seal::DataKey;
use wardgate_store::kinds::CustomProviderFilter;
use wardgate_store::{Collection, StoreError};

const MISSING: Option<&str> = Some("ERR_NGROK_27510");
const PROVIDER_ID: TextRule =
    TextRule::optional("providerId", 255, "provider_id_too_long", Some("ERR_NGROK_27508")).required(MISSING);
const NAME: TextRule = TextRule::optional("name", 255, "name_too_long", Some("ERR_NGROK_27501")).required(MISSING);
const VALUE: TextRule = TextRule::optional("value", 8_192, "value_too_long", None).required(Some("ERR_NGROK_27507"));
const DESCRIPTION: TextRule = TextRule::optional("description", 255, "description_too_long", Some("ERR_NGROK_27502"));
const METADATA: TextRule = TextRule::optional("metadata", 4_096, "metadata_too_long", Some("ERR_NGROK_27503"));

/// What is asked for.
struct Wanted {
    provider_name: ProviderName,
    name: String,
    value: Secret,
    description: Option<String>,
    metadata: Option<String>,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: JsonObject,
) -> Result<impl IntoResponse, ApiError> {
    let wanted = read(&app, caller.account_id, body).await?;
    let now = app.now();
    let id = ProviderKeyId::new(now, &*app.deps.random);
    let data_key = data_key(&app, caller.account_id).await?;
    let key = ProviderKey {
        id,
        account_id: caller.account_id,
        provider_name: wanted.provider_name,
        label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
        sealed_value: data_key.seal(id, &wanted.value, &*app.deps.random),
        redacted: redact(wanted.value.expose()),
        last_used_at: None,
        stamp: Stamp::first(now, &caller.actor),
    };
    let body = ProviderKeyBody::new(&app, key.clone());
    let audit = audit::entry(&app, &caller, "provider_key.create", id, None, Some(&body));
    match app.deps.store.tenant(caller.account_id).create(&key, &audit).await {
        Ok(()) => Ok((StatusCode::CREATED, Json(body))),
        Err(error @ StoreError::Full { .. }) => Err(ApiError::from(error).known_as(Some("ERR_NGROK_27506"))),
        Err(error) => Err(error.into()),
    }
}

async fn read(app: &AppState, account_id: AccountId, body: JsonObject) -> Result<Wanted, ApiError> {
    let mut problems = Problems::default();
    let mut fields = Fields::of_body(body);
    let provider = fields.text(&PROVIDER_ID, &mut problems);
    let name = fields.text(&NAME, &mut problems);
    let value = fields.text(&VALUE, &mut problems).map(Secret::new);
    let description = fields.text(&DESCRIPTION, &mut problems);
    let metadata = fields.text(&METADATA, &mut problems);
    fields.finish(&mut problems);

    if let Some(why) = value.as_ref().and_then(|value| unfit_for_a_header(value.expose())) {
        problems.add("value".to_owned(), "value_not_printable", None, why);
    }
    let mut provider_name = None;
    if let Some(text) = provider {
        provider_name = known_provider(app, account_id, &text).await?;
        if provider_name.is_none() {
            let why = "is neither a built-in provider nor a custom provider of this account";
            problems.add("providerId".to_owned(), "unknown_provider", Some("ERR_NGROK_27508"), why);
        }
    }
    problems.check()?;
    match (provider_name, name, value) {
        (Some(provider_name), Some(name), Some(value)) => Ok(Wanted { provider_name, name, value, description, metadata }),
        _ => unreachable!("a required field that is absent is a problem"),
    }
}

/// The value will stand in a header. It is refused rather than trimmed: a line break in it means that more than the key was
/// copied, and only the person knows what.
fn unfit_for_a_header(value: &str) -> Option<&'static str> {
    if value.starts_with(' ') || value.ends_with(' ') {
        Some("begins or ends with a space: remove it")
    } else if value.bytes().any(|byte| !matches!(byte, b' '..=b'~')) {
        Some("must consist of printable ASCII characters: remove line breaks and quotes that came with the copy")
    } else {
        None
    }
}

async fn known_provider(app: &AppState, account_id: AccountId, text: &str) -> Result<Option<ProviderName>, ApiError> {
    let Ok(name) = ProviderName::new(text) else { return Ok(None) };
    if (app.deps.builtin_providers)(text) {
        return Ok(Some(name));
    }
    let filter = CustomProviderFilter { provider: Some(name.clone()), ..CustomProviderFilter::default() };
    let count = Collection::<CustomProvider>::count(&*app.deps.store.tenant(account_id), &filter).await?;
    Ok((count > 0).then_some(name))
}

async fn data_key(app: &AppState, account_id: AccountId) -> Result<DataKey, ApiError> {
    let account = app.account(account_id).await?.ok_or_else(|| ApiError::not_found("account"))?;
    app.deps.master_key.open_data_key(account_id, &account.sealed_data_key).map_err(|error| ApiError::internal(&error))
}
