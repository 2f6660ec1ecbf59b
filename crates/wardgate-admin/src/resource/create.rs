//! `POST` on a collection: makes an object.

use super::{Create, created, show_one};
use crate::body::{JsonObject, Problems};
use crate::context::Context;
use crate::error::ApiError;
use axum::response::Response;
use wardgate_store::Kind;

pub(crate) async fn handle<R: Create>(context: Context, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<R::Body>(&mut problems);
    let made = R::make(&context, problems.settle(read)?).await?;
    let id = made.object.id();
    let mut shown = show_one::<R>(&context, made.object.clone()).await?;
    let audit = context.audit(R::owner(&context), format!("{}.create", R::ACTION), id, None, Some(&shown));
    R::collection(&context)?.create(&made.object, &audit).await.map_err(|error| R::CODES.error(error))?;
    if let Some(token) = &made.token {
        R::reveal(&mut shown, token);
    }
    Ok(created::<R>(&context, &made.object, &shown))
}
