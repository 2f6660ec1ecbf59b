//! `GET /provider-keys`: newest first, of one provider or of all.

use super::{PATH, ProviderKeyBody};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::page::{Parameters, bad_parameter, next_page_uri};
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;
use wardgate_store::Listed;
use wardgate_store::kinds::ProviderKeyFilter;

/// A page of provider keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderKeysBody {
    #[serde(rename = "aiGatewayProviderKeys")]
    items: Vec<ProviderKeyBody>,
    uri: String,
    next_page_uri: Option<String>,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    mut parameters: Parameters,
) -> Result<Json<ProviderKeysBody>, ApiError> {
    let page = parameters.page()?;
    let provider = parameters.take("provider")?.map(|text| ProviderName::new(&text)).transpose();
    let provider = provider.map_err(|error| bad_parameter("bad_parameter", "provider", &error.to_string()))?;
    parameters.finish()?;
    let listed: Listed<ProviderKey> = app
        .deps
        .store
        .tenant(caller.account_id)
        .list(&ProviderKeyFilter { provider: provider.clone(), ..ProviderKeyFilter::default() }, page)
        .await?;
    let last = listed.items.last().map(|key| key.id);
    // The characters of a provider's name need no escape in a query.
    let filter = provider.map_or_else(String::new, |provider| format!("provider={provider}&"));
    Ok(Json(ProviderKeysBody {
        uri: app.uri(PATH),
        next_page_uri: next_page_uri(&app, PATH, &filter, last, listed.has_more, page.limit),
        items: listed.items.into_iter().map(|key| ProviderKeyBody::new(&app, key)).collect(),
    }))
}
