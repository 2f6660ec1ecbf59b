//! `POST /access-keys`: makes a key and shows its token, this once.

use super::AccessKeyBody;
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
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::stamp::Stamp;
use wardgate_keys::mint;

const NAME: TextRule = TextRule::optional("name", 255, "name_too_long", Some("ERR_NGROK_27603"));
const DESCRIPTION: TextRule = TextRule::optional("description", 255, "description_too_long", Some("ERR_NGROK_27004"));
const METADATA: TextRule = TextRule::optional("metadata", 4_096, "metadata_too_long", Some("ERR_NGROK_27604"));
const TEAM_ID: TextRule = TextRule::optional("teamId", 64, "unknown_team", None);

/// What is asked for.
struct Wanted {
    name: Option<String>,
    description: Option<String>,
    metadata: Option<String>,
    team_id: TeamId,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: JsonObject,
) -> Result<impl IntoResponse, ApiError> {
    let wanted = read(body, default_team(&app, caller.account_id).await?)?;
    let now = app.now();
    let id = AccessKeyId::new(now, &*app.deps.random);
    let random = Arc::clone(&app.deps.random);
    let minted = app.hash(move || mint::mint(id, &*random)).await?.map_err(|error| ApiError::internal(&error))?;
    let key = AccessKey {
        id,
        account_id: caller.account_id,
        team_id: wanted.team_id,
        label: Label { name: wanted.name, description: wanted.description, metadata: wanted.metadata },
        configuration_id: None,
        tags: Vec::new(),
        secret_hash: minted.secret_hash,
        previous_secret: None,
        redacted: minted.redacted,
        expires_at: None,
        disabled_at: None,
        allowed_networks: Vec::new(),
        stamp: Stamp::first(now, &caller.actor),
        last_used_at: None,
        revoked_at: None,
    };
    let mut body = AccessKeyBody::new(&app, key.clone(), None);
    let audit = audit::entry(&app, &caller, "access_key.create", id, None, Some(&body));
    app.deps.store.tenant(caller.account_id).create(&key, &audit).await?;
    body.token = Some(minted.token.expose().to_owned());
    Ok((StatusCode::CREATED, Json(body)))
}

fn read(body: JsonObject, default_team: TeamId) -> Result<Wanted, ApiError> {
    let mut problems = Problems::default();
    let mut fields = Fields::of_body(body);
    let name = fields.text(&NAME, &mut problems);
    let description = fields.text(&DESCRIPTION, &mut problems);
    let metadata = fields.text(&METADATA, &mut problems);
    fields.unsupported("accessKeyConfigurationId", &mut problems);
    let team_id = match fields.text(&TEAM_ID, &mut problems) {
        None => default_team,
        Some(text) if text.parse() == Ok(default_team) => default_team,
        Some(_) => {
            let why = "names no team of this account: leave it out for the team \"default\"";
            problems.add("teamId".to_owned(), "unknown_team", None, why);
            default_team
        }
    };
    fields.finish(&mut problems);
    problems.check()?;
    Ok(Wanted { name, description, metadata, team_id })
}

async fn default_team(app: &AppState, account_id: AccountId) -> Result<TeamId, ApiError> {
    app.account(account_id).await?.map(|account| account.default_team_id).ok_or_else(|| ApiError::not_found("account"))
}
