//! `GET` on a collection: a page, newest first.

use super::Resource;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::Parameters;
use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use wardgate_store::{Collection, Kind, Listed};

pub(crate) async fn handle<R: Resource>(context: Context, mut parameters: Parameters) -> Result<Response, ApiError> {
    let page = parameters.page()?;
    let filter = R::filter(&context, &mut parameters)?;
    let filters = parameters.finish()?;
    let listed: Listed<R::Object> = Collection::list(&*R::collection(&context)?, &filter, page).await?;
    let last = listed.items.last().filter(|_| listed.has_more).map(Kind::id);
    let uri = context.app.uri(R::PATH);
    let next = last.map(|last| format!("{uri}?{filters}beforeId={last}&limit={}", page.limit));
    let shown = R::show(&context, listed.items).await?;
    Ok(envelope(R::ENVELOPE, &shown, uri, next)?.into_response())
}

/// A page as all lists show it.
pub(crate) fn envelope(
    name: &str,
    items: &impl serde::Serialize,
    uri: String,
    next_page_uri: Option<String>,
) -> Result<Json<Value>, ApiError> {
    let items = serde_json::to_value(items).map_err(|error| ApiError::internal(&error))?;
    let mut page = Map::new();
    page.insert(name.to_owned(), items);
    page.insert("uri".to_owned(), Value::String(uri));
    page.insert("nextPageUri".to_owned(), next_page_uri.map_or(Value::Null, Value::String));
    Ok(Json(Value::Object(page)))
}
