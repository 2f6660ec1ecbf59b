//! `GET /accounts/{id}/managed-keys`: the operator's own keys that an account may use, on one page. There are few.

use super::Accounts;
use crate::context::Context;
use crate::error::ApiError;
use crate::managed_keys::{ManagedKeyBody, ManagedKeys};
use crate::page::Parameters;
use crate::path::PathId;
use crate::resource::list::envelope;
use crate::resource::{self, Resource as _};
use crate::route::{Access, Route};
use axum::response::IntoResponse;
use wardgate_core::id::AccountId;
use wardgate_core::provider_key::ManagedKey;
use wardgate_store::Collection;

pub(super) fn route() -> Route {
    Route::get(format!("{}/managed-keys", resource::item::<Accounts>()), Access::Operator, handle)
        .named("listAccountManagedKeys", ManagedKeys::TAG, "Lists the managed keys that an account may use, on one page.")
        .path_id::<AccountId>()
        .answers_page::<ManagedKeyBody>(ManagedKeys::ENVELOPE)
}

async fn handle(
    context: Context,
    PathId(id): PathId<AccountId>,
    parameters: Parameters,
) -> Result<impl IntoResponse, ApiError> {
    parameters.finish()?;
    resource::found::<Accounts>(&context, id).await?;
    let mut keys = Vec::new();
    for key in context.store().granted_keys(id).await? {
        // One that was deleted meanwhile is granted no more.
        let key: Option<ManagedKey> = Collection::get(context.store(), key).await?;
        keys.extend(key);
    }
    let shown = ManagedKeys::show(&context, keys).await?;
    let uri = format!("{}/managed-keys", context.app.item_uri(Accounts::PATH, id));
    envelope(ManagedKeys::ENVELOPE, &shown, uri, None)
}
