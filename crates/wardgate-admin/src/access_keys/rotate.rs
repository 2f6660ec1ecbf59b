//! `POST /access-keys/{id}/rotate`: a new token for the same key. The token before it may be served for a while.

use super::{AccessKeyBody, AccessKeys};
use crate::body::{JsonObject, Optional, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::path::PathId;
use crate::resource::{self, Create as _, Writes};
use crate::route::{Access, Route};
use crate::values::duration::GoDuration;
use axum::http::StatusCode;
use axum::response::Response;
use std::time::Duration;
use wardgate_core::access_key::{AccessKey, PreviousSecret};
use wardgate_core::api_key::Role;
use wardgate_core::id::AccessKeyId;

/// The longest time for which two tokens of a key are served.
const OVERLAP_MAX: Duration = Duration::from_secs(30 * 24 * 3_600);

body! {
    /// How an access key is rotated.
    AccessKeyRotation {
        /// For how long the present token is still served, at most 720h; without it, not at all. A token that was replaced before
        /// that ends at once.
        overlap: Option<Duration> = Optional(GoDuration { min: Duration::ZERO, max: OVERLAP_MAX }),
    }
    example {"overlap": "24h"}
}

pub(super) fn route() -> Route {
    let summary = "Gives an access key a new token, which is shown this once.";
    Route::post(format!("{}/rotate", resource::item::<AccessKeys>()), Access::Account(Role::Editor), handle)
        .path_id::<AccessKeyId>()
        .named("rotateAccessKey", "Access keys", summary)
        .body::<AccessKeyRotation>()
        .answers::<AccessKeyBody>(200)
        .versioned()
}

async fn handle(context: Context, PathId(id): PathId<AccessKeyId>, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<AccessKeyRotation>(&mut problems);
    let overlap = problems.settle(read)?.overlap.unwrap_or_default();
    // Nothing is hashed for a key that is not there.
    resource::found::<AccessKeys>(&context, id).await?;
    let minted = context.app.mint(id).await?;
    let valid_until = context.now().plus(overlap);
    let apply = |key: &mut AccessKey, _: &mut Problems| {
        let hash = std::mem::replace(&mut key.secret_hash, minted.secret_hash.clone());
        key.previous_secret = (!overlap.is_zero()).then_some(PreviousSecret { hash, valid_until });
        key.redacted.clone_from(&minted.redacted);
    };
    let (key, mut shown) = resource::change::<AccessKeys>(&context, id, "rotate", Writes::Always, apply).await?;
    AccessKeys::reveal(&mut shown, &minted.token);
    Ok(resource::answer(StatusCode::OK, key.stamp.version, &shown))
}
