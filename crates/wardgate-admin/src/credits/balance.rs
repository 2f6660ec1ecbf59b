//! `GET /credits/balance`.

use super::TAG;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::Parameters;
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::api_key::Role;
use wardgate_store::CreditStanding;

/// Billionths of a dollar in a cent.
const NANO_USD_PER_CENT: i64 = 10_000_000;

/// What an account has left.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CreditBalance")]
struct BalanceBody {
    /// In whole US cents, rounded down.
    balance_cents: i64,
    /// In dollars.
    #[schemars(with = "schema::Dollars")]
    balance: String,
    /// What they paid for, in dollars.
    #[schemars(with = "schema::Dollars")]
    spent: String,
}

pub(super) fn route() -> Route {
    Route::get("/credits/balance", Access::Account(Role::Viewer), handle)
        .named("getCreditBalance", TAG, "Shows what an account has left.")
        .answers::<BalanceBody>(200)
}

async fn handle(context: Context, parameters: Parameters) -> Result<Json<BalanceBody>, ApiError> {
    parameters.finish()?;
    let CreditStanding { balance, spent } = context.tenant()?.credit_standing(context.now()).await?;
    let balance_cents = balance.nano_usd().div_euclid(NANO_USD_PER_CENT);
    Ok(Json(BalanceBody { balance_cents, balance: balance.to_usd_5(), spent: spent.to_usd_5() }))
}
