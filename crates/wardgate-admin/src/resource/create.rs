//! `POST` on a collection: makes an object.

use super::{Create, answer, show_one};
use crate::body::{JsonObject, Problems};
use crate::context::Context;
use crate::error::ApiError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use wardgate_store::Kind;

pub(crate) async fn handle<R: Create>(context: Context, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<R::Body>(&mut problems);
    let made = R::make(&context, problems.settle(read)?).await?;
    let (id, version) = (made.object.id(), made.object.stamp().version);
    let mut shown = show_one::<R>(&context, made.object.clone()).await?;
    let audit = context.audit(R::owner(&context), format!("{}.create", R::ACTION), id, None, Some(&shown));
    R::collection(&context)?.create(&made.object, &audit).await.map_err(|error| R::CODES.error(error))?;
    if let Some(token) = &made.token {
        R::reveal(&mut shown, token);
    }
    let mut response = answer(StatusCode::CREATED, version, &shown);
    if let Ok(location) = HeaderValue::from_str(&context.app.item_uri(R::PATH, id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
