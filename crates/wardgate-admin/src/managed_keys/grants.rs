//! `/managed-keys/{id}/grants`: which accounts may use a key.

use super::ManagedKeys;
use crate::accounts::Accounts;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{LIMIT, Param, Parameters, id_schema};
use crate::path::{PathId, PathIds};
use crate::reference::{Reference, references};
use crate::resource::list::envelope;
use crate::resource::{self, Resource as _};
use crate::route::{Access, Route};
use crate::schema;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::id::{AccountId, ManagedKeyId};

const ENVELOPE: &str = "grants";

static AFTER_ID: Param = Param::optional("afterId", "Only accounts with a later id than this one.", id_schema::<AccountId>);

pub(super) fn routes() -> Vec<Route> {
    let all = format!("{}/grants", resource::item::<ManagedKeys>());
    let one = format!("{all}/{{accountId}}");
    vec![
        Route::get(all, Access::Operator, list)
            .named("listManagedKeyGrants", ManagedKeys::TAG, "Lists the accounts that may use a managed key, by id.")
            .path_id::<ManagedKeyId>()
            .parameters([&AFTER_ID, &LIMIT])
            .answers_page::<GrantBody>(ENVELOPE),
        Route::put(one.clone(), Access::Operator, grant)
            .named("grantManagedKey", ManagedKeys::TAG, "Lets an account use a managed key.")
            .path_id::<ManagedKeyId>()
            .path_id::<AccountId>()
            .answers_nothing(),
        Route::delete(one, Access::Operator, revoke)
            .named("revokeManagedKeyGrant", ManagedKeys::TAG, "Ends that an account may use a managed key.")
            .path_id::<ManagedKeyId>()
            .path_id::<AccountId>()
            .answers_nothing(),
    ]
}

/// An account that may use a managed key.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ManagedKeyGrant")]
struct GrantBody {
    #[schemars(with = "schema::Id<ManagedKeyId>")]
    managed_key_id: ManagedKeyId,
    #[schemars(with = "schema::Id<AccountId>")]
    account_id: AccountId,
    /// The same account, with its name, where it is listed.
    account: Option<Reference>,
    uri: String,
}

impl GrantBody {
    fn new(context: &Context, managed_key_id: ManagedKeyId, account_id: AccountId) -> Self {
        let uri = format!("{}/grants/{account_id}", context.app.item_uri(ManagedKeys::PATH, managed_key_id));
        Self { managed_key_id, account_id, account: None, uri }
    }
}

async fn list(
    context: Context,
    PathId(id): PathId<ManagedKeyId>,
    mut parameters: Parameters,
) -> Result<impl IntoResponse, ApiError> {
    let (after, limit) = (parameters.parse::<AccountId>(&AFTER_ID)?, parameters.limit()?);
    parameters.finish()?;
    resource::found::<ManagedKeys>(&context, id).await?;
    let mut accounts = context.store().granted_accounts(id, after, limit + 1).await?;
    let has_more = accounts.len() > limit as usize;
    accounts.truncate(limit as usize);
    let uri = format!("{}/grants", context.app.item_uri(ManagedKeys::PATH, id));
    let last = accounts.last().filter(|_| has_more);
    let next = last.map(|last| format!("{uri}?afterId={last}&limit={limit}"));
    let known = references::<Accounts>(&context, accounts.iter().copied(), |account| Some(&account.name)).await?;
    let show = |account_id: AccountId| GrantBody {
        account: known.get(&account_id).cloned(),
        ..GrantBody::new(&context, id, account_id)
    };
    let shown: Vec<_> = accounts.into_iter().map(show).collect();
    envelope(ENVELOPE, &shown, uri, next)
}

async fn grant(context: Context, PathIds(id, account_id): PathIds<ManagedKeyId, AccountId>) -> Result<StatusCode, ApiError> {
    resource::found::<ManagedKeys>(&context, id).await?;
    context.app.account(account_id).await?.ok_or_else(|| ApiError::not_found("account"))?;
    let shown = GrantBody::new(&context, id, account_id);
    let audit = context.audit(None, "managed_key.grant", id, None, Some(&shown));
    context.store().grant(id, account_id, &audit).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(context: Context, PathIds(id, account_id): PathIds<ManagedKeyId, AccountId>) -> Result<StatusCode, ApiError> {
    let shown = GrantBody::new(&context, id, account_id);
    let audit = context.audit(None, "managed_key.revoke_grant", id, Some(&shown), None);
    if context.store().revoke_grant(id, account_id, &audit).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("grant"))
    }
}
