//! `POST /credits`: the operator adds to an account's balance.

use super::TAG;
use super::transactions::{TransactionBody, of_cents};
use crate::body::{Integer, JsonObject, OneOf, Optional, Problems, Required, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::route::{Access, Route};
use crate::values;
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use wardgate_core::credit::{Credit, CreditCategory};
use wardgate_core::id::CreditId;
use wardgate_core::time::Timestamp;

/// The most that is added at once: ten million dollars.
const AMOUNT: Integer = Integer { min: 1, max: 1_000_000_000 };

fn category() -> OneOf<CreditCategory> {
    OneOf::new(CreditCategory::ALL.map(|category| (category.name(), category)), "unknown_category")
}

body! {
    /// What is added to a balance.
    CreditCreate {
        /// How much, in US cents.
        amount_cents: u64 = Required(AMOUNT),
        /// Whether it was paid for or is given.
        category: CreditCategory = Required(category()),
        /// From when on what is left of it is void; without it, never.
        expires_at: Option<Timestamp> = Optional(values::time()),
        /// Why, for people.
        note: Option<String> = Optional(Text::max(255)),
    }
    example {"amountCents": 5_000, "category": "promotional", "note": "welcome"}
}

pub(super) fn route() -> Route {
    Route::post("/credits", Access::OperatorInAccount, handle)
        .named("addCredits", TAG, "Adds to the balance of an account.")
        .body::<CreditCreate>()
        .answers::<TransactionBody>(201)
}

async fn handle(context: Context, body: JsonObject) -> Result<impl IntoResponse, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<CreditCreate>(&mut problems);
    if let Some(wanted) = &read {
        values::check_future("expiresAt", wanted.expires_at, context.now(), &mut problems);
    }
    let wanted = problems.settle(read)?;
    let credit = Credit {
        id: CreditId::new(context.now(), context.random()),
        account_id: context.account_id()?,
        amount: of_cents(wanted.amount_cents),
        category: wanted.category,
        note: wanted.note,
        expires_at: wanted.expires_at,
        created_at: context.now(),
        created_by: context.caller.actor.clone(),
    };
    let shown = TransactionBody::new(&context, credit.clone());
    let audit = context.audit(context.caller.account_id, "credits.add", credit.id, None, Some(&shown));
    context.tenant()?.add_credit(&credit, &audit).await?;
    Ok((StatusCode::CREATED, Json(shown)))
}
