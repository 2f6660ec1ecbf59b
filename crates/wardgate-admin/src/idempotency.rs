//! `Idempotency-Key`: a `POST` that is sent again is answered as before, and not done again.
//!
//! The key belongs to one caller, account, method and path. The answer is kept for a day, sealed, since it may show a token
//! once. Whoever sends the same key with another body made a mistake and is told; whoever sends it while the first request
//! still runs is told to wait. An answer that the gateway failed to give (5xx) is not kept: the request may be sent again.

use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::body::json::read_bytes;
use crate::error::ApiError;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wardgate_keys::hash::digest_of_parts;
use wardgate_keys::seal::DataKey;
use wardgate_store::{Begun, IdempotencyKey};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer is one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The most characters of a key.
pub(crate) const KEY_LENGTH_MAX: usize = 255;

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3_600);

/// After which time a request that did not end counts as one that never was.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// The longest answer, in bytes. Answers to `POST` are single objects.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Runs a request, unless it has a key and ran before.
pub(crate) async fn run(app: App, caller: Caller, request: Request, next: Next) -> Result<Response, ApiError> {
    let Some(client_key) = client_key(request.headers())? else { return Ok(next.run(request).await) };
    let (parts, body) = request.into_parts();
    let body = read_bytes(body, app.deps.options.body_bytes_max).await?;
    let path = parts.uri.path_and_query().map_or("", |text| text.as_str());
    let named = [client_key.as_bytes(), caller.actor.as_bytes(), parts.method.as_str().as_bytes(), path.as_bytes()];
    let key = IdempotencyKey { account_id: caller.account_id, digest: digest_of_parts(&named) };
    let body_digest = digest_of_parts(&[&body]);
    let now = app.now();
    match app.deps.store.begin(key, body_digest, now, now.plus(ABANDONED_AFTER)).await? {
        Begun::Running => {
            let msg = "A request with this Idempotency-Key is being worked on at this moment. Send it again in a second.";
            Err(ApiError::new(StatusCode::CONFLICT, "request_in_progress", msg)
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")))
        }
        Begun::Done { body_digest: kept, .. } if kept != body_digest => {
            let msg = "This Idempotency-Key was sent before with another body. Use a new key for a new request.";
            Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reuse", msg))
        }
        Begun::Done { sealed_answer, .. } => replay(&app, key, &sealed_answer).await,
        Begun::New => {
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            keep(&app, key, response).await
        }
    }
}

/// The key that a client sent.
pub(crate) fn client_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let key = value.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_LENGTH_MAX {
        let msg = format!("The header Idempotency-Key must have 1 to {KEY_LENGTH_MAX} printable ASCII characters.");
        return Err(ApiError::bad_request("invalid_idempotency_key", msg));
    }
    Ok(Some(key.to_owned()))
}

async fn keep(app: &AppState, key: IdempotencyKey, response: Response) -> Result<Response, ApiError> {
    let (parts, body) = response.into_parts();
    if parts.status.is_server_error() {
        if let Err(error) = app.deps.store.abandon(key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a request's Idempotency-Key stays taken for a minute");
        }
        return Ok(Response::from_parts(parts, body));
    }
    let bytes = read_bytes(body, ANSWER_BYTES_MAX).await?;
    let header = |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
    let kept = Kept {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().filter_map(header).collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let answer = serde_json::to_vec(&kept).map_err(|error| ApiError::internal(&error))?;
    // The request has been done, so a failure from here on is not the client's to hear of.
    if let Err(error) = finish(app, key, &answer).await {
        tracing::warn!(?error, "an answer is not kept for its Idempotency-Key");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

async fn finish(app: &AppState, key: IdempotencyKey, answer: &[u8]) -> Result<(), ApiError> {
    let sealed = match data_key(app, key).await? {
        Some(data_key) => data_key.seal_answer(&key.digest, answer, &*app.deps.random),
        None => app.deps.master_key.seal_answer(&key.digest, answer, &*app.deps.random),
    };
    Ok(app.deps.store.finish(key, &sealed, app.now().plus(KEPT_FOR)).await?)
}

async fn replay(app: &AppState, key: IdempotencyKey, sealed: &[u8]) -> Result<Response, ApiError> {
    let opened = match data_key(app, key).await? {
        Some(data_key) => data_key.open_answer(&key.digest, sealed),
        None => app.deps.master_key.open_answer(&key.digest, sealed),
    };
    let answer = opened.map_err(|error| ApiError::internal(&error))?;
    let kept: Kept = serde_json::from_slice(&answer).map_err(|error| ApiError::internal(&error))?;
    let mut response = Body::from(kept.body).into_response();
    *response.status_mut() = StatusCode::from_u16(kept.status).map_err(|error| ApiError::internal(&error))?;
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(marked(response))
}

/// Marks an answer as one that was given before.
pub(crate) fn marked(mut response: Response) -> Response {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

async fn data_key(app: &AppState, key: IdempotencyKey) -> Result<Option<DataKey>, ApiError> {
    match key.account_id {
        Some(account_id) => app.data_key(account_id).await.map(Some),
        None => Ok(None),
    }
}
