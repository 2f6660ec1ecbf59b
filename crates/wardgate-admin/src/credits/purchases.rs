//! `/credits/purchases`: an account asks for credits.

use super::TAG;
use crate::body::{Integer, JsonObject, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::idempotency::{self, client_key};
use crate::page::{Param, Parameters};
use crate::resource::{self, Handle, Resource, show_one};
use crate::route::{Access, Route};
use crate::schema;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use wardgate_core::api_key::Role;
use wardgate_core::credit::{Purchase, PurchaseStatus};
use wardgate_core::id::PurchaseId;
use wardgate_core::time::Timestamp;
use wardgate_store::kinds::PurchaseFilter;
use wardgate_store::{Collection, Listed, Page, StoreError};

/// How long credits last that were paid for.
const CREDITS_LAST: Duration = Duration::from_secs(365 * 24 * 3_600);

/// The most that is asked for at once: 500 dollars.
pub(super) const AMOUNT: Integer = Integer { min: 1, max: 50_000 };

body! {
    /// What an account asks for.
    PurchaseCreate {
        /// How much, in US cents.
        amount: u64 = Required(AMOUNT),
    }
    example {"amount": 2_500}
}

pub(super) fn routes() -> Vec<Route> {
    let summary = "Asks for credits, which the operator approves or declines. The Idempotency-Key is remembered for good.";
    vec![
        resource::list::<Purchases>(Access::Account(Role::Viewer)),
        Route::post(Purchases::PATH, Access::Account(Role::Admin), handle)
            .named("createPurchase", TAG, summary)
            .body::<PurchaseCreate>()
            .answers::<PurchaseBody>(201)
            .remembers_its_keys(),
        resource::get::<Purchases>(Access::Account(Role::Viewer)),
    ]
}

/// The resource.
pub(crate) struct Purchases;

/// A purchase as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Purchase")]
pub(crate) struct PurchaseBody {
    #[schemars(with = "schema::Id<PurchaseId>")]
    id: PurchaseId,
    uri: String,
    #[schemars(with = "schema::PurchaseStatusName")]
    status: &'static str,
    amount_cents: u32,
    currency: &'static str,
    #[schemars(with = "schema::Time")]
    created_at: Timestamp,
    /// From when on the credits are void.
    #[schemars(with = "schema::Time")]
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_message: Option<String>,
}

static STATUS: Param = Param::optional(
    "status",
    "Only purchases of this status.",
    || json!({"type": "string", "enum": PurchaseStatus::ALL.map(PurchaseStatus::name)}),
);

impl Resource for Purchases {
    type Object = Purchase;
    type Shown = PurchaseBody;
    const PATH: &'static str = "/credits/purchases";
    const ENVELOPE: &'static str = "purchases";
    const TITLE: &'static str = "Purchase";
    const TAG: &'static str = TAG;
    const ACTION: &'static str = "purchase";
    const FILTERS: &'static [&'static Param] = &[&STATUS];

    fn collection(context: &Context) -> Result<Handle<'_, Purchase>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<PurchaseFilter, ApiError> {
        let status = parameters.word(&STATUS, &PurchaseStatus::ALL.map(|status| (status.name(), status)))?;
        Ok(PurchaseFilter { status, idempotency_key: None })
    }

    async fn show(context: &Context, purchases: Vec<Purchase>) -> Result<Vec<PurchaseBody>, ApiError> {
        let show = |purchase: Purchase| PurchaseBody {
            id: purchase.id,
            uri: context.app.item_uri(Self::PATH, purchase.id),
            status: purchase.status.name(),
            amount_cents: purchase.amount_cents,
            currency: "usd",
            created_at: purchase.stamp.created_at,
            expires_at: purchase.expires_at,
            failure_code: (purchase.status == PurchaseStatus::Failed).then_some("declined"),
            failure_message: purchase.failure_message,
        };
        Ok(purchases.into_iter().map(show).collect())
    }
}

async fn handle(context: Context, headers: HeaderMap, body: JsonObject) -> Result<Response, ApiError> {
    let key = client_key(&headers)?;
    let mut problems = Problems::default();
    let read = body.read::<PurchaseCreate>(&mut problems);
    let amount_cents = cents(problems.settle(read)?.amount);
    let purchase = new_purchase(&context, amount_cents, key.clone())?;
    let shown = show_one::<Purchases>(&context, purchase.clone()).await?;
    let audit = context.audit(context.caller.account_id, "purchase.create", purchase.id, None, Some(&shown));
    // The store keeps keys unique, so that two requests at once make one purchase. Who has as many as may wait still learns of
    // the one that was made with this key.
    let made = context.tenant()?.create(&purchase, &audit).await;
    if let (Err(StoreError::Conflict { .. } | StoreError::Full { .. }), Some(key)) = (&made, &key)
        && let Some(before) = made_with(&context, key).await?
    {
        return again(&context, before, amount_cents).await;
    }
    made?;
    Ok(resource::created::<Purchases>(&context, &purchase, &shown))
}

/// A purchase that the operator has to decide.
pub(super) fn new_purchase(
    context: &Context,
    amount_cents: u32,
    idempotency_key: Option<String>,
) -> Result<Purchase, ApiError> {
    let now = context.now();
    Ok(Purchase {
        id: PurchaseId::new(now, context.random()),
        account_id: context.account_id()?,
        amount_cents,
        status: PurchaseStatus::Pending,
        failure_message: None,
        idempotency_key,
        expires_at: now.plus(CREDITS_LAST),
        stamp: context.first_stamp(),
    })
}

/// The purchase that was made with a key.
async fn made_with(context: &Context, key: &str) -> Result<Option<Purchase>, ApiError> {
    let filter = PurchaseFilter { idempotency_key: Some(key.to_owned()), status: None };
    let page = Page { limit: 1, ..Page::first() };
    let listed: Listed<Purchase> = Collection::list(&*context.tenant()?, &filter, page).await?;
    Ok(listed.items.into_iter().next())
}

/// The answer to a key that was sent before.
async fn again(context: &Context, before: Purchase, amount_cents: u32) -> Result<Response, ApiError> {
    if before.amount_cents != amount_cents {
        let msg = "This Idempotency-Key was sent before with another amount. Use a new key for a new purchase.";
        let error = ApiError::new(StatusCode::CONFLICT, "idempotency_key_reuse", msg);
        return Err(error.detail("purchase_id".to_owned(), before.id.to_string()));
    }
    let version = before.stamp.version;
    let shown = show_one::<Purchases>(context, before).await?;
    Ok(idempotency::marked(resource::answer(StatusCode::CREATED, version, &shown)))
}

pub(super) fn cents(amount: u64) -> u32 {
    u32::try_from(amount).unwrap_or(u32::MAX)
}
