//! `GET /account`: the account that the request is about, for those whose key is of one account. It tells whoever holds a key
//! where it acts.

use super::{AccountBody, Accounts};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource;
use crate::route::{Access, Route};
use axum::http::StatusCode;
use axum::response::Response;
use wardgate_core::api_key::Role;

pub(super) fn route() -> Route {
    Route::get("/account", Access::Account(Role::Viewer), handle)
        .named("getOwnAccount", "Accounts", "Shows the account that the key acts in.")
        .answers::<AccountBody>(200)
}

async fn handle(context: Context) -> Result<Response, ApiError> {
    let account = resource::found::<Accounts>(&context, context.account_id()?).await?;
    let version = account.stamp.version;
    Ok(resource::answer(StatusCode::OK, version, &resource::show_one::<Accounts>(&context, account).await?))
}
