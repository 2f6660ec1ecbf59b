//! `GET /access-keys`: newest first.

use super::{AccessKeyBody, PATH};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::page::{Parameters, next_page_uri};
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use wardgate_core::access_key::AccessKey;
use wardgate_store::Listed;
use wardgate_store::kinds::AccessKeyFilter;

/// A page of access keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessKeysBody {
    #[serde(rename = "aiGatewayAccessKeys")]
    items: Vec<AccessKeyBody>,
    uri: String,
    next_page_uri: Option<String>,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    mut parameters: Parameters,
) -> Result<Json<AccessKeysBody>, ApiError> {
    let page = parameters.page()?;
    parameters.finish()?;
    let listed: Listed<AccessKey> = app.deps.store.tenant(caller.account_id).list(&AccessKeyFilter::default(), page).await?;
    let last = listed.items.last().map(|key| key.id);
    Ok(Json(AccessKeysBody {
        uri: app.uri(PATH),
        next_page_uri: next_page_uri(&app, PATH, "", last, listed.has_more, page.limit),
        items: listed.items.into_iter().map(|key| AccessKeyBody::new(&app, key, None)).collect(),
    }))
}
