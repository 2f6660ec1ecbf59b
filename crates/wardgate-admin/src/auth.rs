//! Who is calling, and whether they may.
//!
//! Every request presents a key, and the key's row is read each time: a deleted key stops working with the next request. What
//! is remembered for a minute is only that a secret was checked, because that costs a millisecond of a core. An unknown key
//! and a wrong secret are answered alike; a store that does not answer is never a reason to call a key wrong.

pub(crate) mod verified;

use crate::app::{App, AppState};
use crate::error::ApiError;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use wardgate_core::account::Account;
use wardgate_core::api_key::Role;
use wardgate_core::id::{AccountId, ApiKeyId, OperatorKeyId};
use wardgate_keys::hash;
use wardgate_keys::token::{self, BadToken, KeyId, Token, TokenKind};

/// Names the account that an operator key acts in, by id or by name.
const ACCOUNT_HEADER: &str = "x-wardgate-account";

/// Someone whose key was checked, and who may do what they ask for.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The account that the request is about.
    pub(crate) account_id: AccountId,
    /// The id of the key, for `createdBy`.
    pub(crate) actor: String,
    /// From where the request came, where the server says so.
    pub(crate) address: Option<IpAddr>,
}

/// Lets a request through whose key may do it, with its [`Caller`] attached.
pub(crate) async fn require(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut caller, role) = authenticate(&app, request.headers()).await?;
    caller.address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if role == Role::Viewer && !reads {
        let msg = "This API key has the role viewer, which may only read.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "role_may_not_write", msg));
    }
    request.extensions_mut().insert(caller);
    if reads { Ok(next.run(request).await) } else { Ok(to_its_end(next.run(request)).await) }
}

/// Runs a write to its end even when the client goes away meanwhile. The server then drops the request's future, and a write
/// dropped between its commit and the news of it would leave a revoked key working wherever it is remembered.
async fn to_its_end(write: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(write).await {
        Ok(response) => response,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

async fn authenticate(app: &AppState, headers: &HeaderMap) -> Result<(Caller, Role), ApiError> {
    let text = bearer(headers)?;
    match token::parse::<ApiKeyId>(text) {
        Ok(token) => api_key(app, &token, headers).await,
        Err(BadToken::Kind { found: TokenKind::OperatorKey, .. }) => {
            let token = token::parse::<OperatorKeyId>(text).map_err(malformed)?;
            operator_key(app, &token, headers).await
        }
        Err(error) => Err(malformed(error)),
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let missing =
        || ApiError::unauthorized("missing_key", "Send an API key in the header Authorization, as: Bearer nga-…-g1-…");
    let text = headers.get(header::AUTHORIZATION).ok_or_else(missing)?.to_str().map_err(|_| missing())?;
    let (scheme, key) = text.trim().split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key.trim()) } else { Err(missing()) }
}

/// The text of a [`BadToken`] says what is wrong with the form and holds nothing of the key.
fn malformed(error: BadToken) -> ApiError {
    ApiError::unauthorized("malformed_key", format!("The key in the header Authorization is not usable: {error}."))
}

fn unknown() -> ApiError {
    ApiError::unauthorized("unknown_key", "This key is not known here: it was deleted, or is of another gateway.")
}

async fn api_key(app: &AppState, token: &Token<'_, ApiKeyId>, headers: &HeaderMap) -> Result<(Caller, Role), ApiError> {
    let key = app.deps.store.api_key(token.id).await?.filter(|key| key.deleted_at.is_none()).ok_or_else(unknown)?;
    check_secret(app, token, &key.secret_hash).await?;
    if headers.contains_key(ACCOUNT_HEADER) {
        let msg = format!("The header {ACCOUNT_HEADER} is for operator keys; an API key always acts in its own account.");
        return Err(ApiError::bad_request("account_header_not_allowed", msg));
    }
    Ok((Caller { account_id: key.account_id, actor: key.id.to_string(), address: None }, key.role))
}

async fn operator_key(
    app: &AppState,
    token: &Token<'_, OperatorKeyId>,
    headers: &HeaderMap,
) -> Result<(Caller, Role), ApiError> {
    let key = app.deps.store.operator_key(token.id).await?.filter(|key| key.deleted_at.is_none()).ok_or_else(unknown)?;
    check_secret(app, token, &key.secret_hash).await?;
    let account = named_account(app, headers).await?;
    Ok((Caller { account_id: account.id, actor: key.id.to_string(), address: None }, Role::Admin))
}

async fn named_account(app: &AppState, headers: &HeaderMap) -> Result<Account, ApiError> {
    let named =
        headers.get(ACCOUNT_HEADER).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
    let Some(named) = named else {
        let msg = format!("An operator key acts in any account: name one by id or name in the header {ACCOUNT_HEADER}.");
        return Err(ApiError::bad_request("account_header_missing", msg));
    };
    let found = match named.parse::<AccountId>() {
        Ok(id) => app.account(id).await?,
        Err(_) => app.deps.store.account_by_name(named).await?,
    };
    found.ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "account_not_found", format!("The header {ACCOUNT_HEADER} names no account."))
            .known_as(Some("ERR_NGROK_27611"))
    })
}

async fn check_secret<Id: KeyId + Display>(app: &AppState, token: &Token<'_, Id>, secret_hash: &str) -> Result<(), ApiError> {
    let id = token.id.to_bytes();
    let digest = hash::Digest::of(token.secret);
    if app.verified.knows(id, &digest, secret_hash, app.now()) {
        return Ok(());
    }
    let secret = wardgate_core::secret::Secret::from(token.secret);
    let stored = secret_hash.to_owned();
    match app.hash(move || hash::verify(secret.expose(), &stored)).await? {
        Ok(true) => {
            app.verified.remember(id, digest, secret_hash, app.now());
            Ok(())
        }
        Ok(false) => Err(unknown()),
        Err(error) => Err(ApiError::internal(&error)),
    }
}
