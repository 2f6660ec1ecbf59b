//! Who is calling, and whether they may.
//!
//! Every request presents a key, and the key's row is read each time: a deleted key stops working with the next request. What
//! is remembered for a minute is only that a secret was checked, because that costs a millisecond of a core. An unknown key
//! and a wrong secret are answered alike; a store that does not answer is never a reason to call a key wrong.

pub(crate) mod seen;
pub(crate) mod verified;

use crate::app::{App, AppState};
use crate::error::ApiError;
use crate::idempotency;
use crate::route::Access;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use wardgate_core::account::Account;
use wardgate_core::api_key::Role;
use wardgate_core::id::{AccountId, ApiKeyId, OperatorKeyId};
use wardgate_core::time::Timestamp;
use wardgate_keys::hash;
use wardgate_keys::token::{self, BadToken, KeyId, Token, TokenKind};
use wardgate_store::{Collection, SeenKey};

/// Names the account that an operator key acts in, by id or by name.
pub(crate) const ACCOUNT_HEADER: &str = "x-wardgate-account";

/// The longest path and query of a request, in bytes.
const URI_BYTES_MAX: usize = 8 * 1024;

/// Someone whose key was checked, and who may do what they ask for.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The account that the request is about.
    pub(crate) account_id: Option<AccountId>,
    /// The id of the key, for `createdBy`.
    pub(crate) actor: String,
    /// What the key may do in that account.
    pub(crate) role: Role,
    /// Whether it is an operator key.
    pub(crate) is_operator: bool,
    /// From where the request came, where the server says so.
    pub(crate) address: Option<IpAddr>,
}

/// What is known of an endpoint in front of it.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) app: App,
    pub(crate) access: Access,
    /// Whether `Idempotency-Key`s are remembered for it, which it does not do by itself.
    pub(crate) remembers_keys: bool,
}

/// Lets a request through to an endpoint whose key may use it, with its [`Caller`] attached.
pub(crate) async fn enter(
    State(Entrance { app, access, remembers_keys }): State<Entrance>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.uri().path_and_query().map_or(0, |text| text.as_str().len()) > URI_BYTES_MAX {
        let msg = format!("The address is longer than {URI_BYTES_MAX} bytes.");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, "uri_too_long", msg));
    }
    if access == Access::Open {
        return Ok(next.run(request).await);
    }
    let mut caller = authenticate(&app, request.headers(), access).await?;
    caller.address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    require(&caller, access)?;
    request.extensions_mut().insert(caller.clone());
    let method = request.method().clone();
    let mut response = match method {
        Method::GET | Method::HEAD => next.run(request).await,
        Method::POST if remembers_keys => to_its_end(idempotency::run(app, caller, request, next)).await,
        _ => to_its_end(async { Ok(next.run(request).await) }).await,
    };
    let is_read = matches!(method, Method::GET | Method::HEAD);
    let cache = HeaderValue::from_static(if is_read { "private, no-cache" } else { "no-store" });
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

