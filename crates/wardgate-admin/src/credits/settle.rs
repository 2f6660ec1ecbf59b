//! `POST /credits/purchases/{id}/approve` and `…/decline`: the operator decides.

use super::TAG;
use super::purchases::{PurchaseBody, Purchases};
use super::transactions::of_cents;
use crate::body::{JsonObject, Optional, Problems, Text, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::etag;
use crate::path::PathId;
use crate::resource::{self, show_one};
use crate::route::{Access, Route};
use axum::http::StatusCode;
use axum::response::Response;
use wardgate_core::credit::{Credit, CreditCategory, Purchase, PurchaseStatus};
use wardgate_core::id::{CreditId, PurchaseId};
use wardgate_store::StoreError;

body! {
    /// An approval.
    PurchaseApproval {
        /// Why, for people; it stands beside the credits.
        note: Option<String> = Optional(Text::max(255)),
    }
    example {"note": "invoice 2026-117 is paid"}
}

body! {
    /// A refusal.
    PurchaseRefusal {
        /// Why, for the account.
        reason: Option<String> = Optional(Text::max(255)),
    }
    example {"reason": "the invoice was not paid"}
}

pub(super) fn routes() -> Vec<Route> {
    let item = resource::item::<Purchases>();
    vec![
        Route::post(format!("{item}/approve"), Access::OperatorInAccount, approve)
            .path_id::<PurchaseId>()
            .named("approvePurchase", TAG, "Adds the credits that an account asked for.")
            .body::<PurchaseApproval>()
            .answers::<PurchaseBody>(200)
            .versioned(),
        Route::post(format!("{item}/decline"), Access::OperatorInAccount, decline)
            .path_id::<PurchaseId>()
            .named("declinePurchase", TAG, "Declines what an account asked for.")
            .body::<PurchaseRefusal>()
            .answers::<PurchaseBody>(200)
            .versioned(),
    ]
}

async fn approve(context: Context, PathId(id): PathId<PurchaseId>, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<PurchaseApproval>(&mut problems);
    let note = problems.settle(read)?.note;
    let purchase = pending(&context, id).await?;
    let credit = Credit {
        id: CreditId::new(context.now(), context.random()),
        account_id: purchase.account_id,
        amount: of_cents(u64::from(purchase.amount_cents)),
        category: CreditCategory::Purchase,
        note,
        expires_at: Some(purchase.expires_at),
        created_at: context.now(),
        created_by: context.caller.actor.clone(),
    };
    let settled = Purchase { status: PurchaseStatus::Succeeded, ..purchase.clone() };
    settle(&context, purchase, settled, Some(&credit), "purchase.approve").await
}

async fn decline(context: Context, PathId(id): PathId<PurchaseId>, body: JsonObject) -> Result<Response, ApiError> {
    let mut problems = Problems::default();
    let read = body.read::<PurchaseRefusal>(&mut problems);
    let reason = problems.settle(read)?.reason;
    let purchase = pending(&context, id).await?;
    let settled = Purchase { status: PurchaseStatus::Failed, failure_message: reason, ..purchase.clone() };
    settle(&context, purchase, settled, None, "purchase.decline").await
}

/// The purchase with this id, if it is not decided yet.
async fn pending(context: &Context, id: PurchaseId) -> Result<Purchase, ApiError> {
    let purchase = resource::found::<Purchases>(context, id).await?;
    context.preconditions.check(purchase.stamp.version)?;
    if purchase.status == PurchaseStatus::Pending { Ok(purchase) } else { Err(decided()) }
}

fn decided() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "purchase_decided", "This purchase was approved or declined already.")
}

async fn settle(
    context: &Context,
    before: Purchase,
    mut settled: Purchase,
    credit: Option<&Credit>,
    action: &str,
) -> Result<Response, ApiError> {
    settled.stamp = settled.stamp.next(context.now(), &context.caller.actor);
    let before = show_one::<Purchases>(context, before).await?;
    let shown = show_one::<Purchases>(context, settled.clone()).await?;
    let audit = context.audit(context.caller.account_id, action, settled.id, Some(&before), Some(&shown));
    match context.tenant()?.settle_purchase(&settled, credit, &audit).await {
        Ok(()) => Ok(resource::answer(StatusCode::OK, settled.stamp.version, &shown)),
        // A purchase changes only by being decided.
        Err(StoreError::Changed { .. }) if context.preconditions.names_a_version() => Err(etag::changed()),
        Err(StoreError::Changed { .. }) => Err(decided()),
        Err(error) => Err(error.into()),
    }
}
