//! `DELETE /accounts/{id}?confirm=<name>`: deletes an account and everything of it but its usage and audit log. Since so much
//! goes with it, the request names the account twice.

use super::Accounts;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{Param, Parameters, bad_parameter, text_schema};
use crate::path::PathId;
use crate::resource;
use crate::route::{Access, Route};
use axum::http::StatusCode;
use wardgate_core::id::AccountId;

static CONFIRM: Param = Param::required("confirm", "The account's name.", text_schema);

pub(super) fn route() -> Route {
    let summary = "Deletes an account and everything of it but its usage and audit log.";
    Route::delete(resource::item::<Accounts>(), Access::Operator, handle)
        .path_id::<AccountId>()
        .named("deleteAccount", "Accounts", summary)
        .parameters([&CONFIRM])
        .answers_nothing()
        .versioned()
}

async fn handle(context: Context, PathId(id): PathId<AccountId>, mut parameters: Parameters) -> Result<StatusCode, ApiError> {
    let confirmed = parameters.text(&CONFIRM)?;
    parameters.finish()?;
    let account = resource::found::<Accounts>(&context, id).await?;
    if confirmed.as_deref() != Some(account.name.as_str()) {
        let why = "must be the account's name: it is deleted with all its keys, providers and credits";
        return Err(bad_parameter("not_confirmed", CONFIRM.name, why));
    }
    resource::delete::delete::<Accounts>(&context, id).await
}
