//! `GET /v1/credits`: what was added to the account's credits, and what they paid for. The difference is what is left.

use crate::body::ReplyBody;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::generation::dollars;
use crate::models::json;
use crate::phase::configure::Caller;
use http::Response;
use serde_json::json;

/// Answers the request, as OpenRouter does. What credits paid for is what the store has, which is a moment behind.
pub(crate) async fn tell(deps: &Deps, caller: &Caller) -> Result<Response<ReplyBody>, Failure> {
    let tenant = deps.tenants.store().tenant(caller.key.record.account_id);
    let standing = tenant.credit_standing(deps.clock.now()).await.map_err(|_| Failure::StoreAway)?;
    Ok(json(&json!({ "data": {
        "total_credits": dollars(Some(standing.balance + standing.spent)),
        "total_usage": dollars(Some(standing.spent)),
    }})))
}
