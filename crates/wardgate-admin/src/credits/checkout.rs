//! `POST /credits/checkout-session`: leads to the page where credits are paid for, if the operator has one.

use super::TAG;
use super::purchases::{Purchases, cents, new_purchase};
use crate::body::{Integer, JsonObject, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::show_one;
use crate::route::{Access, Route};
use crate::schema;
use axum::Json;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::api_key::Role;
use wardgate_core::id::PurchaseId;

body! {
    /// What is to be paid for.
    CheckoutSessionCreate {
        /// How much, in US cents.
        amount: u64 = Required(Integer { min: 1, max: 1_000_000_000 }),
    }
    example {"amount": 2_500}
}

/// Where to pay.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CheckoutSession")]
struct SessionBody {
    /// The id of the purchase that waits for the payment.
    #[schemars(with = "schema::Id<PurchaseId>")]
    session_id: PurchaseId,
    session_url: String,
}

pub(super) fn route() -> Route {
    Route::post("/credits/checkout-session", Access::Account(Role::Admin), handle)
        .named("createCheckoutSession", TAG, "Leads to the page where credits are paid for, if there is one.")
        .body::<CheckoutSessionCreate>()
        .answers::<SessionBody>(200)
        .may_be_missing()
}

async fn handle(context: Context, body: JsonObject) -> Result<Json<SessionBody>, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<CheckoutSessionCreate>(&mut problems);
    let amount = problems.settle(read)?.amount;
    let Some(checkout_url) = &context.app.deps.options.checkout_url else {
        let msg = "This gateway has no page where credits are paid for. Ask for them with POST /credits/purchases, \
                   which the operator approves.";
        let error = ApiError::new(StatusCode::NOT_IMPLEMENTED, "no_checkout", msg);
        return Err(error.known_as(Some("ERR_NGROK_27612")));
    };
    let purchase = new_purchase(&context, cents(amount), None)?;
    let shown = show_one::<Purchases>(&context, purchase.clone()).await?;
    let audit = context.audit(context.caller.account_id, "purchase.create", purchase.id, None, Some(&shown));
    context.tenant()?.create(&purchase, &audit).await?;
    let separator = if checkout_url.contains('?') { '&' } else { '?' };
    let session_url = format!(
        "{checkout_url}{separator}purchase={}&account={}&amount={}&currency=usd",
        purchase.id, purchase.account_id, purchase.amount_cents
    );
    Ok(Json(SessionBody { session_id: purchase.id, session_url }))
}
