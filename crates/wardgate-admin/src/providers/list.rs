//! `GET /providers`: newest first.

use super::{PATH, ProviderBody};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::page::{Parameters, next_page_uri};
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use wardgate_core::provider::CustomProvider;
use wardgate_store::Listed;
use wardgate_store::kinds::CustomProviderFilter;

/// A page of custom providers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProvidersBody {
    #[serde(rename = "aiGatewayProviders")]
    items: Vec<ProviderBody>,
    uri: String,
    next_page_uri: Option<String>,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    mut parameters: Parameters,
) -> Result<Json<ProvidersBody>, ApiError> {
    let page = parameters.page()?;
    parameters.finish()?;
    let listed: Listed<CustomProvider> =
        app.deps.store.tenant(caller.account_id).list(&CustomProviderFilter::default(), page).await?;
    let last = listed.items.last().map(|provider| provider.id);
    Ok(Json(ProvidersBody {
        uri: app.uri(PATH),
        next_page_uri: next_page_uri(&app, PATH, "", last, listed.has_more, page.limit),
        items: listed.items.into_iter().map(|provider| ProviderBody::new(&app, provider)).collect(),
    }))
}