/// Runs a write to its end even when the client goes away meanwhile. The server then drops the request's future, and a write
/// dropped between its commit and the news of it would leave a revoked key working wherever it is remembered.
async fn to_its_end(write: impl Future<Output = Result<Response, ApiError>> + Send + 'static) -> Response {
    match tokio::spawn(write).await {
        Ok(response) => response.into_response(),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

/// Whether this caller may use an endpoint.
fn require(caller: &Caller, access: Access) -> Result<(), ApiError> {
    match access {
        Access::Open => Ok(()),
        Access::Account(role) | Access::Anywhere(role) if caller.role < role => {
            let msg = format!("This API key has the role {}; this takes the role {}.", caller.role.name(), role.name());
            Err(ApiError::new(StatusCode::FORBIDDEN, "role_too_low", msg))
        }
        Access::Operator | Access::OperatorInAccount if !caller.is_operator => {
            let msg = "Only operator keys (ngo-…) may do this; an API key manages its own account.";
            Err(ApiError::new(StatusCode::FORBIDDEN, "operator_only", msg))
        }
        Access::Account(_) | Access::OperatorInAccount if caller.account_id.is_none() => Err(account_header_missing()),
        Access::Account(_) | Access::Anywhere(_) | Access::OperatorInAccount | Access::Operator => Ok(()),
    }
}

async fn authenticate(app: &App, headers: &HeaderMap, access: Access) -> Result<Caller, ApiError> {
    let text = bearer(headers)?;
    match token::parse::<ApiKeyId>(text) {
        Ok(token) => api_key(app, &token, headers).await,
        Err(BadToken::Kind { found: TokenKind::OperatorKey, .. }) => {
            let token = token::parse::<OperatorKeyId>(text).map_err(malformed)?;
            operator_key(app, &token, headers, access).await
        }
        Err(error) => Err(malformed(error)),
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let text = headers.get(header::AUTHORIZATION).ok_or_else(missing_key)?.to_str().map_err(|_| missing_key())?;
    let (scheme, key) = text.trim().split_once(' ').ok_or_else(missing_key)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key.trim()) } else { Err(missing_key()) }
}

pub(crate) fn missing_key() -> ApiError {
    ApiError::unauthorized("missing_key", "Send an API key in the header Authorization, as: Bearer nga-…-g1-…")
}

/// An operator key names no account where it takes one.
pub(crate) fn account_header_missing() -> ApiError {
    let msg = format!("An operator key acts in any account: name one by id or name in the header {ACCOUNT_HEADER}.");
    ApiError::bad_request("account_header_missing", msg)
}

/// The text of a [`BadToken`] says what is wrong with the form and holds nothing of the key.
fn malformed(error: BadToken) -> ApiError {
    ApiError::unauthorized("malformed_key", format!("The key in the header Authorization is not usable: {error}."))
}

fn unknown() -> ApiError {
    ApiError::unauthorized("unknown_key", "This key is not known here: it was deleted, or is of another gateway.")
}

/// Said only to who has the secret.
fn check_time(now: Timestamp, expires_at: Option<Timestamp>) -> Result<(), ApiError> {
    match expires_at.filter(|end| *end <= now) {
        None => Ok(()),
        Some(end) => Err(ApiError::unauthorized("expired_key", format!("This key expired at {end}: ask for a new one."))),
    }
}

async fn api_key(app: &App, token: &Token<'_, ApiKeyId>, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let key = app.deps.store.api_key(token.id).await?.filter(|key| key.deleted_at.is_none()).ok_or_else(unknown)?;
    check_secret(app, token, &key.secret_hash).await?;
    check_time(app.now(), key.expires_at)?;
    if headers.contains_key(ACCOUNT_HEADER) {
        let msg = format!("The header {ACCOUNT_HEADER} is for operator keys; an API key always acts in its own account.");
        return Err(ApiError::bad_request("account_header_not_allowed", msg));
    }
    let account = app.account(key.account_id).await?.ok_or_else(unknown)?;
    if account.suspended_at.is_some() {
        let msg = "This account is suspended: none of its keys is served until the operator ends that.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "account_suspended", msg));
    }
    app.seen.note(app, SeenKey::Api(key.id), key.last_used_at);
    Ok(Caller {
        account_id: Some(key.account_id),
        actor: key.id.to_string(),
        role: key.role,
        is_operator: false,
        address: None,
    })
}

async fn operator_key(
    app: &App,
    token: &Token<'_, OperatorKeyId>,
    headers: &HeaderMap,
    access: Access,
) -> Result<Caller, ApiError> {
    let key = app.deps.store.operator_key(token.id).await?.filter(|key| key.deleted_at.is_none()).ok_or_else(unknown)?;
    check_secret(app, token, &key.secret_hash).await?;
    check_time(app.now(), key.expires_at)?;
    app.seen.note(app, SeenKey::Operator(key.id), key.last_used_at);
    let account = if access == Access::Operator { None } else { named_account(app, headers).await? };
    Ok(Caller {
        account_id: account.map(|account| account.id),
        actor: key.id.to_string(),
        role: Role::Admin,
        is_operator: true,
        address: None,
    })
}

async fn named_account(app: &AppState, headers: &HeaderMap) -> Result<Option<Account>, ApiError> {
    let named =
        headers.get(ACCOUNT_HEADER).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
    let Some(named) = named else { return Ok(None) };
    let found = match named.parse::<AccountId>() {
        Ok(id) => Collection::<Account>::get(&*app.deps.store, id).await?,
        Err(_) => app.deps.store.account_by_name(named).await?,
    };
    found.map(Some).ok_or_else(|| {
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
