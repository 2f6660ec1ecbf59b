//! `PATCH` on an item: changes it, on the version it is of at that moment.

use super::{Resource, Update, answer, found, show_one};
use crate::body::{JsonObject, Problems};
use crate::context::Context;
use crate::error::ApiError;
use crate::etag;
use crate::path::PathId;
use axum::http::StatusCode;
use axum::response::Response;
use wardgate_store::{Kind, StoreError};

/// How often a change is made anew because someone else made one in between.
const TRIES_MAX: usize = 5;

pub(crate) async fn handle<R: Update>(
    context: Context,
    PathId(id): PathId<<R::Object as Kind>::Id>,
    body: JsonObject,
) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<R::Body>(&mut problems);
    let wanted = problems.settle(read)?;
    R::check(&context, &wanted).await?;
    let apply = |object: &mut R::Object, problems: &mut Problems| R::apply(&context, object, &wanted, problems);
    let (object, shown) = change::<R>(&context, id, "update", Writes::WhatShows, apply).await?;
    Ok(answer(StatusCode::OK, object.stamp().version, &shown))
}

/// Which changes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// Those that make a difference to what the API shows.
    WhatShows,
    /// All: a secret does not show.
    Always,
}

/// Changes an object, as many times as it takes until nobody else changed it in between; once if the request names a version.
/// Gives the object as it is now.
pub(crate) async fn change<R: Resource>(
    context: &Context,
    id: <R::Object as Kind>::Id,
    action: &str,
    writes: Writes,
    apply: impl Fn(&mut R::Object, &mut Problems) + Send + Sync,
) -> Result<(R::Object, R::Shown), ApiError> {
    for _ in 0..TRIES_MAX {
        let mut object = found::<R>(context, id).await?;
        context.preconditions.check(object.stamp().version)?;
        let before = show_one::<R>(context, object.clone()).await?;
        let mut problems = Problems::default();
        apply(&mut object, &mut problems);
        problems.check()?;
        let unstamped = show_one::<R>(context, object.clone()).await?;
        let is_same = serde_json::to_vec(&before).ok() == serde_json::to_vec(&unstamped).ok();
        if is_same && writes == Writes::WhatShows {
            return Ok((object, before));
        }
        object.set_stamp(object.stamp().next(context.now(), &context.caller.actor));
        let after = show_one::<R>(context, object.clone()).await?;
        let action = format!("{}.{action}", R::ACTION);
        let audit = context.audit(R::owner(context), action, id, Some(&before), Some(&after));
        match R::collection(context)?.update(&object, &audit).await {
            Ok(()) => return Ok((object, after)),
            Err(StoreError::Changed { .. }) if context.preconditions.names_a_version() => return Err(etag::changed()),
            Err(StoreError::Changed { .. }) => {}
            Err(error) => return Err(R::CODES.error(error)),
        }
    }
    Err(StoreError::Changed { what: format!("the {}", R::Object::NAME) }.into())
}
